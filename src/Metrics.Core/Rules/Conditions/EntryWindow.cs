namespace Metrics.Rules.Conditions;

/// <summary>A window that keeps each event by itself, so that it can be excused after it came, or be looked at in its order.</summary>
/// <param name="wait">How long an event waits before it counts, milliseconds.</param>
internal abstract class EntryWindow(long wait) : IEventWindow
{
    /// <summary>Entries that one group may have, give or take as many again.</summary>
    internal const int MaxEntries = 4096;

    public int Entries => Held.Count;

    public long Oldest => Held.Oldest;

    protected EventEntries Held { get; } = new();

    /// <summary>Whether some events do not count yet at a moment: they wait, or have come after it.</summary>
    public bool IsWaitingAt(long at) => Held.Newest > at - wait;

    public virtual bool Add(in EventEntry entry)
    {
        if (!Held.Add(entry))
            return false;
        if (Held.Count > 2 * MaxEntries)
            Shrink(MaxEntries);
        return true;
    }

    public abstract long CountAt(long at);

    public virtual void Expire(long until) => Held.RemoveOldest(Held.CountUntil(until));

    public void Shrink(int entries)
    {
        if (Held.Count <= entries)
            return;
        Pass(Held.Count - entries);
        Held.RemoveOldest(Held.Count - entries);
    }

    /// <summary>Removes what is excused by now.</summary>
    public void Remove(Excuses excuses) => Held.Remove(excuses);

    /// <summary>The oldest entries go, since there are too many.</summary>
    protected virtual void Pass(int count)
    {
    }

    /// <summary>How many of the entries count at a moment.</summary>
    protected int CountingAt(long at) => Held.CountUntil(at - wait);
}
