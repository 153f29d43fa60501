using Metrics.Access;
using Metrics.Configuration;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;

namespace Metrics.Api.Export;

/// <summary>All samples of a time as a Parquet file.</summary>
internal static class ExportEndpoints
{
    public static void MapExport(this WebApplication app) => app.MapGet("/export", ExportAsync).For(Role.Admin);

    private static async Task<IResult> ExportAsync(HttpContext context, ISampleStore store, StorageOptions options, TimeProvider time)
    {
        if (store is not DuckDbStore duck)
            return Results.Text($"samples are in {store.Description}; export them there\n", statusCode: StatusCodes.Status409Conflict);
        IQueryCollection query = context.Request.Query;
        if (!ExportRange.TryParse(query["from"], query["to"], time.GetUtcNow(), out ExportRange range, out string? error))
            return Results.Text(error + "\n", statusCode: StatusCodes.Status400BadRequest);
        string folder = Path.Combine(options.Path, "tmp");
        Directory.CreateDirectory(folder);
        string file = Path.GetFullPath(Path.Combine(folder, $"export-{Guid.NewGuid():N}.parquet"));
        try
        {
            await Task.Run(() => duck.ExportParquet(file, range.From, range.To, query["metric"].FirstOrDefault()), context.RequestAborted);
        }
        catch (StoreException e)
        {
            context.Response.Headers.RetryAfter = "10";
            return Results.Text(e.Message + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        const FileOptions Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous;
        return Results.Stream(
            new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Delete, 1 << 16, Options), "application/vnd.apache.parquet");
    }
}
