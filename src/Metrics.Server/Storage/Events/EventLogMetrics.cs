using Metrics.Telemetry;

namespace Metrics.Storage.Events;

/// <summary>What becomes of events on their way to the event log, and the log itself.</summary>
internal sealed class EventLogMetrics(MetricRegistry registry)
    : WriterMetrics(registry, "metricsd_event_log", "events", "the event log")
{
    public Gauge Bytes { get; } = registry.Gauge("metricsd_event_log_bytes", "Bytes that the event log takes on disk.");

    public Counter TablesExpired { get; } = registry.Counter(
        "metricsd_event_log_tables_expired_total", "Tables of events, one a day or more, that went for age or size.");

    public Counter SetAside { get; } =
        registry.Counter("metricsd_event_log_set_aside_total", "Event logs that could not be read and were set aside.");
}
