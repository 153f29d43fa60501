using Metrics.Telemetry;

namespace Metrics.Intake;

/// <summary>What goes through the intake and into the head.</summary>
internal sealed class IntakeMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Counter SamplesReceived { get; } =
        registry.Counter("metricsd_intake_samples_received_total", "Samples that entered the pipeline.");

    public Counter SamplesAppended { get; } = registry.Counter("metricsd_head_samples_appended_total", "Samples appended to the head.");

    public Labelled<Counter> SamplesNotAppended { get; } = registry.Counter(
        "metricsd_head_samples_not_appended_total",
        "Samples that the head did not take, by reason; those out of order or too old still go to the store.", "reason")
        .FromStart("duplicate", "out_of_order", "too_old", "too_new", "series_limit", "bad_timestamp", "bad_labels");

    public Labelled<Gauge> Queue { get; } = registry.Gauge(
        "metricsd_intake_queue_batches", "Batches that wait in the intake queue, by lane.", "lane").FromStart("samples", "events");

    public Gauge QueueCapacity { get; } = registry.Gauge(
        "metricsd_intake_queue_capacity_batches", "Bound of the intake queue; at the bound producers wait.");

    public Counter EventsReceived { get; } =
        registry.Counter("metricsd_intake_events_received_total", "Events that entered the pipeline.");

    public Labelled<Counter> EventsCut { get; } = registry.Counter(
        "metricsd_intake_events_cut_total",
        "Parts of events that were beyond their bounds, by part: body and value are cut, field is left out, time is replaced by that of "
        + "the arrival.", "part")
        .FromStart("body", "value", "field", "time");

    public Counter EventsRedacted { get; } = registry.Counter(
        "metricsd_intake_events_redacted_total", "Events in which secrets were masked (events.redact).");

    public Labelled<Counter> EventsBehindProxy { get; } = registry.Counter(
        "metricsd_intake_events_behind_proxy_total",
        "Events that came by a proxy of events.trusted_proxies, by whether somebody says who came to it (source.ip).", "origin")
        .FromStart("known", "unknown");

    public Gauge GeoBuilt { get; } = registry.Gauge(
        "metricsd_geo_database_built_timestamp_seconds",
        "When the database of countries or cities was made (events.geo); 0 where none is read.");

    public Counter GeoFailures { get; } = registry.Counter(
        "metricsd_geo_database_failures_total",
        "How often the database of countries or cities could not be read, in whole or for an address.");

    public Labelled<Counter> EventsNotStored { get; } = registry.Counter(
        "metricsd_intake_events_not_stored_total",
        "Events that events.store does not keep, by reason: a plain line of a log (parsed), any line of a log (counts). Rules have seen "
        + "them.", "reason")
        .FromStart([.. KeepStage.Reasons]);

    public Labelled<Counter> LinesAsOther { get; } = registry.Counter(
        "metricsd_log_messages_as_other_total",
        "Lines of logs that log_messages_total counts as of another host or service, by the bound that was reached: series in all, "
        + "services of a host, length of a name; requests: that of log_requests_total; events: that of events_total; "
        + "detectors: scanners whose looks are not followed.", "bound")
        .FromStart("series", "services", "length", "requests", "events", "detectors");

    public Labelled<Counter> Lost { get; } = registry.Counter(
        "metricsd_intake_lost_total", "Samples and events that met a fault of ours on their way in, by lane.", "lane")
        .FromStart("samples", "events");

    public Gauge HeadSeries { get; } = registry.Gauge("metricsd_head_series", "Series in the head.");

    public Gauge HeadWindow { get; } = registry.Gauge(
        "metricsd_head_window_seconds", "How far back the head reaches: head.window, or less while memory is short.");

    public Labelled<Gauge> SeriesRefused { get; } = registry.Gauge(
        "metricsd_source_series_refused", "Samples of new series that a source's limit has refused.", "source");

    public Counter HeadSeriesDropped { get; } =
        registry.Counter("metricsd_head_series_dropped_total", "Series that left the head's window.");
}
