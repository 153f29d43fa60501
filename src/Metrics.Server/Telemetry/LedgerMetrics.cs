namespace Metrics.Telemetry;

/// <summary>What is accepted and not accounted for.</summary>
internal sealed class LedgerMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Counter Checks { get; } = registry.Counter("metricsd_ledger_checks_total", "Minutes for which the ledger was closed.");

    public Labelled<Gauge> Imbalance { get; } = registry.Gauge(
        "metricsd_ledger_imbalance",
        "What was accepted and is neither stored, nor refused for a reason, nor under way, at every look of the last minute; 0 when all is "
        + "accounted for.", "account");
}
