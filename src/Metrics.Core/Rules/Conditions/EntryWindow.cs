namespace Metrics.Rules.Conditions;

/// <summary>A window that keeps each event by itself, so that it can be excused after it came, or be looked at in its order.</summary>
/// <param name="wait">How long an event waits before it counts, milliseconds.</param>
internal abstract class EntryWindow(long wait) : IEventWindow
{
    /// <summary>Events of one group that are kept by themselves, give or take as many again.</summary>
    internal const int MaxEntries = 4096;

    public virtual int Entries => Held.Count;

    public virtual long Oldest => Held.Oldest;

    /// <summary>Whether its owner is to make room before the next event: to remove what is excused by now, and then to thin it.</summary>
    public bool IsFull => Held.Count >= 2 * MaxEntries;

    protected EventEntries Held { get; } = new();

    /// <summary>Whether some events do not count yet at a moment: they wait, or have come after it.</summary>
    public bool IsWaitingAt(long at) => Held.Newest > at - wait;

    public virtual bool Add(in EventEntry entry) => Held.Add(entry);

    public abstract long CountAt(long at);

    public virtual void Expire(long until) => Held.RemoveOldest(Held.CountUntil(until));

    public virtual void Shrink(int entries) => Thin(entries);

    /// <summary>Removes what is excused by now.</summary>
    /// <param name="excuses">What excuses.</param>
    /// <param name="from">Nothing before this has become excused since it was looked at last.</param>
    /// <param name="to">Nothing after this.</param>
    public void Remove(Excuses excuses, long from, long to) => Held.Remove(excuses, from, to);

    /// <summary>Makes room.</summary>
    public void Thin() => Thin(MaxEntries);

    /// <summary>Keeps so many events by themselves, the newest; the others pass.</summary>
    protected void Thin(int entries)
    {
        if (Held.Count <= entries)
            return;
        Pass(Held.Count - entries);
        Held.RemoveOldest(Held.Count - entries);
    }

    /// <summary>So many of the oldest go, since there are too many: what they amount to is kept.</summary>
    protected abstract void Pass(int count);

    /// <summary>How many of the entries count at a moment.</summary>
    protected int CountingAt(long at) => Held.CountUntil(at - wait);
}
