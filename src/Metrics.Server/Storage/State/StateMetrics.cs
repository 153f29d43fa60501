using Metrics.Telemetry;

namespace Metrics.Storage.State;

/// <summary>How the state is kept.</summary>
internal sealed class StateMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Counter Failures { get; } = registry.Counter(
        "metricsd_state_failures_total",
        "Tries to read or write the state that failed, as when the disk is full or the database away; each is repeated until it succeeds.");
}
