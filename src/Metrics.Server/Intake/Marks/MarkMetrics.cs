using Metrics.Telemetry;

namespace Metrics.Intake.Marks;

/// <summary>What events say of themselves beside what their source has said.</summary>
internal sealed class MarkMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Gauge Known { get; } = registry.Gauge(
        "metricsd_first_seen_known",
        "Accounts, origins, countries, services and rules of detectors that were seen before (events.first_seen).");

    public Labelled<Counter> First { get; } = registry.Counter(
        "metricsd_first_seen_total", "Events that were the first of something, by what: account, origin, country, service, rule.", "what")
        .FromStart("account", "origin", "country", "service", "rule");

    public Counter NotLearned { get; } = registry.Counter(
        "metricsd_first_seen_not_learned_total", "Events of which it is not said whether they are the first, since too much is known already.");

    public Labelled<Counter> Marked { get; } = registry.Counter(
        "metricsd_events_marked_total", "Events in a window of maintenance (planned), log-ins outside working hours (outside), and those that "
        + "no traveller can have made (travel).", "mark")
        .FromStart("planned", "outside", "travel");
}
