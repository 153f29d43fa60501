using System.Globalization;
using System.IO.Pipelines;
using Metrics.Api.Alertmanager;
using Metrics.Api.Alerts;
using Metrics.Api.Prometheus;
using Metrics.Formats.LineProtocol;
using Metrics.Query;
using Metrics.Inputs.Push;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;
using Metrics.Telemetry;

namespace Metrics.Api;

/// <summary>What the daemon answers over HTTP, apart from pages.</summary>
internal static class Endpoints
{
    public static void MapApi(this WebApplication app)
    {
        app.MapGet("/-/healthy", () => "metricsd is healthy.\n");
        app.MapGet("/-/ready", () => "metricsd is ready.\n");
        app.MapGet("/metrics", WriteMetricsAsync);
        app.MapGet("/federate", WriteFederationAsync);
        app.MapPost("/write", (HttpContext c, LineProtocolInput r, SelfMetrics m) => ReceiveAsync(c, r, m, "/write"));
        app.MapPost("/api/v2/write", (HttpContext c, LineProtocolInput r, SelfMetrics m) => ReceiveAsync(c, r, m, "/api/v2/write"));
        app.MapMethods("/ping", ["GET", "HEAD"], (HttpContext c) =>
        {
            c.Response.Headers["X-Influxdb-Version"] = $"1.8.0-metricsd-{VersionText.Product}";
            return Results.NoContent();
        });
        // Telegraf and other InfluxDB 1 clients create their database before they write; there is nothing to create here.
        app.MapMethods("/query", ["GET", "POST"], async (HttpContext c) =>
        {
            string? query = c.Request.HasFormContentType ? (await c.Request.ReadFormAsync())["q"] : c.Request.Query["q"];
            return query?.StartsWith("CREATE DATABASE", StringComparison.OrdinalIgnoreCase) == true
                ? Results.Text("{\"results\":[{\"statement_id\":0}]}\n", "application/json")
                : Results.Text("{\"error\":\"InfluxQL is not spoken here; only CREATE DATABASE is accepted, and does nothing\"}\n", "application/json", statusCode: 400);
        });
        app.MapGet("/export", ExportAsync);
        app.MapPrometheusApi();
        app.MapAlertmanagerApi();
        app.MapAlertApi();
    }

    private static async Task WriteMetricsAsync(HttpContext context, SelfMetrics metrics)
    {
        context.Response.ContentType = Federation.ContentType;
        using var page = new MemoryStream();
        await metrics.WriteAsync(page, context.RequestAborted);
        await context.Response.Body.WriteAsync(page.GetBuffer().AsMemory(0, (int)page.Length), context.RequestAborted);
    }

    private static async Task WriteFederationAsync(HttpContext context, Federation federation, SelfMetrics metrics)
    {
        bool parsed = Federation.TryReadSelectors(context.Request.Query["match[]"], out List<VectorSelector> selectors, out string? error);
        metrics.HttpRequests.WithLabels("/federate", parsed ? "200" : "400").Inc();
        if (!parsed)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(error + "\n");
            return;
        }
        context.Response.ContentType = Federation.ContentType;
        PipeWriter to = context.Response.BodyWriter;
        federation.Write(selectors, to);
        await to.FlushAsync(context.RequestAborted);
    }

    private static async Task ReceiveAsync(HttpContext context, LineProtocolInput receiver, SelfMetrics metrics, string endpoint)
    {
        LineProtocolInput.Answer answer;
        if (!PrecisionText.TryParse(context.Request.Query["precision"].FirstOrDefault(), out Precision precision))
        {
            answer = new LineProtocolInput.Answer(400, "invalid precision; use n, u, ms, s, m or h (version 2: ns, us, ms, s)");
        }
        else
        {
            string caller = Access.CallerOf(context);
            bool gzip = context.Request.Headers.ContentEncoding.ToString() == "gzip";
            answer = await receiver.ReceiveAsync(context.Request.Body, gzip, precision, $"push/{caller}", context.RequestAborted);
        }
        metrics.PushRequests.WithLabels(endpoint, answer.Status.ToString(CultureInfo.InvariantCulture)).Inc();
        context.Response.StatusCode = answer.Status;
        if (answer.Error is null)
            return;
        string error = answer.Error.ReplaceLineEndings(" ");
        context.Response.Headers["X-Influxdb-Error"] = new string([.. error.Where(c => c is >= ' ' and < (char)127).Take(500)]);
        object body = endpoint == "/write"
            ? new Dictionary<string, string> { ["error"] = error }
            : new Dictionary<string, string> { ["code"] = answer.Status == 413 ? "request too large" : answer.Status >= 500 ? "unavailable" : "invalid", ["message"] = error };
        await context.Response.WriteAsJsonAsync(body, context.RequestAborted);
    }

    private static async Task<IResult> ExportAsync(HttpContext context, ISampleStore store, StorageOptions options, TimeProvider time)
    {
        if (store is not DuckDbStore duck)
            return Results.Text($"samples are in {store.Description}; export them there\n", statusCode: StatusCodes.Status409Conflict);
        if (!ExportRange.TryParse(context.Request.Query["from"], context.Request.Query["to"], time.GetUtcNow(), out ExportRange range, out string? error))
            return Results.Text(error + "\n", statusCode: StatusCodes.Status400BadRequest);
        string folder = Path.Combine(options.Path, "tmp");
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, $"export-{Guid.NewGuid():N}.parquet");
        try
        {
            await Task.Run(() => duck.ExportParquet(Path.GetFullPath(file), range.From, range.To, context.Request.Query["metric"].FirstOrDefault()), context.RequestAborted);
        }
        catch (StoreException e)
        {
            return Results.Text(e.Message + "\n", statusCode: StatusCodes.Status500InternalServerError);
        }
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Delete, 1 << 16, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        return Results.Stream(stream, "application/vnd.apache.parquet");
    }
}
