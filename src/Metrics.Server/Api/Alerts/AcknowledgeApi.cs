using System.Text.Json;
using Metrics.Access;
using Metrics.Alerting;
using Metrics.Routing;

namespace Metrics.Api.Alerts;

/// <summary>Acknowledgement by those who need no signed link, since they are known: <c>metricsd ack</c>.</summary>
internal static class AcknowledgeApi
{
    private const int MaxBytes = 64 << 10;
    private const int MaxName = 100;
    private const int MaxComment = 10_000;

    public static void MapAcknowledgeApi(this WebApplication app) =>
        app.MapPost("/api/v1/acknowledge", AcknowledgeAsync).TakesJson().For(Role.Operator);

    private static async Task<IResult> AcknowledgeAsync(HttpContext context, ActiveAlerts alerts, Acknowledgements acknowledgements)
    {
        string asked, by, comment;
        try
        {
            using JsonDocument? body = await JsonBody.ReadAsync(context, MaxBytes);
            if (body is null)
                return Wrong($"a request has at most {MaxBytes} bytes, and says how many", StatusCodes.Status413PayloadTooLarge);
            (asked, by, comment) = (Text(body.RootElement, "alert"), Text(body.RootElement, "by"), Text(body.RootElement, "comment"));
        }
        catch (JsonException e)
        {
            return Wrong($"the body is no JSON: {e.Message}");
        }
        by = by.Length > 0 ? by : Caller.NameOf(context);
        if (by.Length > MaxName || comment.Length > MaxComment)
            return Wrong($"by has at most {MaxName} characters, comment {MaxComment}");
        if (asked.Length == 0)
            return Wrong($"alert is required: {AskedAlert.Expected}, or the id of one");
        List<ActiveAlert> open = [.. alerts.Open];
        List<ActiveAlert> found = [.. open.Where(a => a.Name == asked || a.ToRouted().Id.ToString() == asked)];
        if (found.Count == 0)
        {
            if (AskedAlert.Read(asked, out string? error) is not { } alert)
                return Wrong($"alert is '{asked}'; it must be {AskedAlert.Expected}, or the id of one{(error is null ? "" : $" ({error})")}");
            found = [.. open.Where(alert.Matches)];
        }
        if (found.Count == 0)
            return Wrong($"no alert fires now that is {asked}", StatusCodes.Status404NotFound);
        List<RoutedAlert> routed = [.. found.Select(a => a.ToRouted())];
        await acknowledgements.AcknowledgeAsync(routed, by, comment, Caller.NameOf(context));
        return Results.Json(new
        {
            status = "success",
            data = routed.Select(a => new
            {
                id = a.Id.ToString(),
                name = a.Alert.Labels.ToString(),
                labels = a.Alert.Labels.ToDictionary(l => l.Name, l => l.Value),
            }),
        });
    }

    /// <summary>A member that is a text; empty where there is none.</summary>
    private static string Text(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()!.Trim()
            : "";

    private static IResult Wrong(string error, int status = StatusCodes.Status400BadRequest) =>
        Results.Json(new { status = "error", errorType = status == 404 ? "not_found" : "bad_data", error }, statusCode: status);
}
