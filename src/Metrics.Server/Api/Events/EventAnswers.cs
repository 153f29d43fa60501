using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Metrics.Api.Prometheus;
using Metrics.Storage;
using Metrics.Storage.State;

namespace Metrics.Api.Events;

/// <summary>The frame of an answer about events: what is wrong is said in Prometheus's envelope, and the request is counted.</summary>
internal static class EventAnswers
{
    /// <summary>How events are written as JSON: texts of others as they are.</summary>
    public static JsonWriterOptions Json { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true,
    };

    /// <summary>Answers a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="metrics">Count it.</param>
    /// <param name="path">Its route.</param>
    /// <param name="answer">Writes the answer.</param>
    public static async Task AnswerAsync(HttpContext context, HttpMetrics metrics, string path, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (ApiException e)
        {
            await PrometheusApi.WriteErrorAsync(context, e);
        }
        catch (StoreException e) when (!context.Response.HasStarted)
        {
            if (e is StateUnavailableException)
                context.Response.Headers.RetryAfter = RetryLater.Seconds;
            var fault = new ApiException("unavailable", StatusCodes.Status503ServiceUnavailable, e.Message);
            await PrometheusApi.WriteErrorAsync(context, fault);
        }
        metrics.Requests.WithLabels(path, context.Response.StatusCode.ToString(CultureInfo.InvariantCulture)).Inc();
    }

    /// <summary>Answers a request with data.</summary>
    /// <param name="context">The request.</param>
    /// <param name="metrics">Count it.</param>
    /// <param name="path">Its route.</param>
    /// <param name="ask">Gives the data.</param>
    public static Task AnswerAsync(HttpContext context, HttpMetrics metrics, string path, Func<CancellationToken, Task<object>> ask) =>
        AnswerAsync(context, metrics, path, async () =>
        {
            object data = await ask(context.RequestAborted);
            await Results.Json(new { status = "success", data }).ExecuteAsync(context);
        });
}
