using System.Runtime.InteropServices;
using System.Text.Json;
using Metrics.Api.Prometheus;
using Metrics.Api.Push;
using Metrics.Inputs;
using Metrics.Inputs.Push;
using Metrics.Telemetry;
using Metrics.Text;

namespace Metrics.Api;

/// <summary>The body of a request that must be one JSON value.</summary>
internal static class JsonBody
{
    /// <summary>
    /// Has a route take JSON only (else 415). What a form of another site's page can send without asking first is <c>text/plain</c> and the
    /// two kinds of forms, and never this.
    /// </summary>
    public static RouteHandlerBuilder TakesJson(this RouteHandlerBuilder route) => route.AddEndpointFilter((context, next) =>
        context.HttpContext.Request.HasJsonContentType()
            ? next(context)
            : ValueTask.FromResult<object?>(
                Results.Json("the body must be JSON, and Content-Type say so: application/json", statusCode: 415)));

    /// <summary>Reads it; null when it does not say its length, or is too long.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxBytes">The longest.</param>
    /// <param name="share">Of which memory it is held until the request ends; null for what only people send.</param>
    /// <exception cref="JsonException">It is no JSON, or holds texts that are none.</exception>
    /// <exception cref="ApiException">There is no memory for it now.</exception>
    public static async Task<JsonDocument?> ReadAsync(HttpContext context, int maxBytes, MemoryShare? share = null)
    {
        if (context.Request.ContentLength is not { } length || length > maxBytes)
            return null;
        JsonDocument body = share is null
            ? await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted)
            : JsonDocument.Parse(await HoldAsync(context, maxBytes, share));
        return Checked(body);
    }

    /// <summary>Passes a body on whose texts are texts.</summary>
    /// <exception cref="JsonException">They are none; the body is disposed.</exception>
    public static JsonDocument Checked(JsonDocument body)
    {
        if (JsonTexts.FaultOf(JsonMarshal.GetRawUtf8Value(body.RootElement)) is not { } fault)
            return body;
        body.Dispose();
        throw new JsonException(fault);
    }

    private static async Task<ReadOnlyMemory<byte>> HoldAsync(HttpContext context, int maxBytes, MemoryShare share)
    {
        var body = new PushBody(share, context.RequestServices.GetRequiredService<TimeProvider>());
        context.Response.RegisterForDispose(body);
        return await body.ReadAsync(PushEndpoints.RequestOf(context), maxBytes, new InputCounters(), context.RequestAborted) is { } refusal
            ? throw new ApiException("unavailable", refusal.Status, refusal.Error)
            : body.Bytes;
    }
}
