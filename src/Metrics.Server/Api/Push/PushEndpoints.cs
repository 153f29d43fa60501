using System.Globalization;
using Metrics.Access;
using Metrics.Formats.LineProtocol;
using Metrics.Inputs.Push;
using Metrics.Telemetry;

namespace Metrics.Api.Push;

/// <summary>Line protocol, in the forms of InfluxDB 1 and 2, and what their clients ask before they write.</summary>
/// <remarks>https://docs.influxdata.com/influxdb/v1/tools/api/ and https://docs.influxdata.com/influxdb/v2/api/</remarks>
internal static class PushEndpoints
{
    private const string Version1 = "/write";
    private const string Version2 = "/api/v2/write";
    private const string NoInfluxQl = "{\"error\":\"InfluxQL is not spoken here; only CREATE DATABASE is accepted, and does nothing\"}\n";

    private static readonly string[] s_getAndHead = ["GET", "HEAD"];
    private static readonly string[] s_getAndPost = ["GET", "POST"];

    public static void MapPush(this WebApplication app)
    {
        app.MapPost(Version1, (HttpContext c, LineProtocolInput i, PushMetrics m) => WriteAsync(c, i, m, Version1)).For(Role.Ingest);
        app.MapPost(Version2, (HttpContext c, LineProtocolInput i, PushMetrics m) => WriteAsync(c, i, m, Version2)).For(Role.Ingest);
        app.MapMethods("/ping", s_getAndHead, Ping).Anyone();
        app.MapMethods("/query", s_getAndPost, (Delegate)QueryAsync).For(Role.Ingest);
    }

    private static IResult Ping(HttpContext context)
    {
        context.Response.Headers["X-Influxdb-Version"] = $"1.8.0-metricsd-{VersionText.Product}";
        return Results.NoContent();
    }

    /// <summary>Telegraf and other InfluxDB 1 clients create their database before they write; there is nothing to create here.</summary>
    private static async Task<IResult> QueryAsync(HttpContext context)
    {
        string? query = await RequestForm.ReadAsync(context) is { } form ? form["q"] : context.Request.Query["q"];
        return query?.StartsWith("CREATE DATABASE", StringComparison.OrdinalIgnoreCase) == true
            ? Results.Text("{\"results\":[{\"statement_id\":0}]}\n", "application/json")
            : Results.Text(NoInfluxQl, "application/json", statusCode: 400);
    }

    private static async Task WriteAsync(HttpContext context, LineProtocolInput input, PushMetrics metrics, string endpoint)
    {
        LineProtocolInput.Answer answer;
        string? names = context.Request.Query["names"];
        if (names is not (null or "" or "fields"))
        {
            answer = new LineProtocolInput.Answer(400, "invalid names; fields says that a field's key is the whole name of a metric");
        }
        else if (!PrecisionText.TryParse(context.Request.Query["precision"].FirstOrDefault(), out Precision precision))
        {
            answer = new LineProtocolInput.Answer(400, "invalid precision; use n, u, ms, s, m or h (version 2: ns, us, ms, s)");
        }
        else
        {
            answer = await input.ReceiveAsync(RequestOf(context), new LineForm(precision, names == "fields"), context.RequestAborted);
        }
        SetStatus(context, metrics, endpoint, answer.Status);
        if (answer.Error is null)
            return;
        string error = answer.Error.ReplaceLineEndings(" ");
        context.Response.Headers["X-Influxdb-Error"] = new string([.. error.Where(c => c is >= ' ' and < (char)127).Take(500)]);
        object body = endpoint == Version1
            ? new Dictionary<string, string> { ["error"] = error }
            : new Dictionary<string, string> { ["code"] = CodeOf(answer.Status), ["message"] = error };
        await context.Response.WriteAsJsonAsync(body, context.RequestAborted);
    }

    /// <summary>A push, and who sends it.</summary>
    internal static PushRequest RequestOf(HttpContext context) => new(
        context.Connection.RemoteIpAddress, context.Request.Body, context.Request.Headers.ContentEncoding.ToString(),
        $"push/{Caller.NameOf(context)}", Caller.AccountOf(context)?.Binding);

    /// <summary>Answers with a status, and counts it; who could not be served now shall wait a moment.</summary>
    internal static void SetStatus(HttpContext context, PushMetrics metrics, string endpoint, int status)
    {
        metrics.Requests.WithLabels(endpoint, status.ToString(CultureInfo.InvariantCulture)).Inc();
        context.Response.StatusCode = status;
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "1";
    }

    private static string CodeOf(int status) => status switch
    {
        413 => "request too large",
        429 => "too many requests",
        >= 500 => "unavailable",
        _ => "invalid",
    };
}
