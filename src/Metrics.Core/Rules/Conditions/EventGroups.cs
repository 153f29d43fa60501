using System.Buffers.Text;
using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>
/// The groups of a rule over events, each with its window. Bounded, since outsiders choose the values: beyond the greatest number of groups
/// all others are counted together, and all windows share one number of entries. May be used by several threads.
/// </summary>
internal sealed class EventGroups(EventCondition first)
{
    /// <summary>Entries of all windows together: some 50 MB at the worst.</summary>
    private const int MaxEntries = 500_000;

    /// <summary>Entries that each window may have, however many there are.</summary>
    private const int MinShare = 128;

    /// <summary>What a record says of how often it happened is believed up to this.</summary>
    private const int MaxTimes = 10_000;

    /// <summary>Rows that are put aside until what was before them is known.</summary>
    private const int MaxAside = 10_000;

    /// <summary>With more groups than these only one event is kept of each as evidence.</summary>
    private const int ManyGroups = 2_000;

    private readonly long _window = (long)first.Kept.TotalMilliseconds;
    private readonly Excuses _excuses = new(first.Unless);
    private readonly HeavyGroups _heavy = new((long)first.Kept.TotalMilliseconds, first.MaxGroups);
    private readonly Lock _lock = new();

    private readonly EventGroupTable _groups = new(first);
    private readonly HashSet<Labels> _touched = [];

    /// <summary>Groups whose alerts are open: they keep their place.</summary>
    private HashSet<Labels> _open = [];

    /// <summary>Groups that have noted rows of the batch at hand as evidence.</summary>
    private readonly List<EventGroup> _noted = [];
    private readonly string[] _values = new string[first.GroupBy.Count];

    private EventCondition _condition = first;

    /// <summary>Those of the rule's steps, then those of what excuses others.</summary>
    private volatile EventFilter[] _filters = FiltersOf(first);

    /// <summary>Id of the first event that came by itself: the log has it and all behind it for the second time.</summary>
    private long _firstArrived = long.MaxValue;

    /// <summary>Key of the row at hand where it belongs to the others.</summary>
    private string _otherKey = "";
    private bool _hasNewHeavy;

    /// <summary>
    /// What came before the log was read back, and is excused: where that is since nothing was before it, it may have been. Null where none
    /// was, or all is known.
    /// </summary>
    private EventBatch? _aside;
    private bool _isPastKnown;
    private bool _isReadBack;
    private long _until = long.MinValue;
    private long _squeezed = long.MinValue;
    private long _entries;
    private long _late;
    private long _excused;
    private long _leftOut;
    private long _lastLeftOut = long.MinValue;

    /// <summary>What becomes of those who are many among too many groups.</summary>
    private static string Places => ", unless they have more events than the least of the others, whose place they take then";

    /// <summary>How many groups are in the window, and how many events were left out.</summary>
    public EventTally Tally
    {
        get
        {
            lock (_lock)
                return new EventTally(_groups.Count, _late, _excused, _leftOut);
        }
    }

    /// <summary>Which limit is reached now, in words; null when none is.</summary>
    public string? LimitReached
    {
        get
        {
            lock (_lock)
            {
                if (_groups.Other is not null)
                {
                    return $"more than {_condition.MaxGroups} groups are in the window; "
                        + "the events of all further ones are counted together as 'other'"
                        + (_condition.EstimatesHeavy ? ", and those of the heaviest of them also alone, by estimate" : Places);
                }
                if (_lastLeftOut > _until)
                {
                    return $"more than {_condition.MaxGroups} groups are in the window; "
                        + "the events of all further ones are left out" + Places;
                }
                if (_excuses.AreTooMany)
                    return $"more than {Excuses.MaxSpans} times of 'unless' are in the window; those over first no longer excuse anything";
                return _squeezed > _until ? Squeezed : null;
            }
        }
    }

    /// <summary>Goes on for the condition of a rule that was read again, and remembers the same; the one before is let go.</summary>
    public void GoOnFor(EventCondition same)
    {
        lock (_lock)
        {
            (_condition, _filters) = (same, FiltersOf(same));
            _groups.GoOnFor(same);
            _excuses.GoOnFor(same.Unless);
        }
    }

