namespace Metrics.Rules.Conditions;

/// <summary>Events in the order of their time, whatever order they come in; each once.</summary>
internal sealed class EventEntries
{
    private readonly List<EventEntry> _entries = [];
    private bool _hasRepeated;

    public int Count => _entries.Count;

    public long Oldest => _entries.Count == 0 ? long.MaxValue : _entries[0].Time;

    public long Newest => _entries.Count == 0 ? long.MinValue : _entries[^1].Time;

    public EventEntry this[int place] => _entries[place];

    /// <summary>Adds one; false when nothing of it is new.</summary>
    public bool Add(in EventEntry entry)
    {
        int place = _entries.Count;
        if (place > 0 && entry.CompareTo(_entries[^1]) <= 0)
        {
            place = _entries.BinarySearch(entry);
            if (place >= 0 && entry.Id != 0)
            {
                EventEntry known = _entries[place];
                _entries[place] = known with { Steps = known.Steps | entry.Steps };
                return _entries[place].Steps != known.Steps;
            }
            place = place < 0 ? ~place : place + 1;
        }
        _entries.Insert(place, entry);
        _hasRepeated |= entry.Times > 1;
        return true;
    }

    /// <summary>How many times the first so many happened, where one record may stand for several.</summary>
    public long TimesOf(int first) => _hasRepeated ? _entries.Take(first).Sum(e => (long)e.Times) : first;

    /// <summary>How many happened up to a moment, inclusive.</summary>
    public int CountUntil(long moment)
    {
        int low = 0, high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _entries[middle].Time <= moment ? (middle + 1, high) : (low, middle);
        }
        return low;
    }

    public void RemoveOldest(int count) => _entries.RemoveRange(0, count);

    /// <summary>Removes those of a span of time, both ends included, that are excused.</summary>
    public void Remove(Excuses excuses, long from, long to)
    {
        int first = CountUntil(from - 1), last = CountUntil(to), kept = first;
        for (int i = first; i < last; i++)
        {
            if (_entries[i].Keys is not { } keys || !excuses.Cover(keys, _entries[i].Time))
                _entries[kept++] = _entries[i];
        }
        _entries.RemoveRange(kept, last - kept);
    }
}
