using Metrics.Telemetry;

namespace Metrics.Storage.Samples.Influx;

/// <summary>What is sent to InfluxDB, and what waits on disk for it; <c>flow</c> is <c>samples</c> or <c>events</c>.</summary>
internal sealed class InfluxMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Requests { get; } = registry.Counter(
        "metricsd_influx_requests_total", "Write requests to InfluxDB by status code (or 'error', 'timeout').", "status");

    public Counter TextsChanged { get; } = registry.Counter(
        "metricsd_influx_texts_changed_total", "Names and tag values that had to be changed to fit line protocol.");

    public Labelled<Gauge> SpoolBytes { get; } = registry.Gauge(
        "metricsd_spool_bytes", "Bytes that wait on disk for InfluxDB, or for the centre (forward).", "flow").FromStart("samples");

    public Labelled<Gauge> SpoolRecords { get; } = registry.Gauge(
        "metricsd_spool_records", "Requests that wait on disk for InfluxDB, or for the centre (forward).", "flow").FromStart("samples");

    public Labelled<Gauge> SpoolOldest { get; } = registry.Gauge(
        "metricsd_spool_oldest_age_seconds", "Age of the oldest request on disk; 0 when there is none.", "flow").FromStart("samples");

    public Labelled<Counter> EventCopiesDropped { get; } = registry.Counter(
        "metricsd_event_copies_dropped_total", "Copies of events that InfluxDB did not get, by reason.", "reason")
        .FromStart("spool_full", "expired", "rejected", "spool_unwritable");
}
