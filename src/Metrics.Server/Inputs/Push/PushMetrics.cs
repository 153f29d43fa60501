using Metrics.Telemetry;

namespace Metrics.Inputs.Push;

/// <summary>What is pushed over HTTP.</summary>
internal sealed class PushMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Requests { get; } = registry.Counter(
        "metricsd_push_requests_total", "Write requests received, by endpoint and status code.", "endpoint", "status");

    public Counter Samples { get; } = registry.Counter("metricsd_push_samples_total", "Samples received by push.");

    public Counter Events { get; } = registry.Counter("metricsd_push_events_total", "Events received by push.");

    public Counter RefusedLines { get; } =
        registry.Counter("metricsd_push_lines_refused_total", "Lines of pushed bodies that could not be read.");

    public Counter Repeated { get; } = registry.Counter(
        "metricsd_push_repeated_total", "Pushes of logs that were sent again after they had been stored, and are not stored twice.");

    public Labelled<Counter> SenderRefused { get; } = registry.Counter(
        "metricsd_sender_refused_total", "What bound tokens may not send, and was refused.", "kind")
        .FromStart("samples", "alerts", "events");

    public Counter TextFields { get; } = registry.Counter(
        "metricsd_push_text_fields_total", "Pushed string fields, which have no number and are not kept.");
}
