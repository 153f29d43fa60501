using Metrics.Telemetry;

namespace Metrics.Rules;

/// <summary>How rules are evaluated, and what they say.</summary>
internal sealed class RuleMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Labelled<Counter> Evaluations { get; } = registry.Counter(
        "metricsd_rule_evaluations_total", "Rule evaluations, by group and what caused them.", "group", "trigger");

    public Labelled<Counter> Failures { get; } = registry.Counter(
        "metricsd_rule_evaluation_failures_total", "Evaluations after which a rule was in error.", "group");

    public Gauge InError { get; } = registry.Gauge("metricsd_rules_in_error", "Rules whose last evaluation was not complete.");

    public Histogram RoundSeconds { get; } = registry.Histogram(
        "metricsd_rule_group_duration_seconds", "How long a round of a group takes.", [.0001, .001, .01, .1, 1, 10]);

    public Labelled<Counter> RoundsMissed { get; } = registry.Counter(
        "metricsd_rule_group_iterations_missed_total",
        "Rounds of a group at its interval that did not take place: the daemon was not running, was stopped for a while, or had too much "
        + "to do.", "group");

    public Labelled<Counter> RoundsCaughtUp { get; } = registry.Counter(
        "metricsd_rule_group_iterations_caught_up_total",
        "Missed rounds that were made up for, for recording rules and alerts that wait.", "group");

    public Labelled<Counter> EventsLate { get; } = registry.Counter(
        "metricsd_rule_events_late_total",
        "Events that the rules of a group did not count, since they came when their time had left the window.", "group");

    public Labelled<Counter> EventsLeftOut { get; } = registry.Counter(
        "metricsd_rule_events_left_out_total",
        "Events that the rules of a group did not look at, or forgot, since there were more groups of events than max_groups.", "group");

    public Counter EventReadsFailed { get; } = registry.Counter(
        "metricsd_rule_event_reads_failed_total",
        "How often the event log could not be read for rules over events after a start or a reload. It is tried again.");

    public Gauge GroupsIntervalOnly { get; } = registry.Gauge(
        "metricsd_rule_groups_interval_only",
        "Groups that are not evaluated when data arrives, since that would cost too much; their interval holds.");

    public Labelled<Gauge> Alerts { get; } =
        registry.Gauge("metricsd_alerts", "Alerts by state.", "state").FromStart("pending", "firing", "no data");
}
