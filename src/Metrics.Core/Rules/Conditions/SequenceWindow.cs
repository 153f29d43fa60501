namespace Metrics.Rules.Conditions;

/// <summary>
/// The events of a sequence in one group, and which of them complete it. Exact whatever order they come in, while its entries suffice; of a
/// flood the oldest are summed up as how far they had come, so that none of it makes a sequence unseen.
/// </summary>
internal sealed class SequenceWindow : EntryWindow
{
    /// <summary>How many events make each step.</summary>
    private readonly int[] _counts;

    /// <summary>By step: where the newest times of its events stand, of those that count as one; null of others.</summary>
    private readonly Ring?[] _rings;
    private readonly bool _isOrdered;
    private readonly long _window;

    /// <summary>Events that all steps need together.</summary>
    private readonly int _length;

    /// <summary>Places for these, and for the rings behind them.</summary>
    private readonly int _places;

    /// <summary>How far those had come that were summed up; null while none were.</summary>
    private long[]? _before;
    private EventEntry _lastBefore = new(long.MinValue, 0);

    /// <summary>When events that were summed up completed the sequence, the newest last.</summary>
    private readonly List<long> _completed = [];

    /// <param name="sequence">What is looked for; not kept, since a reload brings another that is alike.</param>
    public SequenceWindow(EventSequence sequence)
        : base((long)sequence.Wait.TotalMilliseconds)
    {
        (_isOrdered, _window) = (sequence.IsOrdered, (long)sequence.Over.TotalMilliseconds);
        _counts = [.. sequence.Steps.Select(s => s.Within is null ? s.Count : 1)];
        _places = _length = _counts.Sum();
        _rings = new Ring?[_counts.Length];
        foreach ((int step, EventStep of) in sequence.Steps.Index())
        {
            if (of.Within is not { } within)
                continue;
            _rings[step] = new Ring(_places, of.Count, (long)within.TotalMilliseconds);
            _places += of.Count + 1;
        }
    }

    /// <summary>Where the newest times of a step's events stand: round and round, and behind them whose turn is next.</summary>
    private sealed record Ring(int At, int Count, long Within);

    /// <summary>What belongs among the events that were summed up is taken as one of them.</summary>
    public override bool Add(in EventEntry entry) => entry.CompareTo(_lastBefore) > 0 && base.Add(entry);

    /// <summary>How many events of the window that ends at a moment complete the sequence.</summary>
    public override long CountAt(long at)
    {
        long[] progress = Start();
        int count = _completed.Count(c => c > at - _window);
        for (int i = 0, to = CountingAt(at); i < to; i++)
        {
            if (Advance(progress, Held[i]) && Held[i].Time > at - _window)
                count++;
        }
        return count;
    }

    public override void Expire(long until)
    {
        base.Expire(until);
        _completed.RemoveAll(c => c <= until);
    }

    protected override void Pass(int count)
    {
        _before = Start();
        for (int i = 0; i < count; i++)
        {
            if (Advance(_before, Held[i]))
                _completed.Add(Held[i].Time);
        }
        _lastBefore = Held[count - 1];
        _completed.RemoveRange(0, Math.Max(0, _completed.Count - MaxEntries));
    }

    private long[] Start()
    {
        if (_before is not null)
            return [.. _before];
        var progress = new long[_places];
        Array.Fill(progress, long.MinValue);
        foreach (Ring ring in _rings.OfType<Ring>())
            progress[ring.At + ring.Count] = 0;
        return progress;
    }

    /// <summary>
    /// Goes on by one event. For each place in the row of events that make the sequence, progress has when the latest row that has come so
    /// far began; without order, each step is a row of its own.
    /// </summary>
    /// <returns>Whether the event completes the sequence.</returns>
    private bool Advance(long[] progress, in EventEntry entry)
    {
        bool isComplete = true, isAny = false;
        // From the last step on: an event is one event of the sequence, also where it fits two steps of it.
        for (int step = _counts.Length - 1, end = _length; step >= 0; step--)
        {
            int count = _counts[step], begin = end - count;
            bool fits = (entry.Steps >> step & 1) != 0 && IsEnough(progress, _rings[step], entry.Time);
            isAny |= fits;
            if (fits)
            {
                Array.Copy(progress, begin, progress, begin + 1, count - 1);
                progress[begin] = _isOrdered && step > 0 ? progress[begin - 1] : entry.Time;
            }
            if (!_isOrdered || end == _length)
                isComplete &= progress[end - 1] > entry.Time - _window && (fits || !_isOrdered);
            end = begin;
        }
        return isComplete && isAny;
    }

    /// <summary>Whether an event is enough with those before it; so it is where one is.</summary>
    private static bool IsEnough(long[] progress, Ring? ring, long time)
    {
        if (ring is null)
            return true;
        ref long next = ref progress[ring.At + ring.Count];
        progress[ring.At + next] = time;
        next = (next + 1) % ring.Count;
        return progress[ring.At + next] > time - ring.Within;
    }
}
