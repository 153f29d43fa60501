using Metrics.Configuration;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>One line of a trail.</summary>
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
internal sealed record AlertExplanation(string Id, string Alert, Labels Series, string State, IReadOnlyList<string> Now, IReadOnlyList<TrailLine> Lines);

/// <summary>Explains alerts: why somebody was told, or not. Safe for use by several threads.</summary>
internal sealed class AlertHistory(StateStore state, HistoryWriter writer, ActiveRules rules, AlertRouter router, Silences silences, Acknowledgements acks, Current<NotificationOptions> options, TimeProvider time)
{
    private const int MostAlerts = 20;
    private const int MostLines = 2000;

    /// <summary>Explains the alerts of a rule that match; open ones first, then those of the past.</summary>
    /// <param name="name">Name of the rule.</param>
    /// <param name="matchers">On the labels of series or alert.</param>
    public IReadOnlyList<AlertExplanation> Explain(string name, IReadOnlyList<LabelMatcher> matchers)
    {
        writer.Flush();
        using StateDb db = state.Open();
        List<(string Key, AlertRuleState Rule)> named = [.. rules.All.Where(r => r.Value.Rule.Name == name).Select(r => (r.Key, r.Value))];
        var found = new Dictionary<AlertKey, AlertInstance?>();
        foreach ((string key, AlertRuleState rule) in named)
        {
            foreach (AlertInstance alert in rule.Alerts.Where(a => Meets(a.Labels, matchers) || Meets(a.Series, matchers)))
                found[new AlertKey(key, alert.Series)] = alert;
        }
        foreach ((string key, AlertInstance alert) in rules.Sent.All.Where(a => NameOf(a.Key) == name && Meets(a.Alert.Labels, matchers)))
            found[new AlertKey(key, alert.Series)] = alert;
        string part = $";{name}";
        foreach (var past in db.Trail.AsNoTracking().Where(t => t.Ref != null && t.Members != null && t.Ref.Contains(part) && t.What != "message").Select(t => new { t.Ref, t.Members, t.Id }).OrderByDescending(t => t.Id).Take(MostLines).ToList())
        {
            var key = new AlertKey(past.Ref!, LabelsJson.Read(past.Members!));
            if (NameOf(key.Rule) == name && Meets(key.Series, matchers))
                found.TryAdd(key, null);
        }
        return [.. found.Take(MostAlerts).Select(f => Explain(db, f.Key, f.Value))];
    }

    /// <summary>Explains one alert by its id; null when nothing is known of it.</summary>
    public AlertExplanation? Explain(string id)
    {
        writer.Flush();
        using StateDb db = state.Open();
        TrailRow? step = db.Trail.AsNoTracking().Where(t => t.Subject == id && t.Ref != null && t.Members != null).OrderByDescending(t => t.Id).FirstOrDefault();
        if (step is null)
            return null;
        var key = new AlertKey(step.Ref!, LabelsJson.Read(step.Members!));
        return Explain(db, key, rules.Find(key));
    }

    /// <summary>How a rule is, for those whose alert there is no trace of.</summary>
    public IReadOnlyList<string> ExplainRule(string name) =>
    [
        .. rules.All.Where(r => r.Value.Rule.Name == name).SelectMany(r => new[]
        {
            $"rule {r.Value.Rule.Name} ({r.Value.Rule.Location}): {r.Value.Rule.Expr.Text}",
            r.Value.Error is { } error ? $"it is in error: {error}" : r.Value.LastAt == 0 ? "it has not been evaluated yet" : $"last evaluated at {Moment(r.Value.LastAt)} in {r.Value.LastDuration.TotalMilliseconds:0.#} ms; {r.Value.Alerts.Count} alerts are pending, firing or without data",
        }),
    ];

