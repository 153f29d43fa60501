using System.Runtime.InteropServices;
using Metrics.Model;

namespace Metrics.Pollers;

/// <summary>
/// A target's memory of the series that it gave: which were there in the last poll, so that one that stops gets a stale marker, and, for
/// scraped text, the labels of each series' bytes, so that a series seen before costs no parsing and no allocation.
/// Used by one poll at a time.
/// </summary>
/// <param name="targetLabels">Labels that every series of the target gets: <c>job</c>, <c>instance</c> and its own.</param>
internal sealed class TargetSeries(IReadOnlyList<Label> targetLabels)
{
    /// <summary>Polls after which a series that is not seen is forgotten.</summary>
    private const int MaxUnseenPolls = 10;

    /// <summary>
    /// Series that a poller makes, by the labels as stored; looked up by a series' own labels, so that these need not be kept.
    /// </summary>
    private readonly Dictionary<Labels, Made> _made = new(new WithoutTarget([.. targetLabels.Select(l => l.Name)]));

    /// <summary>Series that are scraped.</summary>
    private readonly List<Entry> _entries = [];

    private readonly Dictionary<string, MetricMetadata?> _metrics = [];

    /// <summary>Series that another target of the same labels wrote last; they end unless the first poll brings them.</summary>
    private HashSet<Labels> _inherited = [];

    private int _poll;
    private int _completed;
    private bool _lastFailed;

    private record struct Made(Labels Labels, int SeenInPoll);

    /// <summary>One series that is scraped.</summary>
    internal sealed class Entry(byte[] text, Labels? labels)
    {
        /// <summary>Its bytes in an exposition.</summary>
        public byte[] Text { get; } = text;

        /// <summary>Labels as stored; null when relabelling drops it.</summary>
        public Labels? Labels { get; } = labels;

        /// <summary>The entry that followed in the last poll: targets keep their order, so this is nearly always the next one.</summary>
        public Entry? Next;

        public int SeenInPoll;

        /// <summary>It brings its own times; then its end is not ours to tell.</summary>
        public bool HasOwnTime;
    }

    /// <summary>Called for each series that is forgotten.</summary>
    public Action<Entry>? OnForgotten { get; set; }

    /// <summary>Labels of the target.</summary>
    public IReadOnlyList<Label> TargetLabels => targetLabels;

    /// <summary>Series that were new in this poll.</summary>
    public int Added { get; private set; }

    /// <summary>Begins a poll.</summary>
    public void Begin()
    {
        _poll++;
        Added = 0;
    }

