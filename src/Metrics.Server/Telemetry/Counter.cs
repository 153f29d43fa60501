using Prometheus;

namespace Metrics.Telemetry;

/// <summary>A number that only grows, for as long as the daemon runs. Any thread may use it.</summary>
internal readonly struct Counter(ICounter counter)
{
    public double Value => counter.Value;

    /// <param name="by">How much; not below zero.</param>
    public void Inc(double by = 1) => counter.Inc(by);

    /// <summary>Raises it to what somebody else has counted; less than it has changes nothing.</summary>
    public void IncTo(double value) => counter.IncTo(value);
}
