using System.Buffers;
using System.Buffers.Text;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>Reports of AIDE, 0.15 to 0.18: a headline, a summary, then a line for each file.</summary>
/// <remarks>
/// <code>
/// Start timestamp: 2026-11-26 10:00:00 +0100 (AIDE 0.18.3)
/// AIDE found differences between database and filesystem!!
/// Summary:
///   Total number of entries:	7
///   Added entries:		2
/// f+++++++++++++++++: /etc/cron.d/new
/// f > ... ....H     : /etc/passwd
/// File: /etc/passwd
///  SHA256    : J92O1EqD/5TVV/n9BBLtWoy8pp6gSSLY | gAQ3mol0v13ofPjfZBWShY47AeR5fF6z
///              jAEYSgcwClo=                     | 42R8oFDIEUk=
/// </code>
/// aide(1), aide.conf(5). One event a file, and one for the headline: a report may be without the list.
/// </remarks>
public static class Aide
{
    private const long NanosecondsPerMinute = 60_000_000_000;

    private static readonly SearchValues<byte> s_attributes =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-:!=<>? "u8);

    /// <summary>The format <c>aide</c>.</summary>
    public static LogFormat Format { get; } = new("aide", TryRead, Continues);

    /// <summary>The same lines by syslog.</summary>
    public static LogMessageFormat Messages { get; } = new("aide", TryReadLine, "aide");

    private static ReadOnlySpan<byte> Attributes => "The attributes of the (uncompressed) database"u8;

