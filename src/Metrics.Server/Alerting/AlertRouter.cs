using Metrics.Configuration;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Storage;
using Metrics.Storage.State;
using Metrics.Telemetry;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>
/// From a rule's verdict to messages: alerts go into the groups of their routes, and a group that is due leaves its messages in the outbox, in the same
/// transaction that remembers what was said. Used by the rule engine's thread; others may read <see cref="Root"/> and <see cref="Suppression"/>.
/// </summary>
internal sealed class AlertRouter(Current<NotificationOptions> options, Silences silences, Acknowledgements acks, SignedLinks links, HistoryWriter trail, SelfMetrics metrics)
{
    private const int AlertsAtOnce = 500;
    private static readonly TimeSpan s_flapsKept = TimeSpan.FromDays(1);
    private static readonly Route s_nowhere = new() { Id = "{}", Receiver = "" };

    private readonly Dictionary<string, AlertRuleState> _rules = [];
    private readonly HashSet<AlertGroup> _changed = [];
    private readonly HashSet<AlertKey> _flapped = [];
    private readonly Dictionary<AlertKey, (RoutedAlert Alert, IReadOnlyList<AlertGroup> Groups)> _entered = [];
    private readonly List<UInt128> _ended = [];
    private readonly Dictionary<UInt128, string> _mutedBy = [];
    private readonly SeverityPrecedence _ladder = new();
    private readonly NotificationThrottle _storms = new();
    private NotificationOptions? _inForce;
    private AlertGroups _groups = new(s_nowhere);
    private FlapDetector _flaps = new(FlapPolicy.Off);
    private Suppression _muting = new(silences, new RoutingOptions(s_nowhere, [], new Dictionary<string, IReadOnlyList<TimeInterval>>()));
    private int _acknowledged;

    /// <summary>When a group is due next, milliseconds since 1970 UTC.</summary>
    public long NextDue => Math.Min(_groups.NextDue, _flaps.NextDue);

    /// <summary>Why alerts are muted; for those who look on.</summary>
    public Suppression Suppression => _muting;

    /// <summary>The routing tree in force.</summary>
    public Route Root => _groups.Root;

    /// <summary>Puts back groups at the start; open alerts follow by <see cref="Use"/>.</summary>
    public void Restore(IEnumerable<GroupRow> groups, IEnumerable<FlapRow> flaps, StateWriter writer, long now)
    {
        links.Load();
        Apply(options.Value);
        acks.Changed += () => Interlocked.Exchange(ref _acknowledged, 1);
        List<RoutedAlert> held = [];
        foreach (GroupRow row in groups)
        {
            List<RoutedAlert> over = [.. GroupJson.ReadOver(row.Over)];
            held.AddRange(over.Where(a => a.IsFlapping));
            _groups.Restore(row.Route, LabelsJson.Read(row.Labels), row.NextFlush, GroupJson.ReadTold(row.Told), over);
        }
        foreach (FlapRow row in flaps)
        {
            if (FlapText.Read(row.Changes) is [.., var last] && now - last > s_flapsKept.TotalMilliseconds)
            {
                writer.DeleteFlap(row.Rule, row.Series);
                continue;
            }
            var key = new AlertKey(row.Rule, LabelsJson.Read(row.Series));
            _flaps.Restore(new FlapRecord(key, FlapText.Read(row.Changes), row.IsFlapping, row.IsOver), held.Find(a => a.Key == key));
        }
    }

    /// <summary>Says which rules are in force: their alerts are looked up there when a message is written; and which alerts others have sent.</summary>
    public void Use(IReadOnlyDictionary<string, AlertRuleState> rules, IReadOnlyList<(string Key, AlertInstance Alert)> sent, long now)
    {
        _rules.Clear();
        foreach ((string key, AlertRuleState rule) in rules)
        {
            _rules.Add(key, rule);
            foreach (AlertInstance alert in rule.Alerts.Where(a => a.State.IsOpen))
                Take(new RoutedAlert(key, alert, alert.State, now), now);
        }
        foreach ((string key, AlertInstance alert) in sent)
            Take(new RoutedAlert(key, alert, alert.State, now), now);
        _entered.Clear();
    }

    /// <summary>Takes a step of an alert.</summary>
    public void Take(string rule, AlertChange change)
    {
        if (change.Alert.State.IsOpen || change.Before.IsOpen)
            Take(new RoutedAlert(rule, change.Alert, change.Before, change.At), change.At);
    }

    /// <summary>Whether there is anything to write: groups that changed, or are due.</summary>
    public bool IsDue(long now) => _changed.Count > 0 || NextDue <= now || _acknowledged != 0 || !ReferenceEquals(_inForce, options.Value);

