using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Routing;

/// <summary>
/// Where alerts wait to be reported together: takes each to its groups and says which group is due. Time is an argument; not for use by two
/// threads at once.
/// </summary>
/// <param name="root">The routing tree.</param>
public sealed class AlertGroups(Route root)
{
    /// <summary>How often a group without an interval is looked at while some of its alerts are mute.</summary>
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Route> _routes = root.All().DistinctBy(r => r.Id).ToDictionary(r => r.Id);
    private readonly Dictionary<GroupKey, AlertGroup> _groups = [];
    private readonly Dictionary<AlertKey, List<AlertGroup>> _byAlert = [];
    private readonly Dictionary<AlertKey, Labels> _labels = [];

    /// <summary>Groups that are still to tell of an alert that it is over.</summary>
    private readonly Dictionary<AlertKey, List<AlertGroup>> _ended = [];

    /// <summary>What is due at one moment keeps the order in which it came.</summary>
    private readonly PriorityQueue<AlertGroup, (Timestamp At, long Order)> _due = new();

    private long _order;

    /// <summary>The routing tree.</summary>
    public Route Root => root;

    /// <summary>All groups.</summary>
    public IReadOnlyCollection<AlertGroup> All => _groups.Values;

    /// <summary>When a group is due next; <see cref="Timestamp.Never"/> when there is none.</summary>
    public Timestamp NextDue => _due.TryPeek(out _, out (Timestamp At, long) next) ? next.At : Timestamp.Never;

    /// <summary>The groups of an alert.</summary>
    public IReadOnlyList<AlertGroup> Of(AlertKey alert) => _byAlert.TryGetValue(alert, out List<AlertGroup>? groups) ? groups : [];

    /// <summary>The labels by which an open alert was taken to its groups; null when it is not open.</summary>
    public Labels? LabelsOf(AlertKey alert) => _labels.GetValueOrDefault(alert);

    /// <summary>Takes an alert that is open, or over, to its groups.</summary>
    /// <param name="alert">The alert.</param>
    /// <param name="now">The moment.</param>
    /// <returns>The groups that changed.</returns>
    public IReadOnlyList<AlertGroup> Take(RoutedAlert alert, Timestamp now)
    {
        AlertKey key = alert.Key;
        if (!_byAlert.TryGetValue(key, out List<AlertGroup>? groups))
        {
            if (alert.IsOver)
                return [];
            _byAlert.Add(key, groups = Enter(alert, now));
        }
        else if (!_labels[key].Equals(alert.Alert.Labels) && !alert.IsOver)
        {
            foreach (AlertGroup group in groups)
                group.Drop(key);
            _byAlert[key] = groups = Enter(alert, now);
        }
        _labels[key] = alert.Alert.Labels;
        foreach (AlertGroup group in groups)
        {
            group.Take(alert);
            if (group.Route.GroupInterval == TimeSpan.Zero && group.NextFlush > now)
                Enqueue(group, now);
        }
        if (alert.IsOver)
        {
            _byAlert.Remove(key);
            _labels.Remove(key);
            _ended[key] = [.. groups];
        }
        return groups;
    }

    /// <summary>
    /// Puts back a group with what was remembered of it; its open alerts are taken afterwards. Nothing is done when its route is gone.
    /// </summary>
    public void Restore(GroupState state)
    {
        if (!_routes.TryGetValue(state.Key.Route, out Route? route))
            return;
        AlertGroup group = Group(route, state.Key.Labels, state.NextFlush);
        group.Restore(state.Log);
        foreach (RoutedAlert alert in state.Over)
        {
            group.Take(alert);
            if (alert.IsOver)
            {
                NoteIn(_ended, alert.Key, group);
                continue;
            }
            // Held open though it is over, since it flaps.
            NoteIn(_byAlert, alert.Key, group);
            _labels[alert.Key] = alert.Alert.Labels;
        }
    }

    /// <summary>Takes the group that has been due for longest; it belongs to the caller until it is put back.</summary>
    /// <param name="now">The moment.</param>
    /// <returns>A group, or null when none is due.</returns>
    public AlertGroup? TakeDue(Timestamp now)
    {
        while (_due.TryPeek(out AlertGroup? group, out (Timestamp At, long) due) && due.At <= now)
        {
            _due.Dequeue();
            // Else it is a place in the queue that a later one has replaced.
            if (group.NextFlush == due.At && !group.IsGone)
                return group;
        }
        return null;
    }

    /// <summary>Puts back a group that was looked at: it is due again after its interval, or gone when nothing is left of it.</summary>
    /// <param name="group">What <see cref="TakeDue"/> gave.</param>
    /// <param name="now">The moment.</param>
    public void PutBack(AlertGroup group, Timestamp now)
    {
        foreach (AlertKey told in group.Told)
        {
            if (_ended.TryGetValue(told, out List<AlertGroup>? left) && left.Remove(group) && left.Count == 0)
                _ended.Remove(told);
        }
        if (group.IsEmpty)
        {
            group.IsGone = true;
            _groups.Remove(group.Key);
            return;
        }
        // Without an interval it is due when something comes.
        TimeSpan pause = group.Route.GroupInterval > TimeSpan.Zero ? group.Route.GroupInterval
            : group.HasMuted ? s_lookAgain : group.Route.RepeatInterval;
        Enqueue(group, Timestamp.Min(now + pause, group.NextEscalation(now)));
    }

    private void Enqueue(AlertGroup group, Timestamp at)
    {
        group.NextFlush = at;
        _due.Enqueue(group, (at, _order++));
    }

    private static void NoteIn(Dictionary<AlertKey, List<AlertGroup>> groups, AlertKey alert, AlertGroup group)
    {
        if (!groups.TryGetValue(alert, out List<AlertGroup>? known))
            groups.Add(alert, known = []);
        known.Add(group);
    }

    private List<AlertGroup> Enter(RoutedAlert alert, Timestamp now)
    {
        List<AlertGroup> groups =
            [.. root.Match(alert.Alert.Labels).Select(r => Group(r, r.GroupOf(alert.Alert.Labels), now + r.GroupWait))];
        // Elsewhere it would be told as over while it fires here.
        if (_ended.Remove(alert.Key, out List<AlertGroup>? ended))
            ended.Except(groups).ToList().ForEach(g => g.Drop(alert.Key));
        return groups;
    }

    private AlertGroup Group(Route route, Labels labels, Timestamp firstFlush)
    {
        var key = new GroupKey(route.Id, labels);
        if (_groups.TryGetValue(key, out AlertGroup? group))
            return group;
        _groups.Add(key, group = new AlertGroup(route, key));
        Enqueue(group, firstFlush);
        return group;
    }
}
