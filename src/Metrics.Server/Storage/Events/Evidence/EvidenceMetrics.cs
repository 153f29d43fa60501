using Metrics.Telemetry;

namespace Metrics.Storage.Events.Evidence;

/// <summary>The seals of the event log, and what checks of them have found.</summary>
internal sealed class EvidenceMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Counter Sealed { get; } = registry.Counter(
        "metricsd_event_log_tables_sealed_total", "Days of the event log, or parts of large ones, that were sealed.");

    public Gauge Altered { get; } = registry.Gauge(
        "metricsd_event_log_altered_tables", "Sealed days of the event log that the last check has found altered or missing.");

    public Gauge Checked { get; } = registry.Gauge(
        "metricsd_event_log_checked_timestamp_seconds", "When the sealed days of the event log were checked last; 0 before that.");
}
