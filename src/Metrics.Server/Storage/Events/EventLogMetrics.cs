using Metrics.Telemetry;

namespace Metrics.Storage.Events;

/// <summary>What becomes of events on their way to the event log, and the log itself.</summary>
internal sealed class EventLogMetrics(MetricRegistry registry)
    : WriterMetrics(registry, "metricsd_event_log", "events", "the event log")
{
    public Gauge Bytes { get; } = registry.Gauge("metricsd_event_log_bytes", "Bytes that the event log takes on disk.");

    public Counter TablesExpired { get; } = registry.Counter(
        "metricsd_event_log_tables_expired_total", "Tables of events, one a day or more, that went for age or size.");

    public Labelled<Counter> Gaps { get; } = registry.Counter(
        "metricsd_log_gaps_total", "Gaps that the ledger has: something of a log that was not read, by why.", "source", "reason");

    public Labelled<Counter> MissingBytes { get; } = registry.Counter(
        "metricsd_log_missing_bytes_total", "Bytes that gaps of the ledger are known to have at least.", "source", "reason");

    public Counter SetAside { get; } =
        registry.Counter("metricsd_event_log_set_aside_total", "Event logs that could not be read and were set aside.");
}
