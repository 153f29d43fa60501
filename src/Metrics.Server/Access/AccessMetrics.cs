using Metrics.Telemetry;

namespace Metrics.Access;

/// <summary>Who is turned away.</summary>
internal sealed class AccessMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Refused { get; } = registry.Counter(
        "metricsd_http_refused_total", "Requests refused before they reach a route, by what is wrong.", "reason")
        .FromStart("token", "role", "address", "host", "origin", "malformed");
}
