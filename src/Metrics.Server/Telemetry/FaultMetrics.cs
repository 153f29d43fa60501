namespace Metrics.Telemetry;

/// <summary>What went wrong that nobody has foreseen.</summary>
internal sealed class FaultMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Total { get; } = registry.Counter(
        "metricsd_faults_total", "Units of work that failed for a reason that nobody has foreseen, by room. Its loop goes on.", "room");
}