    /// <summary>Adds the messages that are due, and what is to be remembered, to a unit of work.</summary>
    /// <returns>How many messages.</returns>
    public int Flush(StateWriter to, long now)
    {
        if (!ReferenceEquals(_inForce, options.Value))
            Reroute(to, now);
        Interlocked.Exchange(ref _acknowledged, 0);
        foreach (RoutedAlert calm in _flaps.TakeQuiet(now).ToList())
            Enter(calm with { Before = calm.Before.IsOpen ? calm.Before : new AlertState.Firing(calm.At, calm.At) }, now);
        foreach ((RoutedAlert alert, _) in _entered.Values.ToList())
        {
            (UInt128 id, string text, string? groups) = TakeRoutingNote(alert.Key);
            trail.Add(new TrailRow { At = alert.At, Subject = Acknowledgements.WriteId(id), What = "grouped", Text = text, Groups = groups });
        }
        (int messages, int alerts) = (0, 0);
        // The rest is due still: those who are told first need not wait for those who are told last.
        while (alerts < AlertsAtOnce && _groups.TakeDue(now) is { } group)
        {
            alerts += group.Alerts.Count;
            Refresh(group);
            string? silent = _muting.Reason(group.Route, now);
            foreach (Notice notice in group.Flush(now, IntegrationsOf(group, now), a => IsMuted(to, a, now), silent is not null, a => acks.Find(a) is not null))
            {
                Send(to, notice, now);
                messages++;
            }
            foreach (RoutedAlert mute in silent is null ? [] : group.Alerts.Where(a => !a.IsOver))
                NoteMute(to, mute, silent, now);
            _groups.PutBack(group, now);
            _changed.Add(group);
        }
        foreach (AlertGroup group in _changed)
            Save(to, group);
        _changed.Clear();
        acks.Forget(to, _ended);
        _ended.Clear();
        SaveFlaps(to);
        _storms.Save(to);
        metrics.AlertGroups.Set(_groups.All.Count);
        return messages;
    }

    /// <summary>Where an alert that has just come goes, in words, and the keys of its groups; asked once.</summary>
    public (UInt128 Id, string Text, string? Groups) TakeRoutingNote(AlertKey alert)
    {
        if (!_entered.Remove(alert, out (RoutedAlert Alert, IReadOnlyList<AlertGroup> Groups) entered))
            return (alert.ToId(), "", null);
        // The id is kept with the alert: it is asked for again when the message is written.
        return (entered.Alert.Id, string.Join("; ", entered.Groups.Select(g => $"goes to {g.Route.Receiver} by route {g.Route.Id} with alerts of {g.Labels}")), string.Join('\n', entered.Groups.Select(g => g.Key)));
    }

    /// <summary>Why nobody is told of an alert now, or null.</summary>
    private string? MutedBy(RoutedAlert alert, long now) =>
        _muting.Reason(alert.Alert.Labels, now) ?? (_rules.TryGetValue(alert.Rule, out AlertRuleState? rule) && _ladder.Above(rule.Rule, alert.Alert.Series) is { } higher ? $"it is {higher} already" : null);

    private void Take(RoutedAlert step, long now)
    {
        RoutedAlert alert = _flaps.Take(step);
        _flapped.Add(alert.Key);
        Enter(alert, now);
    }

    private void Enter(RoutedAlert alert, long now)
    {
        if (_rules.TryGetValue(alert.Rule, out AlertRuleState? rule))
            _ladder.Note(rule.Rule, alert.Alert.Series, alert.Alert.State.IsOpen);
        if (alert.IsOver)
        {
            _muting.Inhibitor.Remove(alert.Alert.Labels);
            _mutedBy.Remove(alert.Id);
            _ended.Add(alert.Id);
        }
        else
        {
            _muting.Inhibitor.Add(alert.Alert.Labels);
        }
        bool isNew = _groups.Of(alert.Key).Count == 0;
        IReadOnlyList<AlertGroup> groups = _groups.Take(alert, now);
        if (isNew && groups.Count > 0)
            _entered[alert.Key] = (alert, groups);
        _changed.UnionWith(groups.Where(g => g.IsChanged));
    }

    private bool IsMuted(StateWriter to, RoutedAlert alert, long now)
    {
        string? reason = MutedBy(alert, now);
        NoteMute(to, alert, reason, now);
        return reason is not null;
    }

    /// <summary>The trail tells when an alert became mute and when not, not each time somebody looked.</summary>
    private void NoteMute(StateWriter to, RoutedAlert alert, string? reason, long now)
    {
        if (_mutedBy.GetValueOrDefault(alert.Id) == reason)
            return;
        trail.Add(new TrailRow { At = now, Subject = Acknowledgements.WriteId(alert.Id), What = reason is null ? "heard" : "muted", Text = reason ?? "no longer muted" });
        if (reason is null)
            _mutedBy.Remove(alert.Id);
        else
            _mutedBy[alert.Id] = reason;
    }

