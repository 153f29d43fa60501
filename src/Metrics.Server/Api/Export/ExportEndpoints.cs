using Metrics.Access;
using Metrics.Configuration;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;

namespace Metrics.Api.Export;

/// <summary>All samples of a time as a Parquet file.</summary>
internal static class ExportEndpoints
{
    public static void MapExport(this WebApplication app)
    {
        var turn = new SemaphoreSlim(1, 1);
        app.MapGet("/export", (HttpContext context, ISampleStore store, StorageOptions options, TimeProvider time) =>
            ExportAsync(context, store, options, time, turn)).For(Role.Admin);
    }

    private static async Task<IResult> ExportAsync(
        HttpContext context, ISampleStore store, StorageOptions options, TimeProvider time, SemaphoreSlim turn)
    {
        if (store is not DuckDbStore duck)
            return Results.Text($"samples are in {store.Description}; export them there\n", statusCode: StatusCodes.Status409Conflict);
        IQueryCollection query = context.Request.Query;
        if (!ExportRange.TryParse(query["from"], query["to"], time.GetUtcNow(), out ExportRange range, out string? error))
            return Results.Text(error + "\n", statusCode: StatusCodes.Status400BadRequest);
        // Each sorts all that it writes, beside everything else that the machine has to do.
        if (!turn.Wait(0, CancellationToken.None))
            return Later(context, "an export is being made already; one is made at a time");
        string folder = Path.Combine(options.Path, "tmp");
        string file = Path.GetFullPath(Path.Combine(folder, $"export-{Guid.NewGuid():N}.parquet"));
        try
        {
            Directory.CreateDirectory(folder);
            string? metric = query["metric"].FirstOrDefault();
            await Task.Run(() => duck.ExportParquet(file, range.From, range.To, metric, context.RequestAborted), context.RequestAborted);
        }
        catch (Exception e) when (e is OperationCanceledException or StoreException)
        {
            File.Delete(file);
            if (e is OperationCanceledException)
                throw;
            return Later(context, e.Message);
        }
        finally
        {
            turn.Release();
        }
        const FileOptions Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous;
        return Results.Stream(
            new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Delete, 1 << 16, Options), "application/vnd.apache.parquet");
    }

    private static IResult Later(HttpContext context, string reason)
    {
        context.Response.Headers.RetryAfter = "10";
        return Results.Text(reason + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
