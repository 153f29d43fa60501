using Metrics.Telemetry;

namespace Metrics.Storage;

/// <summary>What a writer says of itself: <c>metricsd_store_*</c> for samples, <c>metricsd_event_log_*</c> for events.</summary>
/// <param name="registry">Where they are declared.</param>
/// <param name="prefix">First words of their names.</param>
/// <param name="rows">What the rows are: <c>samples</c> or <c>events</c>.</param>
/// <param name="store">What is written, in help texts.</param>
/// <param name="reasons">Why else than for a full queue, a write that failed under somebody's wait, a stop and a fault rows
/// may be lost.</param>
internal abstract class WriterMetrics(
    MetricRegistry registry, string prefix, string rows, string store, params ReadOnlySpan<string> reasons)
    : OwnMetrics(registry)
{
    /// <summary>Why rows are lost before they are written; a store may have further reasons of its own.</summary>
    private static readonly string[] s_reasons = ["queue_full", "write_failed", "stopping", "fault"];

    public Labelled<Counter> Writes { get; } =
        registry.Counter($"{prefix}_writes_total", $"Flushes to {store} by outcome.", "outcome").FromStart("success", "failure");

    public Histogram Seconds { get; } = registry.Histogram(
        $"{prefix}_write_duration_seconds", "How long a flush takes.", [.001, .005, .01, .05, .1, .5, 1, 5]);

    public Counter Written { get; } =
        registry.Counter($"{prefix}_{rows}_written_total", $"The {rows} that {store} has committed or spooled.");

    public Labelled<Counter> Dropped { get; } =
        registry.Counter($"{prefix}_{rows}_dropped_total", $"The {rows} that {store} lost, by reason.", "reason")
        .FromStart([.. s_reasons, .. reasons]);

    /// <summary>Rows that were lost before they were written.</summary>
    public double Lost => s_reasons.Sum(r => Dropped.WithLabels(r).Value);

    public Gauge Pending { get; } = registry.Gauge($"{prefix}_pending_{rows}", $"The {rows} that wait for the next flush.");

    public Gauge Up { get; } = registry.Gauge($"{prefix}_up", $"Whether the last write to {store} succeeded.");
}
