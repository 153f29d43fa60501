using Metrics.Formats;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>All that is known of one alert.</summary>
/// <param name="Id">32 hex digits.</param>
/// <param name="Alert">Name of its rule.</param>
/// <param name="Series">Labels of its series.</param>
/// <param name="State">How it is now.</param>
/// <param name="Now">What holds now, in sentences: rule, value, routes, what mutes it, who is at it.</param>
/// <param name="Lines">What happened, in order.</param>
public sealed record AlertExplanation(
    string Id, string Alert, Labels Series, string State, IReadOnlyList<string> Now, IReadOnlyList<ExplanationLine> Lines);

/// <summary>Explains alerts: why somebody was notified, or not. Safe for use by several threads.</summary>
internal sealed class AlertHistory(
    StateStore state, HistoryWriter writer, ActiveRules rules, ActiveAlerts alerts, AlertDescription description)
{
    private const int MaxAlerts = 20;
    private const int MaxLines = 2000;

    /// <summary>Explains the alerts of a rule that match; open ones first, then those of the past.</summary>
    /// <param name="name">Name of the rule.</param>
    /// <param name="matchers">On the labels of series or alert.</param>
    public async Task<IReadOnlyList<AlertExplanation>> ExplainAsync(string name, IReadOnlyList<LabelMatcher> matchers)
    {
        await writer.FlushAsync();
        return await state.ReadAsync(db => Explain(db, name, matchers));
    }

    private List<AlertExplanation> Explain(StateDb db, string name, IReadOnlyList<LabelMatcher> matchers)
    {
        var found = new Dictionary<AlertKey, AlertInstance?>();
        foreach (ActiveAlert active in alerts.All.Where(a => a.Name == name))
        {
            if (Meets(active.Alert.Labels, matchers) || Meets(active.Alert.Series, matchers))
                found[new AlertKey(active.Rule, active.Alert.Series)] = active.Alert;
        }
        foreach (AlertKey key in StepsOfRule(db, name, MaxLines).Where(k => Meets(k.Series, matchers)))
            found.TryAdd(key, null);
        return [.. found.Take(MaxAlerts).Select(f => Explain(db, f.Key, f.Value))];
    }

    /// <summary>Explains one alert by its id; null when nothing is known of it.</summary>
    public async Task<AlertExplanation?> ExplainAsync(string id)
    {
        await writer.FlushAsync();
        return await state.ReadAsync(db =>
        {
            AlertStepRow? step = db.AlertSteps.AsNoTracking().Where(s => s.Alert == id).OrderByDescending(s => s.Id).FirstOrDefault();
            if (step is null)
                return null;
            var key = new AlertKey(RuleId.Parse(step.Rule), LabelsJson.Read(step.Series));
            return Explain(db, key, alerts.Find(key));
        });
    }

    /// <summary>How a rule is, for those whose alert there is no trace of.</summary>
    public IReadOnlyList<string> ExplainRule(string name) =>
        [.. rules.All.Where(r => r.Value.Rule.Name == name).SelectMany(r => AlertDescription.Describe(r.Value))];

    /// <summary>The alerts that a message was about, and that are still open.</summary>
    /// <param name="message">The message's idempotency key.</param>
    public async Task<IReadOnlyList<RoutedAlert>> OpenOfAsync(string message)
    {
        HashSet<AlertId> ids = await state.ReadAsync(db => MembersOf(db, message));
        return [.. alerts.Open.Select(a => a.ToRouted()).Where(a => ids.Contains(a.Id))];
    }

    /// <summary>Whose steps the newest of a rule's name are, the newest first.</summary>
    internal static IEnumerable<AlertKey> StepsOfRule(StateDb db, string name, int max) =>
        db.AlertSteps.AsNoTracking().Where(s => s.RuleName == name).OrderByDescending(s => s.Id).Take(max)
            .Select(s => new { s.Rule, s.Series }).ToList().Distinct()
            .Select(s => new AlertKey(RuleId.Parse(s.Rule), LabelsJson.Read(s.Series)));

    /// <summary>The alerts that a message was about; a digest carries several notifications.</summary>
    internal static HashSet<AlertId> MembersOf(StateDb db, string message) =>
        [.. db.Notifications.Where(n => n.Key == message).Select(n => n.Alerts).AsEnumerable().SelectMany(AlertId.ParseAll)];

    private AlertExplanation Explain(StateDb db, AlertKey key, AlertInstance? alert)
    {
        string id = key.ToId().ToString();
        return new AlertExplanation(
            id, key.Rule.Name, key.Series, alert?.State.Name ?? "inactive", description.Describe(key, alert),
                AlertLines.Of(db, id, MaxLines));
    }

    private static bool Meets(Labels labels, IReadOnlyList<LabelMatcher> matchers) => matchers.All(m => m.Matches(labels));
}
