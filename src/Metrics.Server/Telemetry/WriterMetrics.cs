using Prometheus;

namespace Metrics.Telemetry;

/// <summary>What a writer says of itself: <c>metricsd_store_*</c> for samples, <c>metricsd_event_log_*</c> for events.</summary>
internal sealed class WriterMetrics
{
    /// <param name="factory">Makes them.</param>
    /// <param name="prefix">First words of their names.</param>
    /// <param name="rows">What the rows are: <c>samples</c> or <c>events</c>.</param>
    /// <param name="store">What is written, in help texts.</param>
    /// <param name="reasons">Why rows may be lost.</param>
    public WriterMetrics(IMetricFactory factory, string prefix, string rows, string store, params ReadOnlySpan<string> reasons)
    {
        Writes = factory.CreateCounter($"{prefix}_writes_total", $"Flushes to {store} by outcome.", ["outcome"]);
        Writes.WithLabels("success");
        Writes.WithLabels("failure");
        Seconds = factory.CreateHistogram($"{prefix}_write_duration_seconds", "How long a flush takes.",
            new HistogramConfiguration { Buckets = [.001, .005, .01, .05, .1, .5, 1, 5] });
        Written = factory.CreateCounter($"{prefix}_{rows}_written_total", $"The {rows} that {store} has committed or spooled.");
        Dropped = factory.CreateCounter($"{prefix}_{rows}_dropped_total", $"The {rows} that {store} lost, by reason.", ["reason"]);
        foreach (string reason in reasons)
            Dropped.WithLabels(reason);
        Pending = factory.CreateGauge($"{prefix}_pending_{rows}", $"The {rows} that wait for the next flush.");
        Up = factory.CreateGauge($"{prefix}_up", $"Whether the last write to {store} succeeded.");
    }

    public Counter Writes { get; }
    public Histogram Seconds { get; }
    public Counter Written { get; }
    public Counter Dropped { get; }

    /// <summary><see cref="Dropped"/> for those who do not know the client library.</summary>
    public LostRows Lost => new(Dropped);

    public Gauge Pending { get; }
    public Gauge Up { get; }
}
