namespace Metrics.Rules.Conditions;

/// <summary>
/// Which of the groups that have no window of their own are the heavy ones, and how heavy: by estimate, in bounded memory, over a window of
/// ten parts, of which the oldest counts until all of it has left. Not for use by two threads at once.
/// </summary>
/// <param name="window">Length of the window, milliseconds.</param>
/// <param name="maxGroups">Groups that have a window of their own.</param>
internal sealed class HeavyGroups(long window, int maxGroups)
{
    /// <summary>Groups that are given as heavy.</summary>
    internal const int MaxHeavy = 1000;

    private const int Parts = 10;
    private readonly long _width = Math.Max(1, window / Parts);
    private readonly SortedDictionary<long, SpaceSaving> _parts = [];

    /// <summary>Counters of each part of the window: of so many times fewer events than there are may a count be too low.</summary>
    internal int Places { get; } = Math.Clamp(maxGroups / 2, 1000, 5000);

    /// <summary>Whether nothing is counted.</summary>
    public bool IsEmpty => _parts.Count == 0;

    /// <summary>Counts an event of a group, which happened so many times.</summary>
    public void Add(long time, string key, int times = 1)
    {
        long part = time / _width;
        if (!_parts.TryGetValue(part, out SpaceSaving? counts))
            _parts.Add(part, counts = new SpaceSaving(Places));
        counts.Add(key, times);
    }

    /// <summary>How many events of a group are there at least and at most.</summary>
    public (long Least, long Most) CountOf(string key)
    {
        (long least, long most) = (0, 0);
        foreach (SpaceSaving part in _parts.Values)
        {
            (long atLeast, long atMost) = part.CountOf(key);
            (least, most) = (least + atLeast, most + atMost);
        }
        return (least, most);
    }

    /// <summary>The groups of which there are the most at least; no group of one event, which is no heavy one.</summary>
    public IEnumerable<string> Heaviest()
    {
        var least = new Dictionary<string, long>();
        foreach (SpaceSaving part in _parts.Values)
        {
            foreach (string key in part.Keys)
            {
                least[key] = least.GetValueOrDefault(key) + part.CountOf(key).Least;
            }
        }
        var heaviest = new PriorityQueue<string, long>();
        foreach ((string key, long count) in least)
        {
            if (count > 1 && heaviest.Count < MaxHeavy)
                heaviest.Enqueue(key, count);
            else if (count > 1)
                heaviest.EnqueueDequeue(key, count);
        }
        return heaviest.UnorderedItems.Select(h => h.Element);
    }

    /// <summary>Forgets the parts that have left the window whole.</summary>
    public void Expire(long until)
    {
        while (_parts.Count > 0 && _parts.First().Key is var part && (part + 1) * _width <= until)
            _parts.Remove(part);
    }
}