    /// <summary>Counts those rows of a batch that the rule is about.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="isReadBack">Whether it comes out of the log: of that nothing counts that came by itself, too.</param>
    /// <returns>How many these are.</returns>
    public int Add(EventBatch batch, bool isReadBack)
    {
        EventFilter[] filters = _filters;
        int row = NextMatch(filters, batch, 0), taken = 0;
        if (row == batch.Count)
            return 0;
        lock (_lock)
        {
            _isReadBack = isReadBack;
            for (; row < batch.Count; row = NextMatch(filters, batch, row + 1))
            {
                long id = batch.Ids[row];
                if (isReadBack && id >= _firstArrived)
                    continue;
                if (!isReadBack && id > 0)
                    _firstArrived = Math.Min(_firstArrived, id);
                AddRow(batch, row, filters);
                taken++;
            }
            KeepNoted(batch);
        }
        return taken;
    }

    /// <summary>What was before is known from now on: what came meanwhile, and was excused, is judged again.</summary>
    public void NoteRead()
    {
        EventFilter[] filters = _filters;
        lock (_lock)
        {
            _isPastKnown = true;
            using EventBatch? aside = _aside;
            _aside = null;
            if (aside is null)
                return;
            _isReadBack = false;
            _excused -= aside.Count;
            for (int row = 0; row < aside.Count; row++)
                AddSteps(aside, row, filters);
            KeepNoted(aside);
        }
    }

    /// <summary>Lets the window slide to end at a moment, and gives what is to be judged.</summary>
    /// <param name="at">The moment, milliseconds since 1970 UTC.</param>
    /// <param name="all">Whether all groups are given, not only those whose count may be another one.</param>
    /// <param name="also">Groups that are given in any case, with 0 when they are empty.</param>
    public List<CountedGroup> Slide(long at, bool all, IEnumerable<Labels> also)
    {
        lock (_lock)
        {
            Expire(at - _window);
            RemoveExcused();
            _open = [.. also];
            HashSet<Labels> wanted = [.. _open, .. _touched];
            if (all)
                wanted.UnionWith(_groups.Everything.Select(g => g.Series));
            // What waits yet is looked at again.
            _touched.RemoveWhere(s => _groups.Find(s)?.Window is not EntryWindow window || !window.IsWaitingAt(at));
            if (_condition.EstimatesHeavy && !_heavy.IsEmpty)
                AddHeavy(wanted, at);
            return [.. wanted.Select(s => Counted(s, at))];
        }
    }

    /// <summary>Has groups judged again that were given already, since the round came to nothing.</summary>
    public void Return(IEnumerable<Labels> series)
    {
        lock (_lock)
            _touched.UnionWith(series);
    }

    /// <summary>Groups whose alerts open now.</summary>
    public void Keep(IEnumerable<Labels> series)
    {
        lock (_lock)
            _open.UnionWith(series);
    }

    /// <summary>The newest events of a group.</summary>
    public IReadOnlyList<Event> NewestOf(Labels series)
    {
        lock (_lock)
        {
            IReadOnlyList<Event> newest = _groups.Find(series)?.Newest ?? [];
            return _excuses.Exist
                ? [.. newest.Where(e => !_excuses.Cover(_excuses.KeysOf(e), e.MomentMilliseconds))]
                : newest;
        }
    }

    /// <summary>What it means that the windows together had too many entries; null where nothing is lost by it.</summary>
    private string? Squeezed
    {
        get
        {
            string[] lost =
            [
                _condition is { ValueField: not null, CountsOthers: true } ? "only those heard of last are counted" : "",
                _excuses.Exist ? "only the newest can be excused by what comes later" : "",
            ];
            string what = _condition.ValueField is null ? "events" : "different values";
            string text = string.Join(", and ", lost.Where(l => l.Length > 0));
            return text.Length == 0 ? null : $"more than {MaxEntries} {what} are in the window; of each group {text}";
        }
    }

    private static EventFilter[] FiltersOf(EventCondition condition) =>
        [.. condition.Steps.Select(s => s.Events).Concat(condition.Unless.Select(u => u.Events))];

    /// <summary>The next row of a batch that the rule is about; the number of rows when there is none.</summary>
    private static int NextMatch(EventFilter[] filters, EventBatch batch, int row)
    {
        if (filters.Length == 1)
            return filters[0].NextMatch(batch, row);
        while (row < batch.Count && !IsMatch(filters, batch, row))
            row++;
        return row;
    }

    private static bool IsMatch(EventFilter[] filters, EventBatch batch, int row)
    {
        foreach (EventFilter filter in filters)
        {
            if (filter.IsMatch(batch, row))
                return true;
        }
        return false;
    }

