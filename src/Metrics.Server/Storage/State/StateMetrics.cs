using Metrics.Telemetry;

namespace Metrics.Storage.State;

/// <summary>How the state is kept.</summary>
internal sealed class StateMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Counter Failures { get; } = registry.Counter(
        "metricsd_state_failures_total",
        "Tries to read or write the state that failed, as when the disk is full or the database away; each is repeated until it succeeds.");

    public Counter Unreadable { get; } = registry.Counter(
        "metricsd_state_rows_unreadable_total", "Rows of the state that made no sense when they were read, and were passed over.");
}