    private static ReadOnlySpan<byte> Types => "fdlbcspDPF?!"u8;

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        ReadOnlySpan<byte> first = text.TakeLine();
        if (first.SequenceEqual("Summary:"u8))
            return ReadSummary(text, record);
        if (first.StartsWith(Attributes))
            return true;
        if (!text.IsEmpty && IsDetail(first))
            return ReadDetail(first, text, record);
        ReadOnlySpan<byte> stamp = first;
        if ((LogText.TryTake(ref stamp, "Start timestamp: "u8) || LogText.TryTake(ref stamp, "End timestamp: "u8)) && stamp.Length > 19)
        {
            if (!LogTimes.TryDate(stamp, context.Zone, out long time, out int length))
                return false;
            // Between time and zone there is a blank.
            if (stamp.Length > length + 5 && SyslogTime.ReadOffset(stamp[(length + 1)..], out _) is { } minutes
                && LogTimes.TryDate(stamp, TimeZoneInfo.Utc, out time, out _))
            {
                time -= minutes * NanosecondsPerMinute;
            }
            record.Time = time;
            return true;
        }
        return TryReadLine(first, record);
    }

    /// <summary>What is indented belongs to the line before it, and so do the hashes of the database itself.</summary>
    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) =>
        first.StartsWith(Attributes)
            ? line.IsEmpty || line[0] is (byte)' ' or (byte)'/' || IsRule(line)
            : line.Length > 1 && line[0] == ' ' && (first.SequenceEqual("Summary:"u8) || IsDetail(first));

    /// <summary>The line above and below a title.</summary>
    private static bool IsRule(ReadOnlySpan<byte> line) => line.Length == 51 && !line.ContainsAnyExcept((byte)'-');

    private static bool TryReadLine(ReadOnlySpan<byte> line, LogRecord record)
    {
        if (line.StartsWith("AIDE found NO differences"u8))
        {
            record.Set(EventFields.Outcome, "success");
            return ScanEnd.Set(record, "aide");
        }
        if (line.StartsWith("AIDE found differences between "u8))
        {
            record.Kind = EventKinds.IntegrityChanged;
            return ScanEnd.Set(record, "aide");
        }
        if (TrySetCount(line.TrimStart((byte)' '), record))
            return true;
        if (IsTitle(line) || IsDetail(line))
            return true;
        return TryReadOld(line, record) || TryReadEntry(line, record);
    }

    private static bool IsTitle(ReadOnlySpan<byte> line) =>
        line.SequenceEqual("Added entries:"u8) || line.SequenceEqual("Removed entries:"u8) || line.SequenceEqual("Changed entries:"u8)
        || line.StartsWith("Detailed information about changes:"u8) || IsRule(line)
        || line.StartsWith("AIDE initialized database"u8) || line.StartsWith("AIDE successfully initialized database"u8)
        || line.StartsWith("New AIDE database written to "u8);

    private static bool IsDetail(ReadOnlySpan<byte> line) =>
        line.StartsWith("File: /"u8) || line.StartsWith("Directory: /"u8) || line.StartsWith("Link: /"u8);

    private static bool ReadSummary(ReadOnlySpan<byte> rest, LogRecord record)
    {
        foreach (Range range in rest.Split((byte)'\n'))
            TrySetCount(rest[range].Trim(" \r"u8), record);
        return true;
    }

    /// <summary><c>Added entries:		2</c>; of old <c>Added files:</c>. A title has no number.</summary>
    private static bool TrySetCount(ReadOnlySpan<byte> line, LogRecord record)
    {
        int colon = line.IndexOf((byte)':');
        if (colon < 0)
            return false;
        ReadOnlySpan<byte> count = line[(colon + 1)..].Trim(" \t"u8);
        if (!LogText.IsNumber(count) || line[..colon] is not [.., (byte)'s'])
            return false;
        line = line[..colon];
        string? field = line.SequenceEqual("Added entries"u8) || line.SequenceEqual("Added files"u8) ? EventFields.SummaryAdded
            : line.SequenceEqual("Removed entries"u8) || line.SequenceEqual("Removed files"u8) ? EventFields.SummaryRemoved
            : line.SequenceEqual("Changed entries"u8) || line.SequenceEqual("Changed files"u8) ? EventFields.SummaryChanged
            : line.SequenceEqual("Total number of entries"u8) || line.SequenceEqual("Total number of files"u8)
                || line.SequenceEqual("Number of entries"u8) ? EventFields.SummaryChecked
            : null;
        if (field is not null)
            record.Set(field, count);
        return field is not null;
    }

    /// <summary><c>added: /path</c>, as 0.15 has it.</summary>
    private static bool TryReadOld(ReadOnlySpan<byte> line, LogRecord record)
    {
        string? action = line.StartsWith("added: /"u8) ? "added" : line.StartsWith("removed: /"u8) ? "removed"
            : line.StartsWith("changed: /"u8) ? "changed" : null;
        if (action is not null)
            SetEntry(action, line[(action.Length + 2)..], record);
        return action is not null;
    }

    /// <summary>
    /// <c>f+++++: /new</c>, <c>f-----: /gone</c>, <c>f > ... ....H : /changed</c>: the path is behind the first colon and blank.
    /// </summary>
    private static bool TryReadEntry(ReadOnlySpan<byte> line, LogRecord record)
    {
        const int MinAttributes = 8, MaxAttributes = 40;
        if (line.Length < MinAttributes || !Types.Contains(line[0]) || line[1] is not ((byte)'+' or (byte)'-' or (byte)' '))
            return false;
        int colon = line[..Math.Min(line.Length, MaxAttributes)].IndexOf(": /"u8);
        if (colon < MinAttributes)
            return false;
        ReadOnlySpan<byte> attributes = line[1..colon];
        bool isAdded = !attributes.ContainsAnyExcept((byte)'+'), isRemoved = !attributes.ContainsAnyExcept((byte)'-');
        bool isChanged = attributes[1] is (byte)'=' or (byte)'<' or (byte)'>' or (byte)'!' or (byte)' ' && attributes[2] == ' '
            && !attributes.ContainsAnyExcept(s_attributes) && attributes.Contains((byte)'.');
        if (!isAdded && !isRemoved && !isChanged)
            return false;
        SetEntry(isAdded ? "added" : isRemoved ? "removed" : "changed", line[(colon + 2)..], record);
        return true;
    }

    private static void SetEntry(string action, ReadOnlySpan<byte> path, LogRecord record)
    {
        record.Kind = EventKinds.IntegrityChanged;
        record.Set(EventFields.Action, action);
        record.Set(EventFields.FilePath, path);
        record.Set(EventFields.ObserverName, "aide");
    }

    /// <summary>What is new of a changed file; the event itself is the line of the list.</summary>
    private static bool ReadDetail(ReadOnlySpan<byte> first, ReadOnlySpan<byte> rest, LogRecord record)
    {
        record.Set(EventFields.FilePath, first[(first.IndexOf((byte)' ') + 1)..]);
        Span<byte> base64 = stackalloc byte[64];
        int length = 0;
        foreach (Range range in rest.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = rest[range];
            int bar = line.IndexOf(" | "u8);
            // A hash takes several lines: all but the first have no name.
            if (bar < 0 || (length == 0 ? !line.StartsWith(" SHA256 "u8) : line.Length < 3 || line[1] != ' '))
            {
                if (length > 0)
                    break;
                continue;
            }
            ReadOnlySpan<byte> piece = line[(bar + 3)..].Trim(" \r"u8);
            if (length + piece.Length > base64.Length)
                break;
            piece.CopyTo(base64[length..]);
            length += piece.Length;
        }
        SetHash(base64[..length], record);
        return true;
    }

    private static void SetHash(ReadOnlySpan<byte> base64, LogRecord record)
    {
        Span<byte> hash = stackalloc byte[64];
        Span<byte> hex = stackalloc byte[64];
        if (Base64.DecodeFromUtf8(base64, hash, out _, out int length) == OperationStatus.Done && length == 32
            && Convert.TryToHexStringLower(hash[..length], hex, out int written))
        {
            record.Set(EventFields.FileSha256, hex[..written]);
        }
    }
}
