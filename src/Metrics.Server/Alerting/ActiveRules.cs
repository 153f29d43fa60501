using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>The alerting rules in force by their ids; for whoever is not the rule engine.</summary>
internal sealed class ActiveRules
{
    private volatile IReadOnlyDictionary<RuleId, AlertRuleState> _rules = new Dictionary<RuleId, AlertRuleState>();

    /// <summary>Every alerting rule, in the order of the files; swapped whole.</summary>
    public IReadOnlyDictionary<RuleId, AlertRuleState> All
    {
        get => _rules;
        set => _rules = value;
    }
}
