namespace Metrics.Formats.Logs;

/// <summary>What follows the bytes that are there.</summary>
public enum LogEnd
{
    /// <summary>More may come at any moment.</summary>
    Open,

    /// <summary>Nothing has come for a while: the last whole line ends its record.</summary>
    Idle,

    /// <summary>Nothing comes any more: half a line is a line.</summary>
    Closed,
}

/// <summary>Says which lines make one record.</summary>
/// <param name="first">The first line of a record.</param>
/// <returns>What says whether a line goes on with it; null where it is a record by itself, and need not wait for the next.</returns>
public delegate LogContinuation? LogJoins(ReadOnlySpan<byte> first);

/// <summary>
/// Cuts the bytes of a log into records: lines, or several of them. Holds nothing of them: what is not whole yet is to be given again, with
/// what follows. Takes time linear in what it is given. One thread at a time.
/// </summary>
/// <param name="joins">Which lines make one record; null where each line is one.</param>
public sealed class LogSplitter(LogJoins? joins)
{
    /// <summary>Bytes of the longest line that is taken whole, and of the longest record.</summary>
    public const int MaxRecord = 1024 * 1024;

    /// <summary>Whether what comes next is the rest of a line that was too long, up to its end: it is passed over.</summary>
    public bool IsInLongLine { get; set; }

    /// <summary>Lines of the record that was taken last.</summary>
    public int Lines { get; private set; }

    /// <summary>Bytes of that record, with its line ends.</summary>
    public int Length { get; private set; }

    /// <summary>
    /// Bytes that were passed over since this was last set to 0: rests of long lines, and NULs that stand where a writer has gone on behind
    /// the end of a file that was cut short.
    /// </summary>
    public long Skipped { get; set; }

    /// <summary>Takes the next record off the bytes.</summary>
    /// <param name="rest">The bytes; those of the record, and what was passed over, are taken off.</param>
    /// <param name="end">What follows them.</param>
    /// <param name="record">The record, without its last line end.</param>
    /// <returns>Whether there is a whole one.</returns>
    public bool TryTake(ref ReadOnlySpan<byte> rest, LogEnd end, out ReadOnlySpan<byte> record)
    {
        record = default;
        if (!TryBegin(ref rest))
            return false;
        int length = LineLength(rest, end);
        if (length < 0)
            return false;
        ReadOnlySpan<byte> first = Trim(rest[..length]);
        int lines = 1;
        LogContinuation? continues = joins?.Invoke(first);
        while (continues is not null)
        {
            int next = LineLength(rest[length..], end);
            // Whether the next line goes on with this record only the whole line says.
            if (next < 0 && end == LogEnd.Open && length < MaxRecord)
                return false;
            if (next <= 0 || length + next > MaxRecord || !continues(first, Trim(rest.Slice(length, next))))
                break;
            length += next;
            lines++;
        }
        (Lines, Length) = (lines, length);
        IsInLongLine = lines == 1 && rest[length - 1] != '\n' && length == MaxRecord;
        record = Trim(rest[..length]);
        rest = rest[length..];
        return true;
    }

    private bool TryBegin(ref ReadOnlySpan<byte> rest)
    {
        if (IsInLongLine)
        {
            int end = rest.IndexOf((byte)'\n') + 1;
            Skipped += end == 0 ? rest.Length : end;
            IsInLongLine = end == 0;
            rest = end == 0 ? [] : rest[end..];
        }
        if (rest.IsEmpty || rest[0] != 0)
            return !rest.IsEmpty;
        int text = rest.IndexOfAnyExcept((byte)0);
        Skipped += text < 0 ? rest.Length : text;
        rest = text < 0 ? [] : rest[text..];
        return !rest.IsEmpty;
    }

    /// <summary>Bytes of the line at the start, with its end; less than 0 where it is not whole.</summary>
    private static int LineLength(ReadOnlySpan<byte> rest, LogEnd end)
    {
        int at = rest[..Math.Min(rest.Length, MaxRecord)].IndexOf((byte)'\n');
        if (at >= 0)
            return at + 1;
        return rest.Length >= MaxRecord ? MaxRecord : end == LogEnd.Closed && !rest.IsEmpty ? rest.Length : -1;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> line) => line.TrimEnd("\r\n"u8);
}
