using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>Reports of Tripwire, and the line that it sends to syslog.</summary>
/// <remarks>
/// <code>
/// Added:
/// "/etc/cron.d/new"
/// Added object name:  /etc/cron.d/new
/// Total violations found:  4
/// tripwire[981]: Integrity Check Complete: TWReport web-1 20261126100000 V:4 S:100 A:1 R:1 C:2
/// </code>
/// twprint(8), twconfig(4). A list is one event: its first file, and how many there are.
/// </remarks>
public static class Tripwire
{
    /// <summary>The format <c>tripwire</c>.</summary>
    public static LogFormat Format { get; } = new("tripwire", (text, _, record) => TryRead(text, record), Continues);

    /// <summary>What it sends to syslog.</summary>
    public static LogMessageFormat Messages { get; } = new("tripwire", TryReadMessage, "tripwire");

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> first = text.TakeLine();
        if (ActionOfTitle(first) is { } action)
            return text.IsEmpty || ReadList(action, text, record);
        if (TryReadObject(first, record))
            return true;
        return (TryCount(first, "Total violations found:"u8, EventFields.SummaryFound, record) && ScanEnd.Set(record, "tripwire"))
            || TryCount(first, "Total objects scanned:"u8, EventFields.SummaryChecked, record)
            || first.StartsWith("Open Source Tripwire(R) "u8);
    }

    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) =>
        ActionOfTitle(first) is not null && line.StartsWith("\"/"u8);

    private static string? ActionOfTitle(ReadOnlySpan<byte> line) => line is [.., (byte)':'] ? ActionOf(line[..^1]) : null;

    private static string? ActionOf(ReadOnlySpan<byte> word) =>
        word.SequenceEqual("Added"u8) ? "added"
        : word.SequenceEqual("Removed"u8) ? "removed"
        : word.SequenceEqual("Modified"u8) ? "changed" : null;

    private static bool ReadList(string action, ReadOnlySpan<byte> list, LogRecord record)
    {
        record.Kind = EventKinds.IntegrityChanged;
        record.Set(EventFields.Action, action);
        record.Set(EventFields.ObserverName, "tripwire");
        int count = list.Count((byte)'\n') + 1;
        record.Set(EventFields.FilePath, list.TakeLine().TrimEnd((byte)' ').Trim((byte)'"'));
        string field = action == "added" ? EventFields.SummaryAdded
            : action == "removed" ? EventFields.SummaryRemoved : EventFields.SummaryChanged;
        record.Set(field, count);
        return true;
    }

    /// <summary><c>Added object name:  /etc/cron.d/new</c>, where the report is told to give details in place of lists.</summary>
    private static bool TryReadObject(ReadOnlySpan<byte> line, LogRecord record)
    {
        ReadOnlySpan<byte> mark = " object name:  "u8;
        int at = line.IndexOf(mark);
        string? action = at < 0 ? null : ActionOf(line[..at]);
        if (action is null)
            return false;
        record.Kind = EventKinds.IntegrityChanged;
        record.Set(EventFields.Action, action);
        record.Set(EventFields.ObserverName, "tripwire");
        record.Set(EventFields.FilePath, line[(at + mark.Length)..].TrimEnd(" \r"u8));
        return true;
    }

    private static bool TryCount(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, string field, LogRecord record)
    {
        if (!line.StartsWith(name))
            return false;
        record.Set(field, line[name.Length..].Trim(" \r"u8));
        return true;
    }

    /// <summary>V is the number of violations, S the worst severity; A, R and C are what was added, removed, changed.</summary>
    private static bool TryReadMessage(ReadOnlySpan<byte> message, LogRecord record)
    {
        int at = message.IndexOf(" V:"u8);
        if (!message.StartsWith("Integrity Check Complete: "u8) || at < 0)
            return false;
        ReadOnlySpan<byte> rest = message[(at + 1)..];
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> pair = LogText.TakeWord(ref rest);
            if (pair.Length < 3 || pair[1] != ':' || !LogText.IsNumber(pair[2..]))
                continue;
            string? field = pair[0] switch
            {
                (byte)'V' => EventFields.SummaryFound,
                (byte)'S' => EventFields.Severity,
                (byte)'A' => EventFields.SummaryAdded,
                (byte)'R' => EventFields.SummaryRemoved,
                (byte)'C' => EventFields.SummaryChanged,
                _ => null,
            };
            if (field is not null)
                record.Set(field, pair[2..]);
        }
        ScanEnd.Set(record, "tripwire");
        if (record.Has(EventFields.SummaryFound) && !record.Bytes(EventFields.SummaryFound).SequenceEqual("0"u8))
            record.Kind = EventKinds.IntegrityChanged;
        return true;
    }
}
