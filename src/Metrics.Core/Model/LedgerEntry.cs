namespace Metrics.Model;

/// <summary>
/// What a batch accounts for of one part of a source, such as a file: which bytes were read, and what came of them. Stored in the same
/// commit as the events. Written by who reads; one thread at a time.
/// </summary>
public sealed class LedgerEntry
{
    /// <summary>How old a time may be that is counted by its hour.</summary>
    private const long MaxHoursBack = 366 * 24;

    private const long NanosecondsAnHour = 3_600_000_000_000;

    private readonly Dictionary<long, int> _hours = [];

    /// <summary>The hour of the newest record and its records, which are not in <see cref="_hours"/> yet.</summary>
    private long _hour;
    private int _inHour;

    /// <summary>The input, such as <c>logs/nova</c>.</summary>
    public required string Source { get; init; }

    /// <summary>What of it: names a file among all that were ever read. Empty where a source has no parts.</summary>
    public required string Part { get; init; }

    /// <summary>The file's name; empty where it is none.</summary>
    public string Path { get; init; } = "";

    /// <summary>The file's number in its file system; 0 where it is none.</summary>
    public long Inode { get; init; }

    /// <summary>When it was read, nanoseconds since 1970 UTC.</summary>
    public required long ReadAt { get; init; }

    /// <summary>The first byte that was read.</summary>
    public long Begins { get; init; }

    /// <summary>The first byte that was not.</summary>
    public long Ends { get; set; }

    /// <summary>Bytes of what has no places; a measure, not exact.</summary>
    public long StreamBytes { get; init; }

    /// <summary>Line ends among them; and a last line without one, once nothing comes after it.</summary>
    public long Lines { get; set; }

    /// <summary>Records: a line, or several that belong together. Each is an event; empty lines are none.</summary>
    public int Records { get; private set; }

    /// <summary>Of those, events that are not kept (<c>events.store</c>).</summary>
    public int LeftOut { get; internal set; }

    /// <summary>Records whose event holds not all of their text: bodies that its batch has cut.</summary>
    public int Cut { get; internal set; }

    /// <summary>Bytes that belong to no record: rests of lines that were too long.</summary>
    public long LongBytes { get; set; }

    /// <summary>Bytes that belong to no record: NULs, and what was never written.</summary>
    public long NulBytes { get; set; }

    /// <summary>The earliest time that its records say, nanoseconds since 1970 UTC.</summary>
    public long FirstTime { get; private set; } = long.MaxValue;

    /// <summary>The latest time that its records say.</summary>
    public long LastTime { get; private set; } = long.MinValue;

    /// <summary>Events that its batch holds of it: counted where they lie, not where they were made.</summary>
    public int Stored => Rows - Notes;

    /// <summary>The first of its rows in the batch.</summary>
    internal int Row { get; set; }

    /// <summary>Its rows in the batch, with notes between them.</summary>
    internal int Rows { get; set; }

    /// <summary>Of those, notes.</summary>
    internal int Notes { get; set; }

    /// <summary>The hour of a time.</summary>
    /// <param name="time">Nanoseconds since 1970 UTC.</param>
    /// <returns>Hours since 1970 UTC.</returns>
    public static long HourOf(long time) => time / NanosecondsAnHour;

    /// <summary>Counts a record.</summary>
    /// <param name="time">The time that it says, nanoseconds since 1970 UTC; <see cref="ReadAt"/> where it says none.</param>
    public void Count(long time)
    {
        if (!EventBounds.IsSane(time, ReadAt))
            time = ReadAt;
        Records++;
        FirstTime = Math.Min(FirstTime, time);
        LastTime = Math.Max(LastTime, time);
        long hour = HourOf(time);
        if (hour != _hour)
            Turn(hour);
        _inHour++;
    }

    /// <summary>Its records by the hour that they say, hours since 1970 UTC; those that are over a year old are in hour 0.</summary>
    public IReadOnlyDictionary<long, int> Hours()
    {
        Turn(_hour);
        return _hours;
    }

    private void Turn(long next)
    {
        if (_inHour > 0)
        {
            // Who writes a log chooses its times, and each hour is a row.
            long hour = HourOf(ReadAt) - _hour > MaxHoursBack ? 0 : _hour;
            _hours[hour] = _hours.GetValueOrDefault(hour) + _inHour;
        }
        (_hour, _inHour) = (next, 0);
    }
}
