using System.Text.Json;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Telemetry;

namespace Metrics.Api.Alertmanager;

/// <summary>
/// Alertmanager's API, version 2: alerts in and out, groups, receivers, silences; Prometheus, <c>amtool</c>, Grafana and karma speak it.
/// </summary>
/// <remarks>https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml</remarks>
internal static class AlertmanagerApi
{
    private const int MaxSilence = 1 << 20;
    private const int MaxAlerts = 16 << 20;

    public static void MapAlertmanagerApi(this WebApplication app)
    {
        app.MapGet("/api/v2/status", (AlertEndpoints alerts) => Results.Json(alerts.Status())).For(Role.Viewer);
        app.MapGet("/api/v2/receivers", (AlertEndpoints alerts) => Results.Json(alerts.Receivers())).For(Role.Viewer);
        app.MapGet("/api/v2/alerts", (HttpContext c, AlertEndpoints a) => Try(() => a.Alerts(c.Request.Query))).For(Role.Viewer);
        app.MapGet("/api/v2/alerts/groups", (HttpContext c, AlertEndpoints a) => Try(() => a.Groups(c.Request.Query))).For(Role.Viewer);
        app.MapPost("/api/v2/alerts", PostAlertsAsync).TakesJson().For(Role.Ingest);
        app.MapGet("/api/v2/silences", (HttpContext c, SilenceEndpoints s) => Try(() => s.List(c.Request.Query["filter"])))
            .For(Role.Viewer);
        app.MapPost("/api/v2/silences", PostSilenceAsync).TakesJson().For(Role.Operator);
        app.MapGet("/api/v2/silence/{id}", Find).For(Role.Viewer);
        app.MapDelete("/api/v2/silence/{id}", ExpireAsync).For(Role.Operator);
    }

    private static Task<IResult> PostAlertsAsync(HttpContext context, PostAlertsHandler alerts, MemoryBudget memory) =>
        WithBodyAsync(context, MaxAlerts, memory.Bodies, async body =>
        {
            string? fault = await alerts.PutAsync(body, Caller.AccountOf(context), context.RequestAborted);
            return fault is null ? Results.Ok() : Results.Json(fault, statusCode: 400);
        });

    private static Task<IResult> PostSilenceAsync(HttpContext context, SilenceEndpoints silences) =>
        WithBodyAsync(
            context, MaxSilence, null, body => TryAsync(async () => new { silenceID = await silences.PutAsync(body, context) }));

    private static IResult Find(string id, SilenceEndpoints silences) =>
        silences.Find(id) is { } silence ? Results.Json(silence) : Results.NotFound();

    private static async Task<IResult> ExpireAsync(string id, HttpContext context, Silences silences) =>
        await silences.ExpireAsync(id, Caller.NameOf(context))
        ? Results.Ok()
        : Results.Json($"there is no silence {id} that has not ended", statusCode: 404);

    private static async Task<IResult> WithBodyAsync(
        HttpContext context, int maxBytes, MemoryShare? share, Func<JsonElement, Task<IResult>> answer)
    {
        try
        {
            using JsonDocument? body = await JsonBody.ReadAsync(context, maxBytes, share);
            return body is null
                ? Results.Json($"a request has at most {maxBytes} bytes, and says how many", statusCode: 413)
                : await answer(body.RootElement);
        }
        catch (JsonException e)
        {
            return Results.Json(new { code = 400, message = $"the body is no JSON: {e.Message}" }, statusCode: 400);
        }
    }

    private static IResult Try(Func<object> answer) => TryAsync(() => Task.FromResult(answer())).GetAwaiter().GetResult();

    private static async Task<IResult> TryAsync<T>(Func<Task<T>> answer)
    {
        try
        {
            return Results.Json(await answer());
        }
        catch (FormatException e)
        {
            return Results.Json(e.Message, statusCode: 400);
        }
    }
}
