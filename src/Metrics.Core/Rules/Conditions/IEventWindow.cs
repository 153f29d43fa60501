namespace Metrics.Rules.Conditions;

/// <summary>What one group remembers of its events in the window: their number, their different values, or the events themselves.</summary>
/// <remarks>Times are milliseconds since 1970 UTC.</remarks>
internal interface IEventWindow
{
    /// <summary>Entries in memory.</summary>
    int Entries { get; }

    /// <summary>Time of the entry that leaves first; <see cref="long.MaxValue"/> when there is none.</summary>
    long Oldest { get; }

    /// <summary>What is counted at a moment.</summary>
    long CountAt(long at);

    /// <summary>Adds an event; false when it is there already, or says nothing.</summary>
    bool Add(in EventEntry entry);

    /// <summary>Removes what happened at that moment or before.</summary>
    void Expire(long until);

    /// <summary>Makes do with fewer entries.</summary>
    void Shrink(int entries);
}

/// <summary>An event as windows remember it.</summary>
/// <param name="Time">When it happened.</param>
/// <param name="Id">Its id in the event log; 0 is unknown.</param>
internal readonly record struct EventEntry(long Time, long Id) : IComparable<EventEntry>
{
    /// <summary>Value of the field whose values are counted; null where events are.</summary>
    public string? Value { get; init; }

    /// <summary>How many times it happened, where one record stands for several.</summary>
    public int Times { get; init; } = 1;

    /// <summary>The steps that it belongs to, one bit each.</summary>
    public int Steps { get; init; }

    /// <summary>By what other events would excuse it, one key for each kind of excuse; null where there are none.</summary>
    public string?[]? Keys { get; init; }

    /// <summary>By time, then in the order in which they came.</summary>
    public int CompareTo(EventEntry other) => Time != other.Time ? Time.CompareTo(other.Time) : Id.CompareTo(other.Id);
}
