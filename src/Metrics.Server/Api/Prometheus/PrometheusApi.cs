using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Metrics.Access;
using Metrics.Query;

namespace Metrics.Api.Prometheus;

/// <summary>Prometheus's HTTP API v1, so that Grafana and everything else that speaks it works on us.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/api/</remarks>
internal static class PrometheusApi
{
    private static readonly JsonWriterOptions s_json =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly string[] s_getAndPost = ["GET", "POST"];

    /// <summary>What an answer says beside its data.</summary>
    internal sealed record Notes(IReadOnlyList<string> Warnings, IReadOnlyList<string> Infos)
    {
        public static readonly Notes None = new([], []);
    }

    /// <summary>Writes the data of an answer and says what goes with it.</summary>
    internal delegate Notes Answer(Utf8JsonWriter json);

    public static void MapPrometheusApi(this WebApplication app)
    {
        Map(app, "query", s_getAndPost, (QueryEndpoints e, ApiParameters p, HttpContext c) => e.InstantAsync(p, c.RequestAborted));
        Map(app, "query_range", s_getAndPost, (QueryEndpoints e, ApiParameters p, HttpContext c) => e.RangeAsync(p, c.RequestAborted));
        Map(app, "query_exemplars", s_getAndPost,
            (QueryEndpoints _, ApiParameters p, HttpContext _) => Task.FromResult(QueryEndpoints.Exemplars(p)));
        Map(app, "format_query", s_getAndPost,
            (QueryEndpoints _, ApiParameters p, HttpContext _) => Task.FromResult(QueryEndpoints.Format(p)));
        Map(app, "parse_query", s_getAndPost,
            (QueryEndpoints _, ApiParameters p, HttpContext _) => Task.FromResult(QueryEndpoints.Parse(p)));
        Map(app, "series", s_getAndPost, (SeriesEndpoints e, ApiParameters p, HttpContext c) => e.SeriesAsync(p, c.RequestAborted));
        Map(app, "labels", s_getAndPost, (SeriesEndpoints e, ApiParameters p, HttpContext c) => e.LabelNamesAsync(p, c.RequestAborted));
        Map(app, "label/{name}/values", ["GET"],
            (SeriesEndpoints e, ApiParameters p, HttpContext c) =>
            e.LabelValuesAsync((string)c.Request.RouteValues["name"]!, p, c.RequestAborted));
        Map(app, "metadata", ["GET"], (SeriesEndpoints e, ApiParameters p, HttpContext _) => Task.FromResult(e.Metadata(p)));
        Map(app, "rules", ["GET"], (StateEndpoints e, ApiParameters p, HttpContext _) => Task.FromResult(e.Rules(p)));
        Map(app, "alerts", ["GET"], (StateEndpoints e, ApiParameters _, HttpContext _) => Task.FromResult(e.Alerts()));
        Map(app, "targets", ["GET"], (StateEndpoints e, ApiParameters p, HttpContext _) => Task.FromResult(e.Targets(p)));
        Map(app, "status/buildinfo", ["GET"],
            (StateEndpoints _, ApiParameters _, HttpContext _) => Task.FromResult(StateEndpoints.BuildInfo()));
        Map(app, "status/runtimeinfo", ["GET"], (StateEndpoints e, ApiParameters _, HttpContext _) => Task.FromResult(e.RuntimeInfo()));
        Map(app, "status/tsdb", ["GET"], (StateEndpoints e, ApiParameters p, HttpContext _) => Task.FromResult(e.Tsdb(p)));
        app.Map("/api/v1/{**rest}", WriteNotFoundAsync).For(Role.Viewer);
    }

    private static Task WriteNotFoundAsync(HttpContext context) =>
        WriteErrorAsync(context, new ApiException("not_found", 404, $"{context.Request.Path} is not an endpoint of this API"));

    /// <summary>Maps an endpoint that reads.</summary>
    private static void Map<T>(WebApplication app, string path, string[] methods, Func<T, ApiParameters, HttpContext, Task<Answer>> answer)
        where T : notnull => app.MapMethods(
            $"/api/v1/{path}", methods, async (HttpContext context, T endpoints, TimeProvider time, HttpMetrics metrics) =>
    {
        try
        {
            await WriteAsync(context, await answer(endpoints, await ApiParameters.ReadAsync(context, time), context));
        }
        catch (ApiException e)
        {
            await WriteErrorAsync(context, e);
        }
        catch (QueryException e)
        {
            await WriteErrorAsync(context, ApiException.Of(e));
        }
        string status = context.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
        metrics.Requests.WithLabels($"/api/v1/{path}", status).Inc();
    }).For(Role.Viewer);

    private static async Task WriteAsync(HttpContext context, Answer answer)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, s_json);
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WritePropertyName("data");
        Notes notes = answer(json);
        WriteTexts(json, "warnings", notes.Warnings);
        WriteTexts(json, "infos", notes.Infos);
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    /// <summary>Answers with an error in Prometheus's envelope.</summary>
    internal static async Task WriteErrorAsync(HttpContext context, ApiException error)
    {
        context.Response.StatusCode = error.Status;
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, s_json);
        json.WriteStartObject();
        json.WriteString("status", "error");
        json.WriteString("errorType", error.Type);
        json.WriteString("error", error.Message);
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (string text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
