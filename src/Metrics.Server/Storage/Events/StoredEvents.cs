namespace Metrics.Storage.Events;

/// <summary>Which events the event log keeps (<c>events.store</c>); rules see and counters count them all in any case.</summary>
internal enum StoredEvents
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>All but lines of logs that nobody has understood further; those that somebody has pushed stay.</summary>
    Parsed,

    /// <summary>All but lines of logs, understood or not.</summary>
    Counts,
}
