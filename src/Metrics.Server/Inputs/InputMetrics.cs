using Metrics.Telemetry;

namespace Metrics.Inputs;

/// <summary>What each input takes in.</summary>
internal sealed class InputMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Gauge> Up { get; } = registry.Gauge("metricsd_input_up", "Whether the input takes in.", "input");

    public Labelled<Counter> Events { get; } =
        registry.Counter("metricsd_input_events_total", "Events and samples that an input has handed on.", "input");

    public Labelled<Counter> Bytes { get; } =
        registry.Counter("metricsd_input_bytes_total", "Bytes that an input has received.", "input");

    public Labelled<Counter> Dropped { get; } = registry.Counter(
        "metricsd_input_dropped_total", "What an input has turned away or lost, by reason.", "input", "reason");

    public Labelled<Counter> Errors { get; } = registry.Counter(
        "metricsd_input_errors_total", "What was wrong with what an input took in, or with its connections, by reason.", "input", "reason");

    public Labelled<Gauge> LastEvent { get; } = registry.Gauge(
        "metricsd_input_last_event_timestamp_seconds", "When an input last handed something on; 0 is never.", "input");

    public Labelled<Counter> KernelDrops { get; } = registry.Counter(
        "metricsd_input_kernel_drops_total", "Datagrams that the kernel dropped because its buffer was full.", "input");

    public Labelled<Gauge> UnreadBytes { get; } = registry.Gauge(
        "metricsd_log_unread_bytes", "Bytes of files that were there and not stored when an input of logs last looked.", "source");
}
