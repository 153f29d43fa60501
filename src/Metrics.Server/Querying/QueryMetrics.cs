using Metrics.Telemetry;

namespace Metrics.Querying;

/// <summary>Queries of people and programs; those of rules are counted there.</summary>
internal sealed class QueryMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Gauge> Running { get; } =
        registry.Gauge("metricsd_queries_running", "Queries that are evaluated now, by lane.", "lane");

    public Labelled<Gauge> Waiting { get; } =
        registry.Gauge("metricsd_queries_waiting", "Queries that wait for a place, by lane.", "lane");

    public Labelled<Counter> Failed { get; } = registry.Counter(
        "metricsd_queries_failed_total",
        "Queries without a result, by reason: limit (too many samples or too much memory), busy (too many wait, or others hold the memory), "
        + "timeout, canceled, execution.",
        "reason")
        .FromStart("limit", "busy", "timeout", "canceled", "execution");
}
