namespace Metrics.Rules.Conditions;

/// <summary>What one group remembers of its events in the window: their number, or their different values.</summary>
/// <remarks>Times are milliseconds since 1970 UTC.</remarks>
internal interface IEventWindow
{
    /// <summary>What is counted.</summary>
    long Count { get; }

    /// <summary>Entries in memory.</summary>
    int Entries { get; }

    /// <summary>Time of the entry that leaves first; <see cref="long.MaxValue"/> when there is none.</summary>
    long Oldest { get; }

    /// <summary>Adds an event; false when it is there already, or says nothing.</summary>
    /// <param name="time">When it happened.</param>
    /// <param name="id">Its id in the event log; 0 is unknown.</param>
    /// <param name="value">Value of the field whose values are counted; null where events are.</param>
    bool Add(long time, long id, string? value);

    /// <summary>Removes what happened at that moment or before.</summary>
    void Expire(long until);

    /// <summary>Makes do with fewer entries.</summary>
    void Shrink(int entries);
}
