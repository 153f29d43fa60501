namespace Metrics.Formats.Logs;

/// <summary>What follows the bytes that are there.</summary>
public enum LogEnd
{
    /// <summary>More may come at any moment.</summary>
    Open,

    /// <summary>Nothing has come for a while: the last whole line ends its record.</summary>
    Idle,

    /// <summary>Nothing comes any more: half a line is a line, and half a record of one length a record.</summary>
    Closed,
}

/// <summary>Says which lines make one record.</summary>
/// <param name="first">The first line of a record.</param>
/// <returns>What says whether a line goes on with it; null where it is a record by itself, and need not wait for the next.</returns>
public delegate LogContinuation? LogJoins(ReadOnlySpan<byte> first);

/// <summary>
/// Cuts the bytes of a log into records: lines, or several of them. Passes over rests of long lines, and over NULs that stand where a
/// writer has gone on behind the end of a file that was cut short. Holds nothing of the bytes: what is not whole yet is to be given again,
/// with what follows. Takes time linear in what it is given. One thread at a time.
/// </summary>
/// <param name="joins">Which lines make one record; null where each line is one.</param>
/// <param name="fixedLength">Bytes of each record where there are no lines; 0 where there are.</param>
public sealed class LogSplitter(LogJoins? joins, int fixedLength = 0)
{
    /// <summary>Bytes of the longest line that is taken whole, and of the longest record.</summary>
    public const int MaxRecord = 1024 * 1024;

    /// <summary>Whether what comes next is the rest of a line that was too long, up to its end: it is passed over.</summary>
    public bool IsInLongLine { get; set; }

    /// <summary>Bytes of the record that was taken last, with its line ends.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of rests of long lines that were passed over, ever.</summary>
    public long LongBytes { get; private set; }

    /// <summary>NULs that were passed over, ever; where there are no lines, records of nothing else.</summary>
    public long NulBytes { get; private set; }

    /// <summary>Takes the next record off the bytes.</summary>
    /// <param name="rest">The bytes; those of the record, and what was passed over, are taken off.</param>
    /// <param name="end">What follows them.</param>
    /// <param name="record">The record, without its last line end.</param>
    /// <returns>Whether there is a whole one.</returns>
    public bool TryTake(ref ReadOnlySpan<byte> rest, LogEnd end, out ReadOnlySpan<byte> record)
    {
        record = default;
        if (fixedLength > 0)
            return TryTakeFixed(ref rest, end, out record);
        if (!TryBegin(ref rest))
            return false;
        int length = LineLength(rest, end);
        if (length < 0)
            return false;
        ReadOnlySpan<byte> first = Trim(rest[..length]);
        LogContinuation? continues = joins?.Invoke(first);
        while (continues is not null)
        {
            int next = LineLength(rest[length..], end);
            // Whether the next line goes on with this record only the whole line says.
            if (next < 0 && end == LogEnd.Open && length < MaxRecord)
                return false;
            // Behind NULs a writer has begun anew.
            if (next <= 0 || length + next > MaxRecord || rest[length] == 0 || !continues(first, Trim(rest.Slice(length, next))))
                break;
            length += next;
        }
        Length = length;
        IsInLongLine = length == MaxRecord && rest[length - 1] != '\n';
        record = Trim(rest[..length]);
        rest = rest[length..];
        return true;
    }

    private bool TryTakeFixed(ref ReadOnlySpan<byte> rest, LogEnd end, out ReadOnlySpan<byte> record)
    {
        // What is not whole is written yet, or never.
        while (rest.Length >= fixedLength || (end == LogEnd.Closed && !rest.IsEmpty))
        {
            record = rest[..Math.Min(rest.Length, fixedLength)];
            rest = rest[record.Length..];
            Length = record.Length;
            if (record.ContainsAnyExcept((byte)0))
                return true;
            NulBytes += Length;
        }
        record = default;
        return false;
    }

    private bool TryBegin(ref ReadOnlySpan<byte> rest)
    {
        if (IsInLongLine)
        {
            int end = rest.IndexOf((byte)'\n') + 1;
            IsInLongLine = end == 0;
            LongBytes += end == 0 ? rest.Length : end;
            rest = end == 0 ? [] : rest[end..];
        }
        int before = rest.Length;
        rest = rest.TrimStart((byte)0);
        NulBytes += before - rest.Length;
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
