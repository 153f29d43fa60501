using Metrics.Telemetry;

namespace Metrics.Hosting;

/// <summary>How the configuration was last loaded.</summary>
internal sealed class ReloadMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Gauge Success { get; } =
        registry.Gauge("metricsd_config_last_reload_successful", "Whether the last load of the configuration succeeded.");

    public Gauge SuccessTime { get; } =
        registry.Gauge("metricsd_config_last_reload_success_timestamp_seconds", "When the configuration was last loaded.");
}
