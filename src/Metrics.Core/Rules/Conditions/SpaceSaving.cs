namespace Metrics.Rules.Conditions;

/// <summary>
/// Counts keys in bounded memory, however many there are: whoever comes when all places are taken gets that of the key with the lowest
/// count, and that count as its error. So each count is at least the true one, and too high by its error at most; a key without a place
/// came no more often than <see cref="Missed"/>, which is at most the number of all keys divided by that of places.
/// </summary>
/// <param name="places">Keys that are counted.</param>
/// <remarks>
/// Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams (2005).
/// </remarks>
internal sealed class SpaceSaving(int places)
{
    /// <summary>A heap: nobody counts less than whoever is at half its place.</summary>
    private readonly List<Counter> _heap = [];
    private readonly Dictionary<string, int> _placeOf = [];

    private readonly record struct Counter(string Key, long Count, long Error);

    /// <summary>How often a key without a place came at most.</summary>
    public long Missed => _heap.Count < places ? 0 : _heap[0].Count;

    /// <summary>The keys that have a place.</summary>
    public IEnumerable<string> Keys => _placeOf.Keys;

    /// <summary>Counts a key so many times more.</summary>
    public void Add(string key, long times = 1)
    {
        if (_placeOf.TryGetValue(key, out int place))
        {
            _heap[place] = _heap[place] with { Count = _heap[place].Count + times };
            Sink(place);
        }
        else if (_heap.Count < places)
        {
            _heap.Add(new Counter(key, times, 0));
            _placeOf[key] = _heap.Count - 1;
            Rise(_heap.Count - 1);
        }
        else
        {
            Counter lowest = _heap[0];
            _placeOf.Remove(lowest.Key);
            _heap[0] = new Counter(key, lowest.Count + times, lowest.Count);
            _placeOf[key] = 0;
            Sink(0);
        }
    }

    /// <summary>How often a key came at least and at most.</summary>
    public (long Least, long Most) CountOf(string key) => _placeOf.TryGetValue(key, out int place)
        ? (_heap[place].Count - _heap[place].Error, _heap[place].Count)
        : (0, Missed);

    private void Rise(int place)
    {
        for (int above = (place - 1) / 2; place > 0 && _heap[above].Count > _heap[place].Count; above = (place - 1) / 2)
        {
            Swap(place, above);
            place = above;
        }
    }

    private void Sink(int place)
    {
        while (true)
        {
            int below = (2 * place) + 1;
            if (below + 1 < _heap.Count && _heap[below + 1].Count < _heap[below].Count)
                below++;
            if (below >= _heap.Count || _heap[below].Count >= _heap[place].Count)
                return;
            Swap(place, below);
            place = below;
        }
    }

    private void Swap(int a, int b)
    {
        (_heap[a], _heap[b]) = (_heap[b], _heap[a]);
        (_placeOf[_heap[a].Key], _placeOf[_heap[b].Key]) = (a, b);
    }
}
