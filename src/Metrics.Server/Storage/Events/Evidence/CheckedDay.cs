namespace Metrics.Storage.Events.Evidence;

/// <summary>What a check finds of a day of the event log, or a part of one.</summary>
internal enum DayState
{
    /// <summary>It holds what it held when it was sealed.</summary>
    Sound,

    /// <summary>It holds something else, or its seal is not what it was.</summary>
    Altered,

    /// <summary>It is gone, and not for age or size.</summary>
    Missing,

    /// <summary>It went for age or size.</summary>
    Expired,

    /// <summary>It has not ended, or was not sealed yet.</summary>
    Open,

    /// <summary>It could not be read, which says nothing about what it holds.</summary>
    Unreadable,
}

/// <summary>A day of the event log, or a part of one, that was checked.</summary>
/// <param name="Table">The table's name.</param>
/// <param name="State">What was found.</param>
/// <param name="Events">How many events it held when it was sealed; where it was not, how many are known.</param>
/// <param name="Head">The chain's head with it; null where it is not sealed.</param>
/// <param name="Reason">What is wrong, for people.</param>
internal sealed record CheckedDay(string Table, DayState State, long? Events, string? Head, string? Reason = null)
{
    /// <summary>Whether somebody should look at it.</summary>
    public bool IsWrong => State is DayState.Altered or DayState.Missing;
}

/// <summary>How far a check is.</summary>
/// <param name="Table">The table that is read.</param>
/// <param name="Events">How many of its events have been read.</param>
internal sealed record CheckProgress(string Table, long Events);
