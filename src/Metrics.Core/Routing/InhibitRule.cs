using Metrics.Model;
using Metrics.Series;

namespace Metrics.Routing;

/// <summary>Two labels that name the same thing.</summary>
/// <param name="Target">In the muted alert, such as <c>host</c>.</param>
/// <param name="Source">In the alert that mutes, such as <c>instance</c>.</param>
public sealed record LabelPair(string Target, string Source);

/// <summary>While a source alert fires, nobody is notified of target alerts whose values of the equal labels are the same.</summary>
/// <param name="Source">What a source must meet.</param>
/// <param name="Target">What a target must meet.</param>
/// <param name="Equal">Labels in which both must agree; one that both lack agrees.</param>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule</remarks>
public sealed record InhibitRule(IReadOnlyList<LabelMatcher> Source, IReadOnlyList<LabelMatcher> Target, IReadOnlyList<string> Equal)
{
    /// <summary>Labels that name the same thing under two names; both alerts must have them.</summary>
    public IReadOnlyList<LabelPair> Pairs { get; init; } = [];

    internal bool IsSource(Labels alert) => Source.All(m => m.Matches(alert)) && Pairs.All(p => alert[p.Source].Length > 0);

    internal bool IsTarget(Labels alert) => Target.All(m => m.Matches(alert)) && Pairs.All(p => alert[p.Target].Length > 0);

    internal Labels SourceKey(Labels alert) => Key(alert, p => p.Source);

    internal Labels TargetKey(Labels alert) => Key(alert, p => p.Target);

    private Labels Key(Labels alert, Func<LabelPair, string> side) => Labels.Of(
    [
        .. ((IEnumerable<Label>)alert).Where(l => Equal.Contains(l.Name)),
        .. Pairs.Select((p, i) => new Label($"pair {i}", alert[side(p)])),
    ]);
}

/// <summary>
/// Knows the firing alerts by what they may inhibit, so that a question costs one look-up a rule. Not for use by two threads at once.
/// </summary>
public sealed class Inhibitor(IReadOnlyList<InhibitRule> rules)
{
    private readonly Dictionary<Labels, HashSet<Labels>>[] _sources = [.. rules.Select(_ => new Dictionary<Labels, HashSet<Labels>>())];

    /// <summary>Says that an alert fires.</summary>
    public void Add(Labels alert)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            if (!rules[i].IsSource(alert))
                continue;
            Labels key = rules[i].SourceKey(alert);
            if (!_sources[i].TryGetValue(key, out HashSet<Labels>? alerts))
                _sources[i].Add(key, alerts = []);
            alerts.Add(alert);
        }
    }

    /// <summary>Says that an alert fires no more.</summary>
    public void Remove(Labels alert)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            Labels key = rules[i].SourceKey(alert);
            if (_sources[i].TryGetValue(key, out HashSet<Labels>? alerts) && alerts.Remove(alert) && alerts.Count == 0)
                _sources[i].Remove(key);
        }
    }

    /// <summary>A firing alert because of which nobody is notified of this one, or null.</summary>
    public Labels? InhibitedBy(Labels alert)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            InhibitRule rule = rules[i];
            if (!rule.IsTarget(alert) || !_sources[i].TryGetValue(rule.TargetKey(alert), out HashSet<Labels>? sources))
                continue;
            // What is both source and target is inhibited by sources only that are not targets too: nothing inhibits itself, or each other.
            bool isSource = rule.IsSource(alert);
            Labels? source = sources.FirstOrDefault(s => !isSource || !rule.IsTarget(s));
            if (source is not null)
                return source;
        }
        return null;
    }
}
