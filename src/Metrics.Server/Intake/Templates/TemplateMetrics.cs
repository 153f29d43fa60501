using Metrics.Telemetry;

namespace Metrics.Intake.Templates;

/// <summary>What is known of kinds of lines.</summary>
internal sealed class TemplateMetrics(MetricRegistry registry) : OwnMetrics(registry)
{
    public Gauge Sources { get; } = registry.Gauge("metricsd_log_template_sources", "Sources of logs whose kinds of lines are learned.");

    public Gauge Templates { get; } = registry.Gauge("metricsd_log_templates", "Kinds of lines that are known, of all sources.");

    public Counter Reported { get; } = registry.Counter(
        "metricsd_log_new_lines_reported_total", "New kinds of lines that became events (log.new_line).");

    public Labelled<Counter> NotReported { get; } = registry.Counter(
        "metricsd_log_new_lines_not_reported_total",
        "New kinds of lines that became no event, by reason: the source is heard for too short a time (learning), has had "
        + "events.templates.max_new of them in this hour (too_many), or has more kinds than are kept (full).", "reason")
        .FromStart("learning", "too_many", "full");

    public Labelled<Counter> Dropped { get; } = registry.Counter(
        "metricsd_log_templates_dropped_total",
        "Kinds of lines that were forgotten, by reason: there was no room for them (full), their source was long silent (silent), "
        + "their line could not be stored and comes again (not_stored).", "reason")
        .FromStart("full", "silent", "not_stored");

    public Counter NotLearned { get; } = registry.Counter(
        "metricsd_log_lines_not_learned_total", "Lines of sources beyond the bound of sources, whose kinds are not learned.");
}
