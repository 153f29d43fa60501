using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>
/// The groups of a rule over events by their values, and by when something leaves the window of each. For one thread at a time.
/// </summary>
internal sealed class EventGroupTable(EventCondition condition)
{
    private EventCondition _condition = condition;
    private readonly string[] _labels = [.. condition.GroupBy.Select(EventFields.LabelName)];
    private readonly Labels _otherSeries = Labels.Of([.. condition.GroupBy.Select(f => new Label(EventFields.LabelName(f), "other"))]);

    /// <summary>By the values of the fields: labels are made once a group, and not for each event.</summary>
    private readonly Dictionary<string, EventGroup> _groups = [];

    /// <summary>Every group once, by the time at which something leaves its window next.</summary>
    private readonly SortedSet<EventGroup> _expiry = new(Comparer<EventGroup>.Create(CompareExpiry));

    /// <summary>Groups by how many events they had when they were looked at; empty until places are too few.</summary>
    private readonly PriorityQueue<EventGroup, long> _byWeight = new();
    private long _made;

    /// <summary>Groups, that of all others not counted.</summary>
    public int Count => _groups.Count;

    /// <summary>The group of all others; null while there is none.</summary>
    public EventGroup? Other { get; private set; }

    /// <summary>All groups, that of all others too.</summary>
    public IEnumerable<EventGroup> Everything => Other is null ? _groups.Values : _groups.Values.Append(Other);

    /// <summary>The group of a key; null when there is none.</summary>
    public EventGroup? this[string key] => _groups.GetValueOrDefault(key);

    /// <summary>The group of a series; null when there is none.</summary>
    public EventGroup? Find(Labels series) => this[KeyOf(series)] ?? (IsOther(series) ? Other : null);

    /// <summary>Goes on for a condition that remembers the same.</summary>
    public void GoOnFor(EventCondition same) => _condition = same;

    /// <summary>Whether a series is that of all others.</summary>
    public bool IsOther(Labels series) => series.Equals(_otherSeries);

    /// <summary>The values of a series as a key.</summary>
    public string KeyOf(Labels series) => GroupKey.Of([.. _labels.Select(l => series[l])]);

    /// <summary>Values of the fields as labels.</summary>
    public Labels SeriesOf(string[] values) => Labels.Of([.. values.Select((v, i) => new Label(_labels[i], v))]);

    /// <summary>Adds a group.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="series">Its values as labels.</param>
    /// <param name="before">How many of its events came before.</param>
    public EventGroup Add(string key, Labels series, long before = 0)
    {
        EventGroup group = New(series, before);
        _groups.Add(key, group);
        if (_byWeight.Count > 2 * _groups.Count)
            _byWeight.Clear();
        else if (_byWeight.Count > 0)
            _byWeight.Enqueue(group, 0);
        return group;
    }

    /// <summary>Removes the group of the fewest events if another with so many more deserves its place; null when none does.</summary>
    /// <param name="weight">Events of the other.</param>
    /// <param name="kept">Groups that keep their place whatever comes.</param>
    public EventGroup? RemoveLighter(long weight, HashSet<Labels> kept)
    {
        if (_byWeight.Count == 0)
            _byWeight.EnqueueRange(_groups.Values.Select(g => (g, g.Weight)));
        while (_byWeight.TryPeek(out EventGroup? group, out long known) && known < weight)
        {
            string key = KeyOf(group.Series);
            bool isThere = _groups.GetValueOrDefault(key) == group;
            if (isThere && group.Weight == known && !kept.Contains(group.Series))
            {
                _byWeight.Dequeue();
                _groups.Remove(key);
                _expiry.Remove(group);
                return group;
            }
            if (isThere)
                _byWeight.DequeueEnqueue(group, kept.Contains(group.Series) ? Math.Max(group.Weight, weight) : group.Weight);
            else
                _byWeight.Dequeue();
        }
        return null;
    }

    /// <summary>The group of all others, made when it is not there.</summary>
    public EventGroup GetOther() => Other ??= New(_otherSeries, 0);

    /// <summary>
    /// Queues a group by its oldest entry. What is queued for an earlier time already stays: it is looked at then, and queued again.
    /// </summary>
    public void Queue(EventGroup group) => Queue(group, group.Window.Oldest);

    /// <summary>Queues a group for a moment.</summary>
    public void Queue(EventGroup group, long moment)
    {
        if (moment >= group.QueuedExpiry)
            return;
        _expiry.Remove(group);
        group.QueuedExpiry = moment;
        _expiry.Add(group);
    }

    /// <summary>Takes the next group out of the queue whose window something leaves up to a moment; null when there is none.</summary>
    public EventGroup? NextExpired(long until)
    {
        if (_expiry.Min is not { } group || group.QueuedExpiry > until)
            return null;
        _expiry.Remove(group);
        group.QueuedExpiry = long.MaxValue;
        return group;
    }

    /// <summary>Puts a group back whose window has slid, or forgets it when that is empty.</summary>
    public void PutBack(EventGroup group)
    {
        if (group.Window.Entries > 0)
            Queue(group);
        else if (group == Other)
            Other = null;
        else
            _groups.Remove(KeyOf(group.Series));
    }

    private EventGroup New(Labels series, long before) =>
        new(series, _condition.NewWindow(), _made++, _condition.Steps.Count) { Before = before };

    private static int CompareExpiry(EventGroup a, EventGroup b) =>
        a.QueuedExpiry != b.QueuedExpiry ? a.QueuedExpiry.CompareTo(b.QueuedExpiry) : a.Number.CompareTo(b.Number);
}
