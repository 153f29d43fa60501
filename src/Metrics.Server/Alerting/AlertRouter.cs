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
/// transaction that remembers what was said. Used by the rule engine's thread; others may read <see cref="Root"/> and <see cref="Muting"/>.
/// </summary>
internal sealed class AlertRouter(CurrentOptions options, SilenceBook silences, SelfMetrics metrics)
{
    private readonly Dictionary<string, AlertRuleState> _rules = [];
    private readonly HashSet<AlertGroup> _changed = [];
    private NotificationOptions? _inForce;
    private AlertGroups _groups = new(new Route { Id = "{}", Receiver = "" });
    private Muting _muting = new(silences, new RoutingOptions(new Route { Id = "{}", Receiver = "" }, [], new Dictionary<string, IReadOnlyList<TimeInterval>>()));

    /// <summary>When a group is due next, milliseconds since 1970 UTC.</summary>
    public long NextDue => _groups.NextDue;

    /// <summary>The routing tree in force, and why alerts are muted; for those who look on.</summary>
    public Muting Muting => _muting;

    /// <summary>The routing tree in force.</summary>
    public Route Root => _groups.Root;

    /// <summary>Puts back groups and open alerts at the start.</summary>
    public void Restore(StateDb db, long now)
    {
        Apply(options.Value.Notifications);
        foreach (GroupRow row in db.Groups.AsNoTracking())
            _groups.Restore(row.Route, LabelsJson.Read(row.Labels), row.NextFlush, GroupJson.ReadTold(row.Told), GroupJson.ReadOver(row.Over));
    }

    /// <summary>Says which rules are in force: their alerts are looked up there when a message is written.</summary>
    public void Use(IReadOnlyDictionary<string, AlertRuleState> rules, long now)
    {
        _rules.Clear();
        foreach ((string key, AlertRuleState rule) in rules)
        {
            _rules.Add(key, rule);
            foreach (AlertInstance alert in rule.Alerts.Where(a => a.State.IsOpen))
                Take(new RoutedAlert(key, alert, alert.State, now), now);
        }
    }

    /// <summary>Takes a step of an alert.</summary>
    public void Take(string rule, AlertChange change)
    {
        if (change.Alert.State.IsOpen || change.Before.IsOpen)
            Take(new RoutedAlert(rule, change.Alert, change.Before, change.At), change.At);
    }

    /// <summary>Whether there is anything to write: groups that changed, or are due.</summary>
    public bool IsDue(long now) => _changed.Count > 0 || NextDue <= now || !ReferenceEquals(_inForce, options.Value.Notifications);

    /// <summary>Adds the messages that are due, and what is to be remembered, to a unit of work.</summary>
    /// <returns>How many messages.</returns>
    public int Flush(StateDb db, long now)
    {
        if (!ReferenceEquals(_inForce, options.Value.Notifications))
            Reroute(db, now);
        int messages = 0;
        foreach (AlertGroup group in _groups.TakeDue(now))
        {
            Refresh(group);
            IReadOnlyList<Integration> integrations = IntegrationsOf(group.Route.Receiver);
            bool isSilent = _muting.Reason(group.Route, now) is not null;
            foreach (Notice notice in group.Flush(now, integrations, a => _muting.Reason(a.Alert.Labels, now) is not null, isSilent))
            {
                Outbox.Add(db, notice, _inForce!, now);
                messages++;
            }
            _changed.Add(group);
        }
        foreach (AlertGroup group in _changed)
            Save(db, group);
        _changed.Clear();
        metrics.AlertGroups.Set(_groups.All.Count);
        return messages;
    }

    private void Take(RoutedAlert alert, long now)
    {
        if (alert.IsOver)
            _muting.Inhibitor.Remove(alert.Alert.Labels);
        else
            _muting.Inhibitor.Add(alert.Alert.Labels);
        _changed.UnionWith(_groups.Take(alert, now));
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

    private List<Integration> IntegrationsOf(string receiver) => [.. _inForce!.NotifiersOf(receiver).Select(n => new Integration(n.Key, n.Notifier.SendResolved))];

    private void Apply(NotificationOptions notifications)
    {
        _inForce = notifications;
        _groups = new AlertGroups(notifications.Routing.Root);
        _muting = new Muting(silences, notifications.Routing);
    }

    /// <summary>Another configuration: what was said of a group stays known where its route is still there.</summary>
    private void Reroute(StateDb db, long now)
    {
        List<AlertGroup> before = [.. _groups.All];
        Apply(options.Value.Notifications);
        db.Groups.RemoveRange(db.Groups.ToList());
        _changed.Clear();
        foreach (AlertGroup group in before)
            _groups.Restore(group.Route.Id, group.Labels, group.NextFlush, group.Told, group.Alerts.Where(a => a.IsOver));
        foreach (RoutedAlert alert in before.SelectMany(g => g.Alerts).Where(a => !a.IsOver).DistinctBy(a => a.Key))
            Take(alert, now);
        _changed.UnionWith(_groups.All);
    }

    private static void Save(StateDb db, AlertGroup group)
    {
        GroupRow? row = db.Groups.Find(group.Route.Id, LabelsJson.Write(group.Labels));
        if (group.IsGone)
        {
            if (row is not null)
                db.Groups.Remove(row);
            return;
        }
        if (row is null)
            db.Groups.Add(row = new GroupRow { Route = group.Route.Id, Labels = LabelsJson.Write(group.Labels), Told = "", Over = "" });
        row.NextFlush = group.NextFlush;
        row.Told = GroupJson.WriteTold(group.Told);
        row.Over = GroupJson.WriteOver(group.Alerts.Where(a => a.IsOver));
    }
}
