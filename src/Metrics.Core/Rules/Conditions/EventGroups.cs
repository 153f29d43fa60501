using System.Globalization;
using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>
/// The groups of a rule over events, each with its window. Bounded, since outsiders choose the values: beyond the greatest number of groups
/// all others are counted together, and all windows share one number of entries. May be used by several threads.
/// </summary>
internal sealed class EventGroups(EventCount condition)
{
    /// <summary>Entries of all windows together: some 50 MB at the worst.</summary>
    private const int MaxEntries = 500_000;

    /// <summary>Entries that each window may have, however many there are.</summary>
    private const int MinShare = 128;

    /// <summary>With more groups than these only one event is kept of each as evidence.</summary>
    private const int ManyGroups = 2_000;

    private readonly long _window = (long)condition.Over.TotalMilliseconds;
    private readonly string[] _labels = [.. condition.GroupBy.Select(EventFields.LabelName)];
    private readonly Labels _otherSeries = Labels.Of([.. condition.GroupBy.Select(f => new Label(EventFields.LabelName(f), "other"))]);
    private readonly Lock _lock = new();

    /// <summary>By <see cref="KeyOf(string[])"/>: labels are made once a group, and not for each event.</summary>
    private readonly Dictionary<string, EventGroup> _groups = [];

    /// <summary>Every group once, by the time at which something leaves its window next.</summary>
    private readonly SortedSet<EventGroup> _expiry = new(Comparer<EventGroup>.Create(CompareExpiry));
    private readonly HashSet<Labels> _touched = [];

    /// <summary>Groups that have noted rows of the batch at hand as evidence.</summary>
    private readonly List<EventGroup> _noted = [];
    private readonly string[] _values = new string[condition.GroupBy.Count];
    private EventGroup? _other;
    private long _until = long.MinValue;
    private long _squeezed = long.MinValue;
    private long _entries;
    private long _late;
    private long _made;

