using Metrics.Telemetry;

namespace Metrics.Alerting;

/// <summary>How alerts get from verdicts to their record.</summary>
internal sealed class AlertMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Gauge Queue { get; } =
        registry.Gauge("metricsd_alert_queue_rounds", "Rounds of rules whose changes wait to be written.");

    public Gauge External { get; } = registry.Gauge("metricsd_alerts_from_others", "Open alerts that others have judged and sent.");

    public Gauge Groups { get; } = registry.Gauge("metricsd_alert_groups", "Groups of alerts of which people are told together.");

    public Histogram Latency { get; } = registry.Histogram(
        "metricsd_alert_latency_seconds", "From the arrival of the sample to the alert's record in the outbox.",
        [.005, .01, .025, .05, .1, .25, .5, 1, 5]);

    public Counter HistoryDropped { get; } = registry.Counter(
        "metricsd_alert_trail_rows_dropped_total",
        "Lines of alerts' trails that were given up because too many waited to be written.");
}
