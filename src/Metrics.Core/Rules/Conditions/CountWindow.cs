namespace Metrics.Rules.Conditions;

/// <summary>
/// Counts events by their own time, whatever order they come in. Exact while its entries suffice; a flood is summed up in steps of a
/// two-thousandth of the window, so that memory stays bounded and what leaves it is late by one step at most.
/// </summary>
/// <param name="window">Length of the window, milliseconds.</param>
internal sealed class CountWindow(long window) : IEventWindow
{
    /// <summary>Entries that one group may have.</summary>
    internal const int MaxEntries = 4096;

    /// <summary>In the order of time, then id.</summary>
    private readonly List<Entry> _entries = [];

    /// <summary>Width of a step where entries are summed up; 0 while each event has its own.</summary>
    private long _step;
    private long _count;

    /// <param name="Time">When it happened; of a sum the newest.</param>
    /// <param name="Id">Its id; 0 of a sum.</param>
    /// <param name="Events">How many: of a sum, or of a record that stands for several.</param>
    private readonly record struct Entry(long Time, long Id, long Events) : IComparable<Entry>
    {
        public int CompareTo(Entry other) => Time != other.Time ? Time.CompareTo(other.Time) : Id.CompareTo(other.Id);
    }

    public int Entries => _entries.Count;

    public long Oldest => _entries.Count == 0 ? long.MaxValue : _entries[0].Time;

    public long CountAt(long at) => _count;

    public bool Add(in EventEntry added)
    {
        var entry = new Entry(added.Time, added.Id, added.Times);
        int place = _entries.Count;
        if (place > 0 && entry.CompareTo(_entries[^1]) <= 0)
        {
            place = _entries.BinarySearch(entry);
            if (place >= 0 && entry.Id != 0)
                return false;
            place = place < 0 ? ~place : place;
        }
        _count += entry.Events;
        if (_step > 0 && place < _entries.Count && _entries[place] is { Id: 0, Events: > 1 } sum && sum.Time / _step == entry.Time / _step)
            _entries[place] = sum with { Events = sum.Events + entry.Events };
        else
            _entries.Insert(place, entry);
        if (_entries.Count > MaxEntries)
            Shrink(MaxEntries);
        return true;
    }

    public void Expire(long until)
    {
        int gone = 0;
        for (; gone < _entries.Count && _entries[gone].Time <= until; gone++)
            _count -= _entries[gone].Events;
        _entries.RemoveRange(0, gone);
    }

    public void Shrink(int entries)
    {
        if (_entries.Count <= entries)
            return;
        // Half of them, so that the next sum is not due at once.
        _step = Math.Max(_step, Math.Max(1, window / Math.Max(1, entries / 2)));
        int kept = 0;
        for (int i = 1; i < _entries.Count; i++)
        {
            if (_entries[i].Time / _step == _entries[kept].Time / _step)
                _entries[kept] = new Entry(_entries[i].Time, 0, _entries[kept].Events + _entries[i].Events);
            else
                _entries[++kept] = _entries[i];
        }
        _entries.RemoveRange(kept + 1, _entries.Count - kept - 1);
        _entries.TrimExcess();
    }
}