    /// <summary>The alerts that a message was about, and that are still open.</summary>
    public IReadOnlyList<RoutedAlert> OpenOf(string message)
    {
        using StateDb db = state.Open();
        HashSet<string> ids = [.. db.Trail.AsNoTracking().Where(t => t.Ref == message && t.What == "message").Select(t => t.Members).ToList().SelectMany(m => (m ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        return [.. rules.Open.Select(a => new RoutedAlert(a.Key, a.Alert, a.Alert.State, 0)).Where(a => ids.Contains(Acknowledgements.WriteId(a.Id)))];
    }

    private AlertExplanation Explain(StateDb db, AlertKey key, AlertInstance? alert)
    {
        string id = Acknowledgements.WriteId(key.ToId());
        List<TrailRow> own = [.. db.Trail.AsNoTracking().Where(t => t.Subject == id).OrderByDescending(t => t.Id).Take(MostLines)];
        List<string> groups = [.. own.Where(t => t.Groups is not null).SelectMany(t => t.Groups!.Split('\n')).Distinct()];
        List<TrailRow> messages = [.. db.Trail.AsNoTracking().Where(t => groups.Contains(t.Subject) && t.What == "message" && t.Members!.Contains(id)).OrderByDescending(t => t.Id).Take(MostLines)];
        List<string> keys = [.. messages.Select(m => m.Ref!).Distinct()];
        List<TrailRow> tries = [.. db.Trail.AsNoTracking().Where(t => keys.Contains(t.Subject)).OrderByDescending(t => t.Id).Take(MostLines)];
        IEnumerable<TrailRow> all = own.Concat(messages).Concat(tries).OrderBy(t => t.At).ThenBy(t => t.What == "message" ? 1 : 0).ThenBy(t => t.Id);
        AlertRuleState? rule = rules.All.GetValueOrDefault(key.Rule);
        return new AlertExplanation(id, NameOf(key.Rule), key.Series, alert?.State.Name ?? "inactive", Now(key, rule, alert), [.. all.Select(t => new TrailLine(t.At, t.What, t.What == "message" ? $"{t.Text} (key {t.Ref})" : t.Text))]);
    }

    private List<string> Now(AlertKey key, AlertRuleState? rule, AlertInstance? alert)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var said = new List<string>();
        if (ExternalAlerts.IsKey(key.Rule))
            said.Add(alert?.GeneratorUrl is { Length: > 0 } url ? $"judged and sent by others: {url}" : "judged and sent by others");
        else if (rule is null)
            said.Add("its rule is no longer there");
        else
            said.AddRange(ExplainRule(rule.Rule.Name).Take(2));
        if (alert is null)
            return [.. said, "it is neither pending nor firing"];
        if (rule is not null)
        {
            said.Add(alert.State is AlertState.Pending pending
                ? $"pending since {Moment(pending.Since)}; it fires when it stays so for {Duration.Format(rule.Rule.Policy.For)}"
                : $"{alert.State.Name}; the value judged last is {Formats.FloatText.Format(alert.Value)}{(double.IsNaN(alert.Bound) ? "" : $", its bound {Formats.FloatText.Format(alert.Bound)}")}");
        }
        foreach (Route route in router.Root.Match(alert.Labels))
        {
            said.Add($"goes to {route.Receiver} by route {route.Id}, together with alerts of {route.GroupOf(alert.Labels)}");
            if (router.Suppression.Reason(route, now) is { } mute)
                said.Add($"nobody is told now: {mute}");
        }
        // The router's own inhibitor belongs to its thread.
        RoutingOptions routing = options.Value.Routing;
        var muting = new Suppression(silences, routing);
        foreach ((_, AlertInstance other) in rules.Open)
            muting.Inhibitor.Add(other.Labels);
        if (muting.Reason(alert.Labels, now) is { } reason)
            said.Add($"nobody is told now: {reason}");
        if (acks.Find(new RoutedAlert(key.Rule, alert, alert.State, 0)) is { } ack)
            said.Add($"acknowledged by {ack.By} at {Moment(ack.At)}: it is neither repeated nor escalated");
        return said;
    }

    public static string Moment(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static bool Meets(Labels labels, IReadOnlyList<LabelMatcher> matchers) => matchers.All(m => m.Matches(labels));

    /// <summary>The rule's name out of <c>FILE;GROUP;NAME#2</c>.</summary>
    private static string NameOf(string key)
    {
        string last = key[(key.LastIndexOf(';') + 1)..];
        int sign = last.LastIndexOf('#');
        return sign > 0 ? last[..sign] : last;
    }
}
