using Metrics.Model;
using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Rules;

/// <summary>Reads one alerting rule of a file; of one with several severities as many rules.</summary>
internal static class AlertRuleReader
{
    private static readonly TimeSpan s_defaultNoDataTimeout = TimeSpan.FromDays(1);
    private static readonly string[] s_severities = ["info", "warning", "critical"];

    /// <summary>A severity of a rule that has several.</summary>
    private sealed record Severity(SeverityStep Step, Condition? Condition, TimeSpan? For);

    /// <param name="rule">The rule.</param>
    /// <param name="groupLabels">Labels that its group adds.</param>
    /// <returns>The rules; none when something is wrong, which is reported.</returns>
    public static IReadOnlyList<AlertRule> Read(YamlSection rule, IReadOnlyDictionary<string, string> groupLabels)
    {
        string name = rule.RequiredText("alert");
        ConditionRead read = ConditionReader.Read(rule);
        AlertPolicy policy = ReadPolicy(rule);
        List<KeyValuePair<string, RuleTemplate>> labels = ReadTemplates(rule, "labels");
        labels.InsertRange(0, groupLabels.Where(g => !labels.Exists(l => l.Key == g.Key)).Select(g => Plain(g.Key, g.Value)));
        List<KeyValuePair<string, RuleTemplate>> annotations = ReadTemplates(rule, "annotations");
        if (labels.Exists(l => l.Key is Labels.MetricName or "alertname"))
            rule.Report("labels", "cannot set __name__ or alertname; the rule's name is the alertname");
        List<Severity> severities = ReadSeverities(rule, read);
        if (severities.Count == 0 && read is { Condition: null, WithBounds: not null })
        {
            rule.Report("count", "or distinct needs a threshold (above, below, outside, equals or not_equals), "
                + "or the rule severities that have one");
        }
        if ((read.Condition ?? severities.FirstOrDefault()?.Condition) is not { } condition)
            return [];
        var alert = new AlertRule
        {
            Name = name, Location = $"{rule.File}:{rule.Line}", Condition = condition, Policy = policy,
            Labels = labels, Annotations = annotations,
        };
        return severities.Count == 0 ? [alert] :
        [
            .. severities.Select(s => alert with
            {
                Condition = s.Condition ?? condition, Ladder = s.Step, Policy = policy with { For = s.For ?? policy.For },
                Labels = [.. labels.Where(l => l.Key != "severity"), Plain("severity", s.Step.Severity)],
            }),
        ];
    }

    private static AlertPolicy ReadPolicy(YamlSection rule) => new(
        rule.Duration("for", TimeSpan.Zero),
        rule.Duration("keep_firing_for", TimeSpan.Zero),
        rule.Choice("no_data", "keep", "keep", "fire", "resolve") switch
        {
            "fire" => NoDataPolicy.Fire,
            "resolve" => NoDataPolicy.Resolve,
            _ => NoDataPolicy.Keep,
        },
        rule.Duration("no_data_timeout", s_defaultNoDataTimeout, min: TimeSpan.FromSeconds(1)));

    /// <summary>Several severities in one rule: a mapping a severity, each with its own threshold.</summary>
    private static List<Severity> ReadSeverities(YamlSection rule, ConditionRead read)
    {
        var all = new List<Severity>();
        for (int rank = 0; rank < s_severities.Length; rank++)
        {
            string severity = s_severities[rank];
            if (!rule.Has(severity))
                continue;
            if (read is { Condition: not null, WithBounds: null })
                rule.Report(severity, "cannot stand beside a threshold of the rule itself, a sequence, absent_for or learned");
            YamlSection section = rule.Section(severity);
            Bounds? bounds = BoundsReader.Read(section);
            if (bounds is null && section.Problems.Count == 0)
                rule.Report(severity, "needs a threshold: above, below, outside, equals or not_equals");
            all.Add(new Severity(
                new SeverityStep($"{rule.File}:{rule.Line}", severity, rank),
                bounds is null ? null : read.WithBounds?.Invoke(bounds),
                section.Has("for") ? section.Duration("for", TimeSpan.Zero) : null));
            section.Finish();
        }
        return all;
    }

    private static KeyValuePair<string, RuleTemplate> Plain(string name, string text) => new(name, RuleTemplate.Plain(text));

    private static List<KeyValuePair<string, RuleTemplate>> ReadTemplates(YamlSection rule, string key)
    {
        var templates = new List<KeyValuePair<string, RuleTemplate>>();
        foreach ((YamlText name, YamlText value) in rule.TextEntries(key))
        {
            if (RuleTemplate.TryCompile(value.Text, out RuleTemplate? template, out string? error))
            {
                templates.Add(new(name.Text, template!));
                continue;
            }
            string problem = $"{rule.Path}.{key}.{name.Text} is not a valid template: {error}";
            rule.Problems.Add(new Problem(rule.File, value.Line, value.Column, problem));
        }
        return templates;
    }
}
