using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>The log of Rootkit Hunter. Its lines have a clock but no date, hence no time.</summary>
/// <remarks>
/// <code>
/// [10:00:00]   /usr/bin/ls                                     [ OK ]
/// [10:00:00] Warning: The file properties have changed:
/// [10:00:00]          File: /usr/bin/ls
/// [10:00:00]          Current hash: 9d5a…
/// [10:00:00] Warning: Found file '/dev/.x'. Possible rootkit: Adore
/// [10:00:00] Possible rootkits: 0
/// </code>
/// rkhunter(8), and its texts in <c>/var/lib/rkhunter/db/i18n/en</c>.
/// </remarks>
public static class Rkhunter
{
    private const int StampLength = 10;

    /// <summary>The format <c>rkhunter</c>.</summary>
    public static LogFormat Format { get; } = new("rkhunter", (text, _, record) => TryRead(text, record), Continues);

    /// <summary>What it sends to syslog.</summary>
    public static LogMessageFormat Messages { get; } = new("rkhunter", TryReadText, "rkhunter");

    private static ReadOnlySpan<byte> Warning => "Warning: "u8;

    private static ReadOnlySpan<byte> Indent => "         "u8;

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!HasStamp(text))
            return false;
        ReadOnlySpan<byte> words = text[StampLength..].Trim(" \r"u8);
        if (words.EndsWith("[ Warning ]"u8))
            LogLevels.TrySet(record, "Warning"u8);
        return TryReadText(words, record) || IsOurs(words);
    }

    /// <summary>Others write a clock in brackets, too.</summary>
    private static bool IsOurs(ReadOnlySpan<byte> words) =>
        words.IsEmpty || words.EndsWith(" ]"u8) || words.StartsWith("Info: "u8) || words.StartsWith("Checking "u8)
        || words.StartsWith("Performing "u8) || words.StartsWith("Running Rootkit Hunter "u8) || words.StartsWith("Starting "u8)
        || words.StartsWith("System checks summary"u8)
        || words.StartsWith("====="u8) || words.StartsWith("Rootkit"u8) || words.StartsWith("File properties checks"u8)
        || words.StartsWith("Applications checks"u8) || words.StartsWith("All checks "u8) || words.StartsWith("The system checks took"u8);

    /// <summary>What a warning is about stands below it, indented.</summary>
    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) =>
        IsWarning(first) && HasStamp(line) && line[StampLength..].StartsWith(Indent);

    private static bool IsWarning(ReadOnlySpan<byte> line) => HasStamp(line) && line[StampLength..].StartsWith(" Warning: "u8);

    private static bool HasStamp(ReadOnlySpan<byte> line) =>
        line.Length >= StampLength && line[0] == '[' && line[3] == ':' && line[6] == ':' && line[9] == ']'
        && LogText.IsNumber(line[1..3]) && LogText.IsNumber(line[4..6]) && LogText.IsNumber(line[7..9])
        && (line.Length == StampLength || line[StampLength] == ' ');

    private static bool TryReadText(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.StartsWith("Please inspect this machine, because it may be infected"u8))
        {
            // All that it tells syslog of its warnings.
            record.Kind = EventKinds.IdsAlert;
            record.Set(EventFields.ObserverName, "rkhunter");
            // A file of syslog has no level, and it is no mere remark.
            if (record.SeverityNumber == 0)
                LogLevels.TrySet(record, "Warning"u8);
            return true;
        }
        if (text.StartsWith("Info: End date is "u8))
            return ScanEnd.Set(record, "rkhunter");
        if (!LogText.TryTake(ref text, Warning))
            return TryCount(text, record);
        LogLevels.TrySet(record, "Warning"u8);
        ReadOnlySpan<byte> first = text.TakeLine().TrimEnd((byte)' ');
        record.Set(EventFields.Reason, first.TrimEnd((byte)':'));
        record.Set(EventFields.ObserverName, "rkhunter");
        if (first.StartsWith("The file properties have changed:"u8))
            SetProperties(text, record);
        else if (!TrySetRootkit(first, text, record) && !TrySetAccount(first, record) && IsFinding(first))
            record.Kind = EventKinds.IdsAlert;
        return true;
    }

    private static void SetProperties(ReadOnlySpan<byte> below, LogRecord record)
    {
        record.Kind = EventKinds.IntegrityChanged;
        record.Set(EventFields.Action, "changed");
        foreach (Range range in below.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = below[range];
            if (!HasStamp(line))
                continue;
            line = line[StampLength..].Trim(" \r"u8);
            if (LogText.TryTake(ref line, "File: "u8))
                record.Set(EventFields.FilePath, line);
            else if (LogText.TryTake(ref line, "Current hash: "u8) && line.Length == 64)
                record.Set(EventFields.FileSha256, line);
        }
    }

    /// <summary>
    /// <c>Found file '/dev/.x'. Possible rootkit: Adore</c>; the last of the words is meant, a file may be named like them.
    /// </summary>
    private static bool TrySetRootkit(ReadOnlySpan<byte> text, ReadOnlySpan<byte> below, LogRecord record)
    {
        ReadOnlySpan<byte> mark = "ossible rootkit: "u8;
        int at = text.LastIndexOf(mark);
        ReadOnlySpan<byte> name = at < 0 ? default : text[(at + mark.Length)..];
        int atBelow = at < 0 ? below.IndexOf("Possible Rootkit: "u8) : -1;
        if (atBelow >= 0)
        {
            below = below[(atBelow + "Possible Rootkit: ".Length)..];
            name = below.TakeLine();
        }
        if (name.IsEmpty)
            return false;
        record.Kind = EventKinds.MalwareFound;
        record.Set(EventFields.RuleName, name.Trim((byte)' '));
        int open = text.IndexOf((byte)'\''), close = at < 0 ? -1 : text[..at].LastIndexOf((byte)'\'');
        bool isFile = text.StartsWith("Found file "u8) || text.StartsWith("Found directory "u8) || text.StartsWith("The file "u8);
        if (isFile && close > open + 1)
            record.Set(EventFields.FilePath, text[(open + 1)..FileEnd(text, close)]);
        return true;
    }

    /// <summary>Of <c>The file 'a' contains the string 'b'</c> the first is the file.</summary>
    private static int FileEnd(ReadOnlySpan<byte> text, int close)
    {
        int contains = text.IndexOf("' contains the string '"u8);
        return contains > 0 && text.StartsWith("The file "u8) ? contains : close;
    }

    /// <summary><c>User 'ann' has been added to the passwd file.</c></summary>
    private static bool TrySetAccount(ReadOnlySpan<byte> text, LogRecord record)
    {
        bool isUser = text.StartsWith("User '"u8), isGroup = text.StartsWith("Group '"u8);
        int open = text.IndexOf((byte)'\'') + 1, close = text.LastIndexOf("' has been "u8);
        if ((!isUser && !isGroup) || close < open)
            return false;
        ReadOnlySpan<byte> behind = text[(close + "' has been ".Length)..];
        string? action = behind.StartsWith("added to "u8) ? "added" : behind.StartsWith("removed from "u8) ? "removed" : null;
        if (action is null)
            return false;
        record.Kind = EventKinds.HostAccount;
        record.Set(EventFields.Action, action);
        record.Set(isUser ? EventFields.TargetUserName : EventFields.GroupName, text[open..close]);
        return true;
    }

    /// <summary>Whether a warning is of something found; others say that a setting is weak, or that a check could not be made.</summary>
    private static bool IsFinding(ReadOnlySpan<byte> text) =>
        text.StartsWith("Suspicious "u8) || text.StartsWith("Hidden "u8) || text.StartsWith("Found suspicious "u8)
        || text.StartsWith("The following suspicious "u8) || text.StartsWith("The following processes are using suspicious "u8)
        || text.StartsWith("The following processes are using deleted files"u8) || text.StartsWith("Process '"u8)
        || (text.StartsWith("The command '"u8) && text.IndexOf("' has been replaced "u8) > 0);

    private static bool TryCount(ReadOnlySpan<byte> text, LogRecord record)
    {
        string? field = text.StartsWith("Possible rootkits: "u8) ? EventFields.SummaryFound
            : text.StartsWith("Suspect files: "u8) ? EventFields.SummaryChanged
            : text.StartsWith("Files checked: "u8) ? EventFields.SummaryChecked : null;
        if (field is null)
            return false;
        ReadOnlySpan<byte> count = text[(text.IndexOf((byte)':') + 2)..].Trim(" \r"u8);
        if (LogText.IsNumber(count))
            record.Set(field, count);
        return true;
    }
}
