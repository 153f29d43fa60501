using Metrics.Telemetry;

namespace Metrics.Pollers;

/// <summary>How targets are polled.</summary>
internal sealed class PollMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Polls { get; } =
        registry.Counter("metricsd_polls_total", "Polls by job and outcome.", "job", "outcome");

    public Labelled<Histogram> Seconds { get; } = registry.Histogram(
        "metricsd_poll_duration_seconds", "How long polls take, by job.", [.001, .01, .1, 1, 10], "job");

    public Labelled<Counter> Skipped { get; } = registry.Counter(
        "metricsd_polls_skipped_total", "Polls that did not run, by reason.", "reason").FromStart("backoff", "overlap", "late");

    public Labelled<Counter> Discoveries { get; } = registry.Counter(
        "metricsd_discovery_refreshes_total", "Times that a list of targets was asked for, by mechanism and outcome.", "mechanism",
        "outcome");

    public Labelled<Gauge> Targets { get; } =
        registry.Gauge("metricsd_targets", "Targets by state.", "state").FromStart("up", "down", "unknown");
}
