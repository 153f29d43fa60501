using Metrics.Formats;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>One line of an alert's history.</summary>
/// <param name="At">Milliseconds since 1970 UTC.</param>
/// <param name="What">One word.</param>
/// <param name="Text">For people.</param>
internal sealed record TrailLine(long At, string What, string Text);

/// <summary>All that is known of one alert.</summary>
/// <param name="Id">32 hex digits.</param>
/// <param name="Alert">Name of its rule.</param>
/// <param name="Series">Labels of its series.</param>
/// <param name="State">How it is now.</param>
/// <param name="Now">What holds now, in sentences: rule, value, routes, what mutes it, who is at it.</param>
/// <param name="Lines">What happened, in order.</param>
internal sealed record AlertExplanation(
    string Id, string Alert, Labels Series, string State, IReadOnlyList<string> Now, IReadOnlyList<TrailLine> Lines);

/// <summary>Explains alerts: why somebody was notified, or not. Safe for use by several threads.</summary>
internal sealed class AlertHistory(
    StateStore state, HistoryWriter writer, ActiveRules rules, ActiveAlerts alerts, AlertDescription description)
{
    private const int MaxAlerts = 20;
    private const int MaxLines = 2000;

    /// <summary>Explains the alerts of a rule that match; open ones first, then those of the past.</summary>
    /// <param name="name">Name of the rule.</param>
    /// <param name="matchers">On the labels of series or alert.</param>
    public IReadOnlyList<AlertExplanation> Explain(string name, IReadOnlyList<LabelMatcher> matchers)
    {
        writer.Flush();
        using StateDb db = state.Open();
        var found = new Dictionary<AlertKey, AlertInstance?>();
        foreach (ActiveAlert active in alerts.All.Where(a => a.Name == name))
        {
            if (Meets(active.Alert.Labels, matchers) || Meets(active.Alert.Series, matchers))
                found[new AlertKey(active.Rule, active.Alert.Series)] = active.Alert;
        }
        string part = $";{name}";
        var steps = db.Trail.AsNoTracking()
            .Where(t => t.Ref != null && t.Members != null && t.Ref.Contains(part) && t.What != HistoryRows.Message)
            .Select(t => new { t.Ref, t.Members, t.Id }).OrderByDescending(t => t.Id).Take(MaxLines).ToList();
        foreach (var step in steps)
        {
            var key = new AlertKey(RuleId.Parse(step.Ref!), LabelsJson.Read(step.Members!));
            if (key.Rule.Name == name && Meets(key.Series, matchers))
                found.TryAdd(key, null);
        }
        return [.. found.Take(MaxAlerts).Select(f => Explain(db, f.Key, f.Value))];
    }

    /// <summary>Explains one alert by its id; null when nothing is known of it.</summary>
    public AlertExplanation? Explain(string id)
    {
        writer.Flush();
        using StateDb db = state.Open();
        TrailRow? step = db.Trail.AsNoTracking()
            .Where(t => t.Subject == id && t.Ref != null && t.Members != null).OrderByDescending(t => t.Id).FirstOrDefault();
        if (step is null)
            return null;
        var key = new AlertKey(RuleId.Parse(step.Ref!), LabelsJson.Read(step.Members!));
        return Explain(db, key, alerts.Find(key));
    }

    /// <summary>How a rule is, for those whose alert there is no trace of.</summary>
    public IReadOnlyList<string> ExplainRule(string name) =>
        [.. rules.All.Where(r => r.Value.Rule.Name == name).SelectMany(r => AlertDescription.Describe(r.Value))];

    /// <summary>The alerts that a message was about, and that are still open.</summary>
    /// <param name="message">The message's idempotency key.</param>
    public IReadOnlyList<RoutedAlert> OpenOf(string message)
    {
        using StateDb db = state.Open();
        List<string?> members =
            [.. db.Trail.AsNoTracking().Where(t => t.Ref == message && t.What == HistoryRows.Message).Select(t => t.Members)];
        HashSet<AlertId> ids = [.. members.SelectMany(m => AlertId.ParseAll(m ?? ""))];
        return [.. alerts.Open.Select(a => a.ToRouted()).Where(a => ids.Contains(a.Id))];
    }

    private AlertExplanation Explain(StateDb db, AlertKey key, AlertInstance? alert)
    {
        string id = key.ToId().ToString();
        List<TrailRow> own = [.. db.Trail.AsNoTracking().Where(t => t.Subject == id).OrderByDescending(t => t.Id).Take(MaxLines)];
        List<string> groups = [.. own.Where(t => t.Groups is not null).SelectMany(t => t.Groups!.Split('\n')).Distinct()];
        List<TrailRow> messages =
        [
            .. db.Trail.AsNoTracking().Where(t => groups.Contains(t.Subject) && t.What == HistoryRows.Message && t.Members!.Contains(id))
                .OrderByDescending(t => t.Id).Take(MaxLines),
        ];
        List<string> keys = [.. messages.Select(m => m.Ref!).Distinct()];
        List<TrailRow> tries =
            [.. db.Trail.AsNoTracking().Where(t => keys.Contains(t.Subject)).OrderByDescending(t => t.Id).Take(MaxLines)];
        IEnumerable<TrailRow> all =
            own.Concat(messages).Concat(tries).OrderBy(t => t.At).ThenBy(t => t.What == HistoryRows.Message ? 1 : 0).ThenBy(t => t.Id);
        return new AlertExplanation(
            id, key.Rule.Name, key.Series, alert?.State.Name ?? "inactive", description.Describe(key, alert), [.. all.Select(Line)]);
    }

    private static TrailLine Line(TrailRow row) =>
        new(row.At, row.What, row.What == HistoryRows.Message ? $"{row.Text} (key {row.Ref})" : row.Text);

    private static bool Meets(Labels labels, IReadOnlyList<LabelMatcher> matchers) => matchers.All(m => m.Matches(labels));
}
