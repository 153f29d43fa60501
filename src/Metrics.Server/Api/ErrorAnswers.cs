using Metrics.Api.Prometheus;
using Metrics.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace Metrics.Api;

/// <summary>
/// Where a request ends that no route could answer: what cannot be read is the sender's fault (4xx), what nobody has foreseen is ours
/// (500), noted as a fault. The API answers in Prometheus's form, all else in a line of text.
/// </summary>
internal static class ErrorAnswers
{
    private const string Room = "http";

    public static void UseErrorAnswers(this WebApplication app)
    {
        var (faults, time) = (app.Services.GetRequiredService<MetricRegistry>().Faults, app.Services.GetRequiredService<TimeProvider>());
        app.Use((HttpContext context, RequestDelegate next) => InvokeAsync(context, next, faults, time));
    }

    private static async Task InvokeAsync(HttpContext context, RequestDelegate next, Faults faults, TimeProvider time)
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (IsGone(context, e))
        {
            // Nobody is there to hear it.
            context.Abort();
        }
        catch (Exception e)
        {
            ApiException error = Of(e);
            if (error.Status == StatusCodes.Status500InternalServerError)
                faults.Note(Room, e, time);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await WriteAsync(context, error);
        }
    }

    /// <summary>Whether the client has gone away; that may be seen at its body before it is said of the request.</summary>
    private static bool IsGone(HttpContext context, Exception e) => IsOfConnection(e) || IsOfConnection(e.InnerException)
        || (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException);

    private static bool IsOfConnection(Exception? e) => e is ConnectionResetException or ConnectionAbortedException;

    private static ApiException Of(Exception e) => e switch
    {
        ApiException known => known,
        BadHttpRequestException bad => new ApiException("bad_data", bad.StatusCode, bad.Message),
        // Of a form, or of a body that is packed.
        InvalidDataException => ApiException.BadData(e.Message),
        // Of the server, for the size of a chunk that no number holds.
        IOException { InnerException: OverflowException } => ApiException.BadData("the body's chunks cannot be read"),
        _ => new ApiException("internal", StatusCodes.Status500InternalServerError, "a fault of metricsd; its log says more"),
    };

    private static Task WriteAsync(HttpContext context, ApiException error)
    {
        context.Response.Clear();
        if (error.Status == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "1";
        if (context.Request.Path.StartsWithSegments("/api"))
            return PrometheusApi.WriteErrorAsync(context, error);
        context.Response.StatusCode = error.Status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(error.Message.ReplaceLineEndings(" ") + "\n");
    }
}
