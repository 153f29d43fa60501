using Metrics.Telemetry;

namespace Metrics.Storage.Forwarding;

/// <summary>How a node fares that forwards to a central metricsd.</summary>
internal sealed class ForwardMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Gauge> Up { get; } = registry.Gauge(
        "metricsd_forward_up", "Whether the central metricsd has taken what was last sent to it.", "centre");

    public Labelled<Counter> Requests { get; } = registry.Counter(
        "metricsd_forward_requests_total", "Requests to the central metricsd by status code (or 'error', 'timeout').", "status");

    public Counter EventsSent { get; } = registry.Counter(
        "metricsd_forward_events_sent_total", "Events that the central metricsd has confirmed.");

    public Labelled<Counter> EventsDropped { get; } = registry.Counter(
        "metricsd_forward_events_dropped_total",
        "Events that the central metricsd will not get, by reason; of those that expired each span counts once.", "reason")
        .FromStart("expired", "refused", "too_large", "invalid");

    public Labelled<Gauge> Lag { get; } = registry.Gauge(
        "metricsd_forward_lag_seconds", "How long the oldest that is not sent has waited; 0 where nothing waits.", "what")
        .FromStart("events", "samples");

    public Labelled<Counter> SamplesDropped { get; } = registry.Counter(
        "metricsd_forward_samples_dropped_total", "Samples, or lines of them, that the central metricsd did not get, by reason.", "reason")
        .FromStart("spool_full", "expired", "rejected", "not_finite", "spool_unwritable");
}
