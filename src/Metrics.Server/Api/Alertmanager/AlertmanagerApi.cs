using System.Text.Json;
using Metrics.Alerting;

namespace Metrics.Api.Alertmanager;

/// <summary>Alertmanager's API, version 2: alerts in and out, groups, receivers, silences; Prometheus, <c>amtool</c>, Grafana and karma speak it.</summary>
/// <remarks>https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml</remarks>
internal static class AlertmanagerApi
{
    private const long MaxSilence = 1 << 20;
    private const long MaxAlerts = 16 << 20;

    public static void MapAlertmanagerApi(this WebApplication app)
    {
        app.MapGet("/api/v2/status", (AlertEndpoints alerts) => Results.Json(alerts.Status()));
        app.MapGet("/api/v2/receivers", (AlertEndpoints alerts) => Results.Json(alerts.Receivers()));
        app.MapGet("/api/v2/alerts", (HttpContext c, AlertEndpoints alerts) => Try(() => Results.Json(alerts.Alerts(c.Request.Query))));
        app.MapGet("/api/v2/alerts/groups", (HttpContext c, AlertEndpoints alerts) => Try(() => Results.Json(alerts.Groups(c.Request.Query))));
        app.MapGet("/api/v2/silences", (HttpContext c, SilenceEndpoints silences) => Try(() => Results.Json(silences.List(c.Request.Query["filter"]))));
        app.MapPost("/api/v2/silences", (HttpContext c, SilenceEndpoints silences) =>
            WithBodyAsync(c, MaxSilence, body => Task.FromResult(Try(() => Results.Json(new { silenceID = silences.Put(body, c) })))));
        app.MapPost("/api/v2/alerts", (HttpContext c, PostAlertsHandler alerts) =>
            WithBodyAsync(c, MaxAlerts, async body => await alerts.PutAsync(body, c.RequestAborted) is { } fault ? Results.Json(fault, statusCode: 400) : Results.Ok()));
        app.MapGet("/api/v2/silence/{id}", (string id, SilenceEndpoints silences) => silences.Find(id) is { } silence ? Results.Json(silence) : Results.NotFound());
        app.MapDelete("/api/v2/silence/{id}", (string id, HttpContext c, Silences book) => book.Expire(id, Access.CallerOf(c)) ? Results.Ok() : Results.Json($"there is no silence {id} that has not ended", statusCode: 404));
    }

    private static async Task<IResult> WithBodyAsync(HttpContext context, long mostBytes, Func<JsonElement, Task<IResult>> answer)
    {
        if (context.Request.ContentLength is not { } length || length > mostBytes)
            return Results.Json($"a request has at most {mostBytes} bytes, and tells how many", statusCode: 413);
        try
        {
            using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            return await answer(body.RootElement);
        }
        catch (JsonException e)
        {
            return Results.Json(new { code = 400, message = $"the body is no JSON: {e.Message}" }, statusCode: 400);
        }
    }

    private static IResult Try(Func<IResult> answer)
    {
        try
        {
            return answer();
        }
        catch (FormatException e)
        {
            return Results.Json(e.Message, statusCode: 400);
        }
    }
}
