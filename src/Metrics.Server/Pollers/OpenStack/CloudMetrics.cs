using Metrics.Telemetry;

namespace Metrics.Pollers.OpenStack;

/// <summary>What is asked of clouds.</summary>
internal sealed class CloudMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Requests { get; } = registry.Counter(
        "metricsd_cloud_requests_total", "Requests to OpenStack services, by route and status ('timeout', 'error').",
        "cloud", "service", "route", "status");

    public Labelled<Histogram> RequestSeconds { get; } = registry.Histogram(
        "metricsd_cloud_request_duration_seconds", "How long requests to OpenStack services take.",
        [.01, .05, .1, .5, 1, 5, 20], "cloud", "service");

    public Labelled<Counter> OrphanLooks { get; } = registry.Counter(
        "metricsd_cloud_orphan_looks_total", "Looks for orphans out of turn, since an owner was deleted.", "cloud");

    public Counter DeletionsDropped { get; } = registry.Counter(
        "metricsd_cloud_deletions_dropped_total",
        "Deletions of owners that wait for the next turn: too many were notified of, or their cloud is not looked at.");
}
