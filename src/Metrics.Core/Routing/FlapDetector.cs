using Metrics.Model;

namespace Metrics.Routing;

/// <summary>When an alert counts as flapping.</summary>
/// <param name="Changes">So many times it began or ended; 0 is never.</param>
/// <param name="Within">In so long a time.</param>
/// <param name="Quiet">It is flapping no more when nothing changed for so long.</param>
public sealed record FlapPolicy(int Changes, TimeSpan Within, TimeSpan Quiet)
{
    /// <summary>Nothing counts as flapping.</summary>
    public static readonly FlapPolicy Off = new(0, TimeSpan.Zero, TimeSpan.Zero);
}

/// <summary>What is remembered of an alert that begins and ends often.</summary>
/// <param name="Alert">Which.</param>
/// <param name="Changes">When it began or ended.</param>
/// <param name="IsFlapping">Whether people were notified that it flaps.</param>
/// <param name="IsOver">How the last change left it.</param>
public sealed record FlapRecord(AlertKey Alert, IReadOnlyList<Timestamp> Changes, bool IsFlapping, bool IsOver);

/// <summary>
/// Finds alerts that come and go: such an alert is reported once as flapping and kept open, until it has been quiet for a while; then
/// people are notified of how it is. Time is an argument; not for use by two threads at once.
/// </summary>
/// <param name="policy">When an alert counts as flapping.</param>
public sealed class FlapDetector(FlapPolicy policy)
{
    private readonly Dictionary<AlertKey, Entry> _entries = [];
    private readonly PriorityQueue<AlertKey, Timestamp> _quiet = new();
    private List<AlertKey> _gone = [];

    private sealed class Entry
    {
        public List<Timestamp> Changes { get; init; } = [];

        public bool IsFlapping { get; set; }

        public bool IsOver { get; set; }

        public RoutedAlert? Last { get; set; }

        /// <summary>Whether it is to be remembered over a restart.</summary>
        public bool IsRecord => Changes.Count > 1 || IsFlapping;
    }

    /// <summary>When an alert may have become quiet.</summary>
    public Timestamp NextDue => _quiet.TryPeek(out _, out Timestamp at) ? at : Timestamp.Never;

    /// <summary>Takes a step of an alert.</summary>
    /// <returns>The alert, marked where it flaps.</returns>
    public RoutedAlert Take(RoutedAlert alert)
    {
        if (policy.Changes == 0)
            return alert;
        bool isOver = alert.Alert.State is Rules.AlertState.Inactive;
        if (!_entries.TryGetValue(alert.Key, out Entry? entry))
        {
            if (isOver)
                return alert;
            _entries.Add(alert.Key, entry = new Entry { IsOver = true });
        }
        if (entry.IsOver != isOver)
        {
            entry.IsOver = isOver;
            entry.Changes.RemoveAll(t => alert.At - t > policy.Within);
            entry.Changes.Add(alert.At);
            entry.IsFlapping |= entry.Changes.Count >= policy.Changes;
            _quiet.Enqueue(alert.Key, QuietAt(entry, alert.At));
        }
        entry.Last = alert with { IsFlapping = entry.IsFlapping };
        return entry.Last;
    }

    /// <summary>Alerts that flapped and have been quiet since, as they are now; how quiet ones came and went is forgotten.</summary>
    public IEnumerable<RoutedAlert> TakeQuiet(Timestamp now)
    {
        while (_quiet.TryPeek(out AlertKey key, out Timestamp at) && at <= now)
        {
            _quiet.Dequeue();
            if (!_entries.TryGetValue(key, out Entry? entry))
                continue;
            // Else it is a place in the queue that a later one has replaced.
            if (entry.Changes is [.., var last] && now < QuietAt(entry, last))
                continue;
            if (entry.IsRecord)
                _gone.Add(key);
            bool wasFlapping = entry.IsFlapping;
            entry.IsFlapping = false;
            entry.Changes.Clear();
            if (entry.IsOver || policy.Changes == 0)
                _entries.Remove(key);
            if (wasFlapping && entry.Last is { } alert)
                yield return alert with { IsFlapping = false };
        }
    }

    /// <summary>Alerts of which nothing is to be remembered any more, since they were taken last.</summary>
    public IReadOnlyList<AlertKey> TakeGone()
    {
        IReadOnlyList<AlertKey> gone = _gone;
        _gone = [];
        return gone;
    }

    /// <summary>What is to be remembered of an alert over a restart; null when that is nothing.</summary>
    public FlapRecord? Find(AlertKey alert) =>
        _entries.TryGetValue(alert, out Entry? entry) && entry.IsRecord
            ? new FlapRecord(alert, [.. entry.Changes], entry.IsFlapping, entry.IsOver) : null;

    /// <summary>Goes on with what another has counted, also where this one has other bounds.</summary>
    public void TakeOverFrom(FlapDetector before)
    {
        foreach ((AlertKey key, Entry entry) in before._entries)
            Add(key, entry);
    }

    /// <summary>Puts back what was remembered.</summary>
    /// <param name="record">What was remembered.</param>
    /// <param name="last">The alert, where it was held open though it is over.</param>
    public void Restore(FlapRecord record, RoutedAlert? last)
    {
        Add(record.Alert, new Entry
        {
            Changes = [.. record.Changes],
            IsFlapping = record.IsFlapping,
            IsOver = record.IsOver,
            Last = last,
        });
    }

    /// <summary>Where nothing counts as flapping any more, what does is quiet at once, so that it is not held open for ever.</summary>
    private void Add(AlertKey alert, Entry entry)
    {
        if (policy.Changes == 0 && !entry.IsFlapping)
        {
            _gone.Add(alert);
            return;
        }
        _entries[alert] = entry;
        _quiet.Enqueue(alert, QuietAt(entry, entry.Changes is [.., var last] ? last : default));
    }

    /// <summary>When an alert is quiet that changed last at a moment.</summary>
    private Timestamp QuietAt(Entry entry, Timestamp changed) => changed + (entry.IsFlapping ? policy.Quiet : policy.Within);
}