    /// <summary>Messages tell the value that was judged last, not the one that began it.</summary>
    private void Refresh(AlertGroup group)
    {
        foreach (RoutedAlert alert in group.Alerts.Where(a => !a.IsOver).ToList())
        {
            if (_rules.TryGetValue(alert.Rule, out AlertRuleState? rule) && rule.Find(alert.Alert.Series) is { State.IsOpen: true } now)
                group.Take(alert with { Alert = now });
        }
    }

    /// <summary>Those of the route's receiver, and of the steps of escalation that may have come.</summary>
    private List<Integration> IntegrationsOf(AlertGroup group, long now)
    {
        if (group.Route.Id == RoutingOptions.ReceiverDownRoute)
            return [.. _inForce!.OthersThan(group.Labels["receiver"]).Select(n => new Integration(n.Key, n.Notifier.SendResolved))];
        List<Integration> all = [.. _inForce!.NotifiersOf(group.Route.Receiver).Select(n => new Integration(n.Key, n.Notifier.SendResolved))];
        foreach (EscalationStep step in group.Route.Escalation)
            all.AddRange(_inForce.NotifiersOf(step.Receiver).Where(n => all.TrueForAll(i => i.Key != n.Key)).Select(n => new Integration(n.Key, n.Notifier.SendResolved, step.After)));
        return all;
    }

    private void Send(StateWriter to, Notice notice, long now)
    {
        string key = Guid.NewGuid().ToString("N");
        AlertMessage message = AlertMessage.Of(notice, _inForce!.ExternalUrl, acks);
        if (notice.Integration.After > TimeSpan.Zero)
            message = message with { Note = $"Nobody has acknowledged this for {Duration.Format(notice.Integration.After)}." };
        NotifierKind? kind = NotificationOptions.KindOf(notice.Integration.Key);
        string? digest = kind is { IsForPeople: true } ? _storms.Take(notice, message, _inForce.Routing.Storm, now, links) : null;
        if (digest is not null)
            key = digest;
        else
            to.AddMessage(notice.Integration.Key, (kind is { IsBare: true } ? message.ToPublic() : message with { Links = MessageLinks.Of(message, key, links) }).ToJson(), key, now, 0);
        to.AddTrail(new TrailRow
        {
            At = now, Subject = notice.Group.Key, What = "message", Ref = key, Members = string.Join(' ', notice.Alerts.Select(a => Acknowledgements.WriteId(a.Id))),
            Text = $"to {notice.Integration.Key}: {notice.Alerts.Count(a => !a.IsOver)} firing, {notice.Alerts.Count(a => a.IsOver)} over{(digest is not null ? ", in a digest" : "")}",
        });
    }

    private void Apply(NotificationOptions notifications)
    {
        _inForce = notifications;
        _groups = new AlertGroups(notifications.Tree);
        _flaps = new FlapDetector(notifications.Routing.Flapping);
        _muting = new Suppression(silences, notifications.Routing);
    }

    /// <summary>Another configuration: what was said of a group stays known where its route is still there.</summary>
    private void Reroute(StateWriter to, long now)
    {
        List<AlertGroup> before = [.. _groups.All];
        List<FlapRecord> flaps = [.. before.SelectMany(g => g.Alerts).Select(a => a.Key).Distinct().Select(_flaps.Find).OfType<FlapRecord>()];
        Apply(options.Value);
        to.DeleteGroups();
        _changed.Clear();
        List<RoutedAlert> alerts = [.. before.SelectMany(g => g.Alerts).DistinctBy(a => a.Key)];
        foreach (FlapRecord record in flaps)
            _flaps.Restore(record, alerts.Find(a => a.Key == record.Alert));
        foreach (AlertGroup group in before)
            _groups.Restore(group.Route.Id, group.Labels, group.NextFlush, group.Told, group.Alerts.Where(a => a.Alert.State is AlertState.Inactive));
        foreach (RoutedAlert alert in alerts.Where(a => a.Alert.State is not AlertState.Inactive))
            Enter(alert, now);
        _changed.UnionWith(_groups.All);
    }

    private void SaveFlaps(StateWriter to)
    {
        foreach (AlertKey key in _flapped)
        {
            if (_flaps.Find(key) is { } record)
                to.SaveFlap(key.Rule, LabelsJson.Write(key.Series), FlapText.Write(record.Changes), record.IsFlapping, record.IsOver);
        }
        _flapped.Clear();
    }

    private static void Save(StateWriter to, AlertGroup group)
    {
        group.IsChanged = false;
        string labels = LabelsJson.Write(group.Labels);
        if (group.IsGone)
            to.DeleteGroup(group.Route.Id, labels);
        else
            to.SaveGroup(group.Route.Id, labels, group.NextFlush, GroupJson.WriteTold(group.Told), GroupJson.WriteOver(group.Alerts.Where(a => a.Alert.State is AlertState.Inactive)));
    }
}
