using Metrics.Model;
using Metrics.Rules.Conditions;

namespace Metrics.Rules.Sigma;

/// <summary>Makes alerting rules of the Sigma rules of one load, which is evaluated by one thread: they share a template.</summary>
internal sealed class SigmaAlerts
{
    /// <summary>Alerts that one rule may give: as many as one that counts nothing can.</summary>
    private const int MaxAlerts = MaxMachines + HeavyGroups.MaxHeavy + 1;

    /// <summary>Machines for which a rule that counts nothing has an alert apart.</summary>
    private const int MaxMachines = 1_000;

    /// <summary>Groups that a correlation counts apart.</summary>
    private const int MaxGroups = 10_000;

    private const string Newest =
        "{{ for e in events }}{{ e.time | date.to_string '%F %T' }} {{ e.fields.host_name }} {{ e.body | string.truncate 500 }}\n{{ end }}";

    /// <summary>How long an alert stays open after the last event that a rule found.</summary>
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(15);

    private static readonly AlertPolicy s_policy = new(TimeSpan.Zero, TimeSpan.Zero, NoDataPolicy.Keep, TimeSpan.FromDays(1));

    private readonly RuleTemplate _events = RuleTemplate.TryCompile(Newest, out RuleTemplate? newest, out string? error)
        ? newest! : throw new InvalidOperationException(error);

    /// <summary>A rule that fires with the first event, apart for each machine.</summary>
    public AlertRule Of(SigmaDocument rule, EventFilter events)
    {
        var bounds = new Bounds(ThresholdKind.Above, [RuleTemplate.Plain("0")], null);
        return Of(rule, new EventCount(events, s_window, [EventFields.Host], null, bounds, MaxMachines));
    }

    /// <summary>A rule that fires when events are too many.</summary>
    public AlertRule Of(SigmaDocument rule, EventFilter events, SigmaCount count) =>
        Of(rule, new EventCount(events, count.Over, count.GroupBy, count.Distinct, count.Limit.Bounds, MaxGroups));

    /// <summary>A rule that fires when events of all its steps are there.</summary>
    public AlertRule Of(SigmaDocument rule, IReadOnlyList<EventStep> steps, SigmaSequence sequence) => Of(rule, new EventSequence(
        steps, sequence.Over, sequence.GroupBy, sequence.IsOrdered, Math.Min(MaxGroups, SequenceReader.MostGroups(steps))));

    /// <summary>Labels that each alert has of its rule.</summary>
    public static IReadOnlyList<string> OwnLabels { get; } = ["severity", "sigma_level", "sigma_id"];

    private AlertRule Of(SigmaDocument rule, EventCondition condition) => new()
    {
        Name = $"Sigma: {rule.Title.ReplaceLineEndings(" ").Trim()}", Location = rule.Location,
        Condition = condition with { MaxAlerts = MaxAlerts }, Policy = s_policy,
        Labels = Plain(OwnLabels.Zip([SeverityOf(rule.Level), rule.Level, rule.Id])),
        Annotations =
        [
            .. Plain(("summary", rule.Title), ("description", rule.Text("description")?.Trim() ?? "")),
            new("events", _events),
            .. Plain(("tags", rule.Lines("tags")), ("falsepositives", rule.Lines("falsepositives")),
                ("references", rule.Lines("references")), ("author", rule.Lines("author"))),
        ],
    };

    private static string SeverityOf(string level) => level switch
    {
        "critical" => "critical",
        "high" or "medium" => "warning",
        _ => "info",
    };

    private static List<KeyValuePair<string, RuleTemplate>> Plain(params IEnumerable<(string Name, string Text)> texts) =>
        [.. texts.Where(t => t.Text.Length > 0).Select(t => new KeyValuePair<string, RuleTemplate>(t.Name, RuleTemplate.Plain(t.Text)))];
}
