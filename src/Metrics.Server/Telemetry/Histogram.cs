using Prometheus;

namespace Metrics.Telemetry;

/// <summary>How often something was how large, in buckets that are declared with it. Any thread may use it.</summary>
internal readonly struct Histogram(IHistogram histogram)
{
    /// <param name="value">In the unit of the metric's name: seconds, bytes.</param>
    public void Observe(double value) => histogram.Observe(value);
}
