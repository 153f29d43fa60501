using Metrics.Telemetry;

namespace Metrics.Api;

/// <summary>Requests that are answered.</summary>
internal sealed class HttpMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Requests { get; } =
        registry.Counter("metricsd_http_requests_total", "Requests answered, by route and status code.", "route", "status");
}