    private void AddRow(EventBatch batch, int row, EventFilter[] filters)
    {
        if (_excuses.Exist)
            _excuses.Take(batch, row);
        AddSteps(batch, row, filters);
    }

    private void KeepNoted(EventBatch batch)
    {
        foreach (EventGroup group in _noted)
            group.Keep(batch);
        _noted.Clear();
    }

    private void AddSteps(EventBatch batch, int row, EventFilter[] filters)
    {
        for (int step = 0; step < _condition.Steps.Count; step++)
        {
            if (filters.Length == 1 || filters[step].IsMatch(batch, row))
                AddRow(batch, row, step);
        }
    }

    /// <summary>Adds a row as one of a step.</summary>
    private void AddRow(EventBatch batch, int row, int step)
    {
        string? value = _condition.ValueField is null ? null : batch.Value(row, _condition.ValueField);
        if (_condition.ValueField is not null && string.IsNullOrEmpty(value))
            return;
        long moment = batch.MomentMillisecondsOf(row);
        if (moment <= _until)
        {
            _late += _isReadBack ? 0 : 1;
            return;
        }
        string?[]? keys = _excuses.KeysOf(batch, row);
        if (keys is not null && _excuses.Cover(keys, moment))
        {
            _excused++;
            PutAside(batch, row);
            return;
        }
        if (GroupOf(batch, row, _condition.Steps[step].GroupBy, moment) is not { } group)
            return;
        if (group.Window is EntryWindow { IsFull: true } full)
            MakeRoom(group, full);
        int before = group.Window.Entries;
        var entry = new EventEntry(moment, batch.Ids[row])
        {
            Value = value, Steps = 1 << step, Keys = group.Share(keys), Times = TimesOf(batch, row),
        };
        bool isNew = group.Window.Add(entry);
        _entries += group.Window.Entries - before;
        if (!isNew)
            return;
        if (group == _groups.Other && _condition.EstimatesHeavy)
        {
            _heavy.Add(moment, _otherKey, entry.Times);
            _hasNewHeavy = true;
        }
        if (group.Note(batch, row, step, _groups.Count > ManyGroups ? 1 : _condition.NewestOfStep))
            _noted.Add(group);
        _touched.Add(group.Series);
        _groups.Queue(group);
        Bound(group, moment);
    }

    private void PutAside(EventBatch batch, int row)
    {
        if (_isPastKnown || _isReadBack || !_excuses.NeedPast)
            return;
        _aside ??= new EventBatch("unless");
        // A row may be of several steps.
        if (_aside.Count < MaxAside && (_aside.Count == 0 || batch.Ids[row] == 0 || _aside.Ids[^1] != batch.Ids[row]))
            _aside.Add(batch.ToEvent(row));
    }

    private static int TimesOf(EventBatch batch, int row) =>
        batch.TryFind(row, EventFields.Count, out ReadOnlySpan<byte> text) && Utf8Parser.TryParse(text, out int times, out int length)
            && length == text.Length ? Math.Clamp(times, 1, MaxTimes) : 1;

    private CountedGroup Counted(Labels series, long at)
    {
        long count = _groups.Find(series)?.Window.CountAt(at) ?? 0;
        if (!_condition.EstimatesHeavy || _heavy.IsEmpty || _groups.IsOther(series))
            return new CountedGroup(series, count, 0);
        (long least, long most) = _heavy.CountOf(_groups.KeyOf(series));
        return new CountedGroup(series, count + least, least == 0 ? 0 : most - least);
    }

    /// <summary>Has the heavy ones judged of those that have no window of their own, and gives one to each whose alert is open.</summary>
    private void AddHeavy(HashSet<Labels> wanted, long at)
    {
        foreach (Labels series in wanted)
        {
            bool hasRoom = _groups.Count < _condition.MaxGroups + HeavyGroups.MaxHeavy;
            if (hasRoom && _groups.Find(series) is null && _groups.KeyOf(series) is var key && _heavy.CountOf(key).Least > 0)
                _groups.Queue(_groups.Add(key, series), at);
        }
        if (!_hasNewHeavy)
            return;
        _hasNewHeavy = false;
        foreach (string key in _heavy.Heaviest())
            wanted.Add(_groups.SeriesOf(GroupKey.Split(key, _values.Length)));
    }

    /// <summary>Takes out of the windows what others excuse that came later.</summary>
    private void RemoveExcused()
    {
        if (_excuses.TakeFresh() is not var (from, to))
            return;
        foreach (EventGroup group in _groups.Everything)
        {
            if (group.Window is EntryWindow window)
                RemoveExcused(group, window, from, to);
        }
    }

