using Metrics.Configuration;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;

namespace Metrics.Alerting;

/// <summary>An alert that is pending, firing or without data.</summary>
/// <param name="Rule">What judged it.</param>
/// <param name="Alert">How it was judged last.</param>
internal sealed record ActiveAlert(RuleId Rule, AlertInstance Alert)
{
    /// <summary>Name of its rule; of an alert that others have sent, its label <c>alertname</c>.</summary>
    public string Name => Rule.Name;

    /// <summary>Whether it fires, or fired when its data stopped.</summary>
    public bool IsOpen => Alert.State.IsOpen;

    /// <summary>The alert on its way to people, as it has been for some time.</summary>
    /// <param name="at">What stands for the time of its last step where it has none of its own.</param>
    public RoutedAlert ToRouted(Timestamp at = default) => new(Rule, Alert, Alert.State, at);
}

/// <summary>
/// All alerts that are pending, firing or without data: of our rules, and those that others have sent. Every API and every page reads them
/// here. Safe for use by several threads; each answer is as of its time.
/// </summary>
internal sealed class ActiveAlerts(ActiveRules rules, ExternalAlerts external, Silences silences)
{
    /// <summary>Raised when alerts have begun or ended, and that is remembered.</summary>
    public event Action? Changed;

    /// <summary>All of them, in the order of the rule files; those of others last.</summary>
    public IEnumerable<ActiveAlert> All => OfOurRules.Concat(external.All);

    /// <summary>Those that our own rules have judged.</summary>
    public IEnumerable<ActiveAlert> OfOurRules => rules.All.SelectMany(r => r.Value.Alerts.Select(a => new ActiveAlert(r.Key, a)));

    /// <summary>Those that fire, or fired when their data stopped.</summary>
    public IEnumerable<ActiveAlert> Open => All.Where(a => a.IsOpen);

    /// <summary>The alert of a key, or null.</summary>
    public AlertInstance? Find(AlertKey key) => key.Rule.IsOfOthers
        ? external.Find(key.Series)
        : rules.All.GetValueOrDefault(key.Rule)?.Alerts.FirstOrDefault(a => a.Series.Equals(key.Series));

    /// <summary>Says why nobody is notified of alerts as they are now; the dispatcher's own belongs to its thread.</summary>
    public Suppression SuppressionNow(NotificationOptions options)
    {
        var suppression = new Suppression(options.Routing) { Silences = silences.All };
        foreach (ActiveAlert alert in Open)
            suppression.Inhibitor.Add(alert.Alert.Labels);
        return suppression;
    }

    /// <summary>Says that alerts have begun or ended.</summary>
    public void NoteChange() => Changed?.Invoke();
}
