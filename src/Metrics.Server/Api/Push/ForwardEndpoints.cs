using Metrics.Access;
using Metrics.Inputs.Forward;
using Metrics.Inputs.Push;
using Metrics.Storage.Forwarding;

namespace Metrics.Api.Push;

/// <summary>Where nodes that have <c>forward</c> send their events, and say that they live.</summary>
internal static class ForwardEndpoints
{
    private const string Path = "/" + ForwardClient.Path;

    public static void MapForward(this WebApplication app) => app.MapPost(Path, PushAsync).For(Role.Ingest);

    /// <summary>Answers 200 and how far the node's events are here, or a line of text.</summary>
    private static async Task PushAsync(HttpContext context, ForwardInput input, PushMetrics metrics)
    {
        ForwardInput.Answer answer = await input.ReceiveAsync(PushEndpoints.RequestOf(context), context.RequestAborted);
        PushEndpoints.SetStatus(context, metrics, Path, answer.Status);
        if (answer.Taken is { } taken)
        {
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(taken.ToUtf8(), context.RequestAborted);
            return;
        }
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync($"{answer.Error?.ReplaceLineEndings(" ")}\n", context.RequestAborted);
    }
}
