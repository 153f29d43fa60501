using Metrics.Access;
using Metrics.Inputs.Push;

namespace Metrics.Api.Push;

/// <summary>Where Promtail, Alloy and others that know Loki send lines of logs.</summary>
/// <remarks>https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs</remarks>
internal static class LokiEndpoints
{
    private const string Path = "/loki/api/v1/push";

    public static void MapLoki(this WebApplication app) => app.MapPost(Path, PushAsync).For(Role.Ingest);

    /// <summary>Answers as Loki: 204, or a line of text.</summary>
    private static async Task PushAsync(HttpContext context, LokiInput input, PushMetrics metrics)
    {
        EventPush.Answer answer = await input.ReceiveAsync(
            PushEndpoints.RequestOf(context), context.Request.HasJsonContentType(), context.RequestAborted);
        PushEndpoints.SetStatus(context, metrics, Path, answer.Status);
        if (answer.Error is not { } error)
            return;
        context.Response.ContentType = "text/plain; charset=utf-8";
        string kept = answer.Accepted > 0 ? $"; the other {answer.Accepted} lines are stored" : "";
        string refused = answer.Refused > 0 ? $"{answer.Refused} lines are refused: " : "";
        await context.Response.WriteAsync($"{refused}{error.ReplaceLineEndings(" ")}{kept}\n", context.RequestAborted);
    }
}
