using System.Globalization;
using Metrics.Access;
using Metrics.Configuration;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;

namespace Metrics.Api.Export;

/// <summary>Samples of a time as a file, Parquet or CSV.</summary>
internal static class ExportEndpoints
{
    /// <summary>Header of the answer: how many samples the file has.</summary>
    public const string Count = "X-Metricsd-Samples";

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
        string? Given(string key) => query[key].FirstOrDefault();
        if (!ExportForms.TryParse(Given("format"), out ExportForm form))
            return Wrong($"format is '{Given("format")}'; it must be parquet or csv");
        if (ExportOrder.Read(form, Given("from"), Given("to"), Given("metric"), time.GetUtcNow(), out string? error) is not { } order)
            return Wrong(error!);
        // Each sorts all that it writes, beside everything else that the machine has to do.
        if (!turn.Wait(0, CancellationToken.None))
            return Later(context, "an export is being made already; one is made at a time");
        string folder = Path.Combine(options.Path, "tmp");
        string file = Path.GetFullPath(Path.Combine(folder, $"export-{Guid.NewGuid():N}.{form.Name()}"));
        try
        {
            Directory.CreateDirectory(folder);
            CancellationToken gone = context.RequestAborted;
            long rows = await Task.Run(() => duck.Export(file, order, gone), gone);
            context.Response.Headers[Count] = rows.ToString(CultureInfo.InvariantCulture);
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
        return Results.Stream(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Delete, 1 << 16, Options), form.MediaType());
    }

    private static IResult Wrong(string error) => Results.Text(error + "\n", statusCode: StatusCodes.Status400BadRequest);

    private static IResult Later(HttpContext context, string reason)
    {
        context.Response.Headers.RetryAfter = "10";
        return Results.Text(reason + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
