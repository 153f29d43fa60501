using Metrics.Telemetry;

namespace Metrics.Alerting;

/// <summary>How notifications are delivered.</summary>
internal sealed class NotificationMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Counter Queued { get; } = registry.Counter(
        "metricsd_notifications_queued_total", "Notifications that were written, to be delivered from then on.");

    public Labelled<Counter> Deliveries { get; } = registry.Counter(
        "metricsd_notifications_total", "Notifications by integration and outcome: sent, retry, rejected.", "integration", "outcome");

    public Labelled<Histogram> Seconds { get; } = registry.Histogram(
        "metricsd_notification_duration_seconds", "How long one delivery takes.", [.01, .1, 1, 10], "integration");

    public Labelled<Gauge> FailingSeconds { get; } = registry.Gauge(
        "metricsd_notification_failing_seconds",
        "For how long the oldest message of an integration could not be delivered; 0 while all is well.", "receiver", "integration");

    public Gauge Queue { get; } = registry.Gauge("metricsd_notification_queue", "Notifications written and not yet delivered.");

    public Labelled<Counter> Heartbeats { get; } = registry.Counter(
        "metricsd_heartbeats_total", "Heartbeats to the receiver of the dead man's switch, by outcome.", "outcome");
}
