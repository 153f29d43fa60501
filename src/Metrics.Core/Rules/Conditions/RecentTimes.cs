namespace Metrics.Rules.Conditions;

/// <summary>The newest times of each key, until they are too long ago. Bounded: of too many keys those over first are forgotten.</summary>
/// <param name="maxKeys">Keys that are remembered.</param>
internal sealed class RecentTimes(int maxKeys)
{
    private readonly Dictionary<(int Kind, string Key), Times> _byKey = [];

    /// <summary>Every key once, by when its newest time was over when it was looked at last.</summary>
    private readonly PriorityQueue<(int Kind, string Key), long> _expiry = new();

    /// <summary>When the last is over of what was forgotten.</summary>
    public long Forgotten { get; private set; } = long.MinValue;

    /// <summary>Adds a time.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="time">Milliseconds.</param>
    /// <param name="count">So many are kept.</param>
    /// <param name="within">How long it matters, milliseconds.</param>
    /// <returns>The first and the last of the newest, once there are so many.</returns>
    public (long First, long Last)? Add((int Kind, string Key) key, long time, int count, long within)
    {
        if (!_byKey.TryGetValue(key, out Times? times))
        {
            if (_byKey.Count == maxKeys)
                ForgetFirst();
            _byKey.Add(key, times = new Times(within));
            _expiry.Enqueue(key, time + within);
        }
        List<long> all = times.All;
        int place = all.BinarySearch(time);
        all.Insert(place < 0 ? ~place : place, time);
        if (all.Count > count)
            all.RemoveAt(0);
        return all.Count == count ? (all[0], all[^1]) : null;
    }

    /// <summary>Forgets what is over at a moment.</summary>
    public void Expire(long until)
    {
        while (_expiry.TryPeek(out (int Kind, string Key) key, out long end) && end <= until)
        {
            if (_byKey[key].End > end)
            {
                _expiry.DequeueEnqueue(key, _byKey[key].End);
                continue;
            }
            _expiry.Dequeue();
            _byKey.Remove(key);
        }
    }

    private void ForgetFirst()
    {
        if (_byKey.Remove(_expiry.Dequeue(), out Times? times))
            Forgotten = Math.Max(Forgotten, times.End);
    }

    private sealed class Times(long within)
    {
        public List<long> All { get; } = [];

        public long End => All[^1] + within;
    }
}
