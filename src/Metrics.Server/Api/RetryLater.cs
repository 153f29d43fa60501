using System.Globalization;
using Metrics.Storage.State;

namespace Metrics.Api;

/// <summary>Answers 503 with <c>Retry-After</c> where the state cannot be read or written in the time that a request has.</summary>
internal static class RetryLater
{
    /// <summary>The header's value.</summary>
    public static string Seconds { get; } = StateUnavailableException.RetryAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    public static void UseRetryLater(this WebApplication app) => app.Use(async (HttpContext context, RequestDelegate next) =>
    {
        try
        {
            await next(context);
        }
        catch (StateUnavailableException e) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = Seconds;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(e.Message + "\n");
        }
    });
}
