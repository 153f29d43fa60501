using Metrics.Rules.Sigma;
using Metrics.Telemetry;

namespace Metrics.Rules;

/// <summary>What became of Sigma rules when they were read last.</summary>
internal sealed class SigmaMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Gauge Loaded { get; } = registry.Gauge("metricsd_sigma_rules_loaded", "Sigma rules that are loaded.");

    public Labelled<Gauge> Refused { get; } = registry.Gauge(
        "metricsd_sigma_rules_not_loaded", "Sigma rules, and files of such, that are not loaded, by reason.", "reason")
        .FromStart([.. SigmaReasons.Words]);
}
