using Metrics.Telemetry;

namespace Metrics.Api.Alertmanager;

/// <summary>What others send to <c>/api/v2/alerts</c>.</summary>
internal sealed class PostedAlertMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Received { get; } = registry.Counter(
        "metricsd_alerts_received_total", "Alerts that were sent to /api/v2/alerts, by what they say.", "status")
        .FromStart("firing", "resolved");

    public Counter Invalid { get; } = registry.Counter("metricsd_alerts_invalid_total", "Alerts that were sent and refused.");
}
