using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>The alerting rules by the keys that state and messages know them by; for whoever is not the rule engine.</summary>
internal sealed class RulesInForce
{
    private volatile IReadOnlyDictionary<string, AlertRuleState> _rules = new Dictionary<string, AlertRuleState>();

    /// <summary>File, group and name to rule; swapped whole.</summary>
    public IReadOnlyDictionary<string, AlertRuleState> All
    {
        get => _rules;
        set => _rules = value;
    }
}
