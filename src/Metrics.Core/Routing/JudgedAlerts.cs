using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Routing;

/// <summary>
/// How alerts are judged now, by the snapshots that rules leave for any thread; an index of a snapshot is made when it is asked for. Not
/// for use by two threads at once.
/// </summary>
internal sealed class JudgedAlerts
{
    private readonly Dictionary<RuleId, Entry> _rules = [];

    private sealed class Entry(AlertRuleState rule)
    {
        private IReadOnlyList<AlertInstance>? _snapshot;
        private Dictionary<Labels, AlertInstance> _index = [];

        public AlertRule Rule => rule.Rule;

        public AlertInstance? Find(Labels series)
        {
            IReadOnlyList<AlertInstance> now = rule.Alerts;
            if (!ReferenceEquals(now, _snapshot))
                (_snapshot, _index) = (now, now.ToDictionary(a => a.Series));
            return _index.GetValueOrDefault(series);
        }
    }

    /// <summary>Says which rules are in force.</summary>
    public void Use(IReadOnlyDictionary<RuleId, AlertRuleState> rules)
    {
        _rules.Clear();
        foreach ((RuleId id, AlertRuleState rule) in rules)
            _rules.Add(id, new Entry(rule));
    }

    /// <summary>The severity of a rule that has several; null when it has one, or is not in force.</summary>
    public SeverityStep? SeverityOf(RuleId rule) => _rules.GetValueOrDefault(rule)?.Rule.Ladder;

    /// <summary>An alert as its rule left it last, or null.</summary>
    public AlertInstance? Find(RuleId rule, Labels series) => _rules.GetValueOrDefault(rule)?.Find(series);
}
