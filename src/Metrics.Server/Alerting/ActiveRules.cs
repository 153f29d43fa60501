using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>The alerting rules by the keys that state and messages know them by; for whoever is not the rule engine.</summary>
internal sealed class ActiveRules
{
    private volatile IReadOnlyDictionary<string, AlertRuleState> _rules = new Dictionary<string, AlertRuleState>();

    /// <summary>File, group and name to rule; swapped whole.</summary>
    public IReadOnlyDictionary<string, AlertRuleState> All
    {
        get => _rules;
        set => _rules = value;
    }

    /// <summary>Alerts that others have judged.</summary>
    public ExternalAlerts Sent { get; } = new();

    /// <summary>Every open alert, of our rules and of others, by the key of what judged it.</summary>
    public IEnumerable<(string Key, AlertInstance Alert)> Open =>
        _rules.SelectMany(r => r.Value.Alerts.Where(a => a.State.IsOpen).Select(a => (r.Key, a))).Concat(Sent.All);

    /// <summary>The alert of a key, or null.</summary>
    public AlertInstance? Find(Routing.AlertKey key) =>
        ExternalAlerts.IsKey(key.Rule) ? Sent.Find(key.Series) : _rules.GetValueOrDefault(key.Rule)?.Alerts.FirstOrDefault(a => a.Series.Equals(key.Series));

    /// <summary>Told when alerts have begun or ended, and that is remembered.</summary>
    public event Action? Changed;

    /// <summary>Says that alerts have begun or ended.</summary>
    public void NoteChange() => Changed?.Invoke();
}
