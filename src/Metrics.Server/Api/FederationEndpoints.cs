using System.IO.Pipelines;
using Metrics.Access;
using Metrics.Query;
using Metrics.Telemetry;

namespace Metrics.Api;

/// <summary>What a Prometheus server scrapes: our own metrics, and by federation everything else.</summary>
internal static class FederationEndpoints
{
    public static void MapFederation(this WebApplication app)
    {
        app.MapGet("/metrics", WriteMetricsAsync).For(Role.Viewer);
        app.MapGet("/federate", WriteFederationAsync).For(Role.Viewer);
    }

    private static async Task WriteMetricsAsync(HttpContext context, MetricRegistry metrics)
    {
        context.Response.ContentType = Federation.ContentType;
        using var page = new MemoryStream();
        await metrics.WriteAsync(page, context.RequestAborted);
        await context.Response.Body.WriteAsync(page.GetBuffer().AsMemory(0, (int)page.Length), context.RequestAborted);
    }

    private static async Task WriteFederationAsync(HttpContext context, Federation federation, HttpMetrics metrics)
    {
        bool parsed = Federation.TryReadSelectors(context.Request.Query["match[]"], out List<VectorSelector> selectors, out string? error);
        metrics.Requests.WithLabels("/federate", parsed ? "200" : "400").Inc();
        if (!parsed)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(error + "\n");
            return;
        }
        context.Response.ContentType = Federation.ContentType;
        PipeWriter to = context.Response.BodyWriter;
        federation.Write(selectors, to);
        await to.FlushAsync(context.RequestAborted);
    }
}
