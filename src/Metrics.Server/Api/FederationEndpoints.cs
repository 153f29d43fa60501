using System.Globalization;
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
        PipeWriter to = context.Response.BodyWriter;
        using QueryMemory memory = federation.NewMemory();
        int status = parsed ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        try
        {
            if (parsed)
            {
                context.Response.ContentType = Federation.ContentType;
                federation.Write(selectors, to, memory);
            }
        }
        catch (QueryException e)
        {
            (status, error) = (StatusCodes.Status503ServiceUnavailable, e.Message);
        }
        metrics.Requests.WithLabels("/federate", status.ToString(CultureInfo.InvariantCulture)).Inc();
        context.Response.StatusCode = status;
        if (status != StatusCodes.Status200OK)
            await context.Response.WriteAsync(error + "\n");
        await to.FlushAsync(context.RequestAborted);
    }
}