    /// <summary>Groups in the window, the one of all others not counted.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _groups.Count;
        }
    }

    /// <summary>Events that came when they had left the window already.</summary>
    public long Late
    {
        get
        {
            lock (_lock)
                return _late;
        }
    }

    /// <summary>Which limit is reached now, in words; null when none is.</summary>
    public string? LimitReached
    {
        get
        {
            lock (_lock)
            {
                if (_other is not null)
                {
                    return $"more than {condition.MaxGroups} groups are in the window; "
                        + "the events of all further ones are counted together as 'other'";
                }
                return _squeezed > _until && condition.Distinct is not null
                    ? $"more than {MaxEntries} different values are in the window; of each group only those heard of last are counted"
                    : null;
            }
        }
    }

    /// <summary>When an event happened for us, milliseconds since 1970 UTC: of the future means when it was seen.</summary>
    public static long MomentOf(long time, long observedTime) => (observedTime > 0 ? Math.Min(time, observedTime) : time) / 1_000_000;

    /// <summary>Counts those rows of a batch that the rule's filter lets through.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="filter">The filter: that of the rule as it is now.</param>
    /// <returns>How many these are.</returns>
    public int Add(EventBatch batch, int first, EventFilter filter)
    {
        int taken = 0;
        lock (_lock)
        {
            for (int row = first; row < batch.Count; row = filter.NextMatch(batch, row + 1))
            {
                AddRow(batch, row);
                taken++;
            }
            foreach (EventGroup group in _noted)
                group.Keep(batch);
            _noted.Clear();
        }
        return taken;
    }

    /// <summary>Lets the window slide to end at a moment, and gives what is to be judged.</summary>
    /// <param name="at">The moment, milliseconds since 1970 UTC.</param>
    /// <param name="all">Whether all groups are given, not only those whose count may be another one.</param>
    /// <param name="also">Groups that are given in any case, with 0 when they are empty.</param>
    public List<(Labels Series, long Count)> Slide(long at, bool all, IEnumerable<Labels> also)
    {
        lock (_lock)
        {
            Expire(at - _window);
            HashSet<Labels> wanted = [.. also, .. _touched];
            if (all)
                wanted.UnionWith(Everything().Select(g => g.Series));
            _touched.Clear();
            return [.. wanted.Select(s => (s, Find(s)?.Window.Count ?? 0))];
        }
    }

    /// <summary>Has groups judged again that were given already, since the round came to nothing.</summary>
    public void Return(IEnumerable<Labels> series)
    {
        lock (_lock)
            _touched.UnionWith(series);
    }

    /// <summary>The newest events of a group.</summary>
    public IReadOnlyList<Event> NewestOf(Labels series)
    {
        lock (_lock)
            return Find(series)?.Newest ?? [];
    }

    private void AddRow(EventBatch batch, int row)
    {
        string? value = condition.Distinct is null ? null : batch.Value(row, condition.Distinct);
        if (condition.Distinct is not null && string.IsNullOrEmpty(value))
            return;
        long moment = MomentOf(batch.Times[row], batch.ObservedTimes[row]);
        if (moment <= _until)
        {
            _late++;
            return;
        }
        EventGroup group = GroupOf(batch, row);
        int before = group.Window.Entries;
        bool isNew = group.Window.Add(moment, batch.Ids[row], value);
        _entries += group.Window.Entries - before;
        if (!isNew)
            return;
        if (group.Note(batch, row, _groups.Count > ManyGroups ? 1 : EventGroup.MaxNewest))
            _noted.Add(group);
        _touched.Add(group.Series);
        Queue(group);
        Bound(group, moment);
    }

    private EventGroup? Find(Labels series) => _groups.GetValueOrDefault(KeyOf(series))
        ?? (_other is { } other && other.Series.Equals(series) ? other : null);

    private IEnumerable<EventGroup> Everything() => _other is null ? _groups.Values : _groups.Values.Append(_other);

    private EventGroup GroupOf(EventBatch batch, int row)
    {
        for (int i = 0; i < _values.Length; i++)
            _values[i] = batch.Value(row, condition.GroupBy[i]) ?? "";
        string key = KeyOf(_values);
        if (_groups.TryGetValue(key, out EventGroup? group))
            return group;
        if (_groups.Count >= condition.MaxGroups)
            return _other ??= new EventGroup(_otherSeries, NewWindow(), _made++);
        Labels series = Labels.Of([.. _values.Select((v, i) => new Label(_labels[i], v))]);
        _groups.Add(key, group = new EventGroup(series, NewWindow(), _made++));
        return group;
    }

    private string KeyOf(Labels series) => KeyOf([.. _labels.Select(l => series[l])]);

    /// <summary>The values of a group as one text; of several each with its length, so that no two groups have the same.</summary>
    private static string KeyOf(string[] values) => values switch
    {
        [] => "",
        [var only] => only,
        _ => string.Concat(values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Length}:{v}"))),
    };

    private IEventWindow NewWindow() => condition.Distinct is null ? new CountWindow(_window) : new DistinctWindow();

    private static int CompareExpiry(EventGroup a, EventGroup b) =>
        a.QueuedExpiry != b.QueuedExpiry ? a.QueuedExpiry.CompareTo(b.QueuedExpiry) : a.Number.CompareTo(b.Number);

    /// <summary>
    /// Queues a group by its oldest entry. What is queued for an earlier time already stays: it is looked at then, and queued again.
    /// </summary>
    private void Queue(EventGroup group)
    {
        if (group.Window.Oldest >= group.QueuedExpiry)
            return;
        _expiry.Remove(group);
        group.QueuedExpiry = group.Window.Oldest;
        _expiry.Add(group);
    }

    private void Expire(long until)
    {
        _until = Math.Max(_until, until);
        while (_expiry.Min is { } group && group.QueuedExpiry <= _until)
        {
            _expiry.Remove(group);
            int before = group.Window.Entries;
            group.Window.Expire(_until);
            group.ExpireNewest(_until);
            _entries -= before - group.Window.Entries;
            _touched.Add(group.Series);
            group.QueuedExpiry = long.MaxValue;
            if (group.Window.Entries > 0)
                Queue(group);
            else if (group == _other)
                _other = null;
            else
                _groups.Remove(KeyOf(group.Series));
        }
    }

    /// <summary>Keeps the entries of all windows within their bound.</summary>
    private void Bound(EventGroup grown, long moment)
    {
        int share = (int)Math.Max(MinShare, MaxEntries / 2 / Math.Max(1, _groups.Count));
        if (_entries <= Math.Max(MaxEntries, 2L * MinShare * _groups.Count) || grown.Window.Entries <= share)
            return;
        foreach (EventGroup group in Everything())
        {
            int before = group.Window.Entries;
            group.Window.Shrink(share);
            _entries -= before - group.Window.Entries;
        }
        _squeezed = moment;
    }
}
