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

    /// <summary>Told when alerts have begun or ended, and that is remembered.</summary>
    public event Action? Changed;

    /// <summary>Says that alerts have begun or ended.</summary>
    public void NoteChange() => Changed?.Invoke();
}