    /// <summary>Whether a metric is described for the first time.</summary>
    public bool IsNewMetric(string name)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_metrics, name, out bool known);
        return !known;
    }

    /// <summary>What the target told of a metric, or null.</summary>
    public MetricMetadata? Metadata(string name) => _metrics.GetValueOrDefault(name);

    /// <summary>Whether what the target tells of a metric differs from what it told before.</summary>
    public bool IsNewMetadata(string name, MetricMetadata metadata)
    {
        ref MetricMetadata? told = ref CollectionsMarshal.GetValueRefOrAddDefault(_metrics, name, out _);
        if (told == metadata)
            return false;
        told = metadata;
        return true;
    }

    /// <summary>
    /// Notes that a series is there; gives the labels to store, the same object each time. Who asks for them again does it best by that
    /// object.
    /// </summary>
    /// <param name="own">Its labels without those of the target; the target's win.</param>
    public Labels Seen(Labels own)
    {
        ref Made made = ref CollectionsMarshal.GetValueRefOrNullRef(_made, own);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref made))
        {
            Labels stored = WithTarget(own);
            _made.Add(stored, new Made(stored, _poll));
            Added++;
            return stored;
        }
        made.SeenInPoll = _poll;
        return made.Labels;
    }

    /// <summary>Notes that a scraped series is there.</summary>
    public void MarkSeen(Entry entry, bool hasOwnTime)
    {
        entry.SeenInPoll = _poll;
        entry.HasOwnTime = hasOwnTime;
    }

    /// <summary>Whether a scraped series was in this poll already.</summary>
    public bool IsSeen(Entry entry) => entry.SeenInPoll == _poll;

    /// <summary>Adds a series to the memory.</summary>
    public Entry Add(byte[] text, Labels? labels)
    {
        var entry = new Entry(text, labels);
        _entries.Add(entry);
        Added++;
        return entry;
    }

    /// <summary>Ends a poll: every series of the last poll that is not in this one gets a stale marker.</summary>
    /// <param name="batch">Added to.</param>
    /// <param name="time">Time of the poll.</param>
    /// <param name="failed">The poll brought nothing: all series end.</param>
    public void End(SampleBatch batch, long time, bool failed)
    {
        bool forget = false;
        foreach (Entry entry in _entries)
        {
            if (Ends(entry.SeenInPoll) && entry.Labels is not null && !entry.HasOwnTime)
                batch.Add(entry.Labels, time, StaleMarker.Value);
            forget |= IsForgotten(entry.SeenInPoll);
        }
        foreach (Made made in _made.Values)
        {
            if (Ends(made.SeenInPoll))
                batch.Add(made.Labels, time, StaleMarker.Value);
            forget |= IsForgotten(made.SeenInPoll);
        }
        EndInherited(batch, time);
        if (forget)
            Forget();
        _lastFailed = failed;
        _completed = _poll;

        // What a failing poll still brought ended with it. A poll that was given up between two others counts for nothing.
        bool Ends(int seenInPoll) => seenInPoll == _poll ? failed : IsLive(seenInPoll);
    }

    /// <summary>Goes on with the series that another target wrote last: they were there in the poll before the first.</summary>
    public void TakeOverFrom(TargetSeries before) => _inherited = [.. before.Live()];

    /// <summary>Series that are there by the last poll: what has to end when the target does.</summary>
    public IEnumerable<Labels> Live()
    {
        IEnumerable<Labels> scraped = _entries.Where(e => e.Labels is not null && !e.HasOwnTime && IsLive(e.SeenInPoll))
            .Select(e => e.Labels!);
        return scraped.Concat(_made.Values.Where(m => IsLive(m.SeenInPoll)).Select(m => m.Labels)).Concat(_inherited);
    }

    /// <summary>Whether the last poll that came to its end brought it, or one since, which was given up.</summary>
    private bool IsLive(int seenInPoll) => seenInPoll > _completed || (seenInPoll == _completed && seenInPoll > 0 && !_lastFailed);

    private void EndInherited(SampleBatch batch, long time)
    {
        if (_inherited.Count == 0)
            return;
        int before = _inherited.Count;
        _inherited.ExceptWith(_made.Values.Where(m => m.SeenInPoll == _poll).Select(m => m.Labels));
        _inherited.ExceptWith(_entries.Where(e => e.SeenInPoll == _poll && e.Labels is not null).Select(e => e.Labels!));
        Added -= before - _inherited.Count;
        foreach (Labels ended in _inherited)
            batch.Add(ended, time, StaleMarker.Value);
        _inherited.Clear();
    }

    private bool IsForgotten(int seenInPoll) => _poll - seenInPoll > MaxUnseenPolls;

    private void Forget()
    {
        foreach (Entry entry in _entries.Where(e => IsForgotten(e.SeenInPoll)))
            OnForgotten?.Invoke(entry);
        _entries.RemoveAll(e => IsForgotten(e.SeenInPoll));
        foreach (Made made in _made.Values.Where(m => IsForgotten(m.SeenInPoll)).ToList())
            _made.Remove(made.Labels);
        // Links to what was forgotten would keep it alive.
        foreach (Entry entry in _entries)
            entry.Next = null;
    }

    /// <summary>Compares all but the target's labels, which win wherever both have one.</summary>
    private sealed class WithoutTarget(string[] names) : IEqualityComparer<Labels>
    {
        public bool Equals(Labels? x, Labels? y)
        {
            if (ReferenceEquals(x, y))
                return true;
            (int i, int j) = (Next(x!, 0), Next(y!, 0));
            while (i < x!.Count && j < y!.Count)
            {
                if (x[i] != y[j])
                    return false;
                (i, j) = (Next(x!, i + 1), Next(y!, j + 1));
            }
            return i == x!.Count && j == y!.Count;
        }

        public int GetHashCode(Labels labels) => labels.HashWithout(names);

        private int Next(Labels labels, int from)
        {
            while (from < labels.Count && Array.IndexOf(names, labels[from].Name) >= 0)
                from++;
            return from;
        }
    }

    private Labels WithTarget(Labels own)
    {
        var all = new List<Label>(own.Count + targetLabels.Count);
        foreach (Label label in own)
        {
            if (!targetLabels.Any(t => t.Name == label.Name))
                all.Add(label);
        }
        all.AddRange(targetLabels);
        return Labels.Of(CollectionsMarshal.AsSpan(all));
    }
}
