using Prometheus;

namespace Metrics.Telemetry;

/// <summary>Counts rows that were lost, by reason.</summary>
internal sealed class LostRows(Counter counter)
{
    public void Add(string reason, double count) => counter.WithLabels(reason).Inc(count);
}