    private void RemoveExcused(EventGroup group, EntryWindow window, long from, long to)
    {
        int before = window.Entries;
        window.Remove(_excuses, from, to);
        if (window.Entries == before)
            return;
        _entries -= before - window.Entries;
        _excused += before - window.Entries;
        _touched.Add(group.Series);
    }

    /// <summary>What is excused does not pass: it would count for good then.</summary>
    private void MakeRoom(EventGroup group, EntryWindow window)
    {
        if (_excuses.Exist)
            RemoveExcused(group, window, long.MinValue + 1, long.MaxValue);
        int before = window.Entries;
        window.Thin();
        _entries -= before - window.Entries;
    }

    /// <summary>The group of a row; null where it is in none.</summary>
    private EventGroup? GroupOf(EventBatch batch, int row, IReadOnlyList<string> fields, long moment)
    {
        for (int i = 0; i < _values.Length; i++)
            _values[i] = batch.Value(row, fields[i]) ?? "";
        if (!_condition.CountsOthers && Array.Exists(_values, v => v.Length == 0))
            return null;
        string key = GroupKey.Of(_values);
        if (_groups[key] is { } known)
            return known;
        if (_groups.Count < _condition.MaxGroups)
            return _groups.Add(key, _groups.SeriesOf(_values));
        _otherKey = GroupKey.Of([.. _values.Select(GroupKey.Readable)]);
        if (_condition.EstimatesHeavy)
            return _groups[_otherKey] ?? _groups.GetOther();
        if (TakePlace(key, moment) is { } group)
            return group;
        if (_condition.CountsOthers)
            return _groups.GetOther();
        LeaveOut(1, moment);
        return null;
    }

    /// <summary>
    /// Gives a group the place of another that has fewer events; null when none has. So it takes as many events for each place to keep
    /// somebody from being seen as they have themselves.
    /// </summary>
    private EventGroup? TakePlace(string key, long moment)
    {
        _heavy.Add(moment, _otherKey);
        long weight = _heavy.CountOf(_otherKey).Least;
        if (_groups.RemoveLighter(weight, _open) is not { } lighter)
            return null;
        _entries -= lighter.Window.Entries;
        LeaveOut(lighter.Window.Entries, moment);
        return _groups.Add(key, _groups.SeriesOf(_values), weight - 1);
    }

    private void LeaveOut(int events, long moment)
    {
        _leftOut += events;
        _lastLeftOut = Math.Max(_lastLeftOut, moment);
    }

    private void Expire(long until)
    {
        _until = Math.Max(_until, until);
        _excuses.Expire(_until);
        _heavy.Expire(_until);
        while (_groups.NextExpired(_until) is { } group)
        {
            int before = group.Window.Entries;
            group.Window.Expire(_until);
            group.ExpireNewest(_until);
            _entries -= before - group.Window.Entries;
            _touched.Add(group.Series);
            _groups.PutBack(group);
        }
    }

    /// <summary>Keeps the entries of all windows within their bound.</summary>
    private void Bound(EventGroup grown, long moment)
    {
        int share = (int)Math.Max(MinShare, MaxEntries / 2 / Math.Max(1, _groups.Count));
        if (_entries <= Math.Max(MaxEntries, 2L * MinShare * _groups.Count) || grown.Window.Entries <= share)
            return;
        RemoveExcused();
        foreach (EventGroup group in _groups.Everything)
        {
            int before = group.Window.Entries;
            group.Window.Shrink(share);
            _entries -= before - group.Window.Entries;
        }
        _squeezed = moment;
    }
}

/// <summary>A group and what is counted of it.</summary>
/// <param name="Series">Its fields as labels.</param>
/// <param name="Count">How many there are, or are at least.</param>
/// <param name="Unsure">How many more there may be.</param>
internal readonly record struct CountedGroup(Labels Series, long Count, long Unsure);

/// <summary>What became of the events of a rule.</summary>
/// <param name="Groups">Groups in the window, that of all others not counted.</param>
/// <param name="Late">Events that came when they had left the window already.</param>
/// <param name="Excused">Events that did not count, since others excused them.</param>
/// <param name="LeftOut">Events that were left out, or forgotten, since there were too many groups.</param>
internal readonly record struct EventTally(int Groups, long Late, long Excused, long LeftOut);
