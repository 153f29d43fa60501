using Metrics.Model;
using Metrics.Series;

namespace Metrics.Routing;

/// <summary>While a source alert fires, nobody is told of target alerts whose values of the equal labels are the same.</summary>
/// <param name="Source">What a source must meet.</param>
/// <param name="Target">What a target must meet.</param>
/// <param name="Equal">Labels in which both must agree; one that both lack agrees.</param>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule</remarks>
public sealed record InhibitRule(IReadOnlyList<LabelMatcher> Source, IReadOnlyList<LabelMatcher> Target, IReadOnlyList<string> Equal)
{
    internal bool IsSource(Labels alert) => Source.All(m => m.Matches(alert));

    internal bool IsTarget(Labels alert) => Target.All(m => m.Matches(alert));

    internal Labels KeyOf(Labels alert) => Labels.Of([.. ((IEnumerable<Label>)alert).Where(l => Equal.Contains(l.Name))]);
}

/// <summary>Knows the firing alerts by what they may inhibit, so that a question costs one look-up a rule. Not for use by two threads at once.</summary>
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
            Labels key = rules[i].KeyOf(alert);
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
            Labels key = rules[i].KeyOf(alert);
            if (_sources[i].TryGetValue(key, out HashSet<Labels>? alerts) && alerts.Remove(alert) && alerts.Count == 0)
                _sources[i].Remove(key);
        }
    }

    /// <summary>A firing alert because of which nobody is told of this one, or null.</summary>
    public Labels? InhibitedBy(Labels alert)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            InhibitRule rule = rules[i];
            if (!rule.IsTarget(alert) || !_sources[i].TryGetValue(rule.KeyOf(alert), out HashSet<Labels>? sources))
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
