using Metrics.Telemetry;

namespace Metrics.Storage.State;

/// <summary>How the state is kept.</summary>
internal sealed class StateMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Counter Failures { get; } = registry.Counter(
        "metricsd_state_failures_total",
        "Tries to read or write the state that failed, as when the disk is full or the database away; each is repeated until it succeeds.");

    public Gauge InMemory { get; } = registry.Gauge(
        "metricsd_state_in_memory",
        "1 while the state is kept in memory, since its file could not be written: alerts and messages go on, and kill -9 or a crash would "
            + "take what has changed since.");

    public Counter Unreadable { get; } = registry.Counter(
        "metricsd_state_rows_unreadable_total", "Rows of the state that made no sense when they were read, and were passed over.");
}
