namespace Metrics.Telemetry;

/// <summary>What was found damaged in the data folder.</summary>
internal sealed class DamageMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Total { get; } = registry.Counter(
        "metricsd_damage_total", "Files of the data folder, or parts of them, that were damaged or gone, by file; the daemon goes on.", "file")
        .FromStart("state.db", "metrics.duckdb", "events.duckdb", "spool", "spool-events", "spool-forward");
}
