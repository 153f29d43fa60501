using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>ClamAV: the logs of clamd, freshclam and clamonacc, what clamscan writes, and the same by syslog.</summary>
/// <remarks>
/// <code>
/// Thu Nov 26 10:00:00 2026 -> /srv/uploads/invoice: a.txt: Win.Test.EICAR_HDB-1 FOUND
/// Thu Nov 26 10:00:00 2026 -> /srv/uploads/b: Win.Test.EICAR_HDB-1(44d88612fea8a8f36de82e1278abb02f:68) FOUND
/// /srv/uploads/ok.txt: OK
/// WARNING: Thu Nov 26 10:00:00 2026 -> Can't query current.cvd.clamav.net
/// </code>
/// clamd(8), clamd.conf(5), clamscan(1), freshclam(1)
/// </remarks>
public static class ClamAv
{
    /// <summary>The format <c>clamav</c>: files, with times or without.</summary>
    public static LogFormat Format { get; } = new("clamav", TryRead);

    /// <summary>The texts of its programs behind a header of syslog.</summary>
    public static LogMessageFormat Messages { get; } =
        new("clamav", TryReadText, "clamd", "clamonacc", "clamscan", "clamdscan", "clamav-milter", "freshclam");

    private static ReadOnlySpan<byte> Found => " FOUND"u8;

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text.TrimEnd((byte)'\r');
        TrySetLevel(ref rest, record);
        const int TimeLength = 24;
        if (rest.Length > TimeLength + 4 && rest[TimeLength..].StartsWith(" -> "u8)
            && LogTimes.TryCtime(rest[..TimeLength], context.Zone, out long time))
        {
            record.Time = time;
            TryReadText(rest[(TimeLength + 4)..], record);
            return true;
        }
        return (BeginsWithPath(rest) && TryReadFound(rest, record)) || TryReadAge(rest, record) || TryReadLife(rest, record)
            || TryReadFetched(rest, record) || IsOfScan(text, record);
    }

    /// <summary>Where no time stands before it, a path tells a result from another log's line: no blank comes before a slash.</summary>
    private static bool BeginsWithPath(ReadOnlySpan<byte> text) =>
        text.IndexOfAny((byte)'/', (byte)' ') is >= 0 and var at && text[at] == '/';

    private static bool TryReadText(ReadOnlySpan<byte> text, LogRecord record)
    {
        bool hasLevel = TrySetLevel(ref text, record);
        return TryReadFound(text, record) || TryReadMail(text, record) || TryReadAge(text, record) || TryReadLife(text, record)
            || TryReadFetched(text, record) || hasLevel;
    }

    /// <summary><c>The virus database is older than 7 days!</c>, <c>Your ClamAV installation is OUTDATED!</c></summary>
    private static bool TryReadAge(ReadOnlySpan<byte> text, LogRecord record)
    {
        bool isOld = (text.StartsWith("LibClamAV Warning: "u8) && text.IndexOf("virus database is older than "u8) > 0)
            || text.StartsWith("Your ClamAV installation is OUTDATED"u8);
        if (isOld)
            record.Set(EventFields.Action, "outdated");
        return isOld;
    }

    /// <summary>
    /// <c>daily.cld database is up-to-date (version: …)</c>, <c>daily.cld updated (version: …)</c>: freshclam has looked.
    /// </summary>
    private static bool TryReadFetched(ReadOnlySpan<byte> text, LogRecord record)
    {
        int blank = text.IndexOf((byte)' ');
        if (blank < 5 || text[blank - 4] != '.' || text[blank - 3] != 'c' || text[blank - 1] != 'd')
            return false;
        ReadOnlySpan<byte> rest = text[(blank + 1)..];
        bool isLook = rest.StartsWith("database is up-to-date (version: "u8) || rest.StartsWith("updated (version: "u8)
            || rest.StartsWith("is up to date (version: "u8) || rest.StartsWith("is up-to-date (version: "u8);
        return isLook && ScanEnd.Set(record, "freshclam");
    }

    /// <summary><c>+++ Started at Thu Nov 26 10:00:00 2026</c>, <c>--- Stopped at …</c></summary>
    private static bool TryReadLife(ReadOnlySpan<byte> text, LogRecord record)
    {
        bool isStart = text.StartsWith("+++ Started at "u8);
        if (!isStart && !text.StartsWith("--- Stopped at "u8))
            return false;
        record.Kind = isStart ? EventKinds.ServiceStart : EventKinds.ServiceStop;
        if (!record.Has(EventFields.Service))
            record.Set(EventFields.Service, "clamd");
        return true;
    }

    /// <summary>
    /// <c>PATH: SIGNATURE FOUND</c>: whoever makes files chooses the path, and may put <c>: </c> and <c> FOUND</c> into it. The signature
    /// is what stands behind the last <c>: </c>.
    /// </summary>
    private static bool TryReadFound(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (!text.EndsWith(Found))
            return false;
        text = text[..^Found.Length];
        int colon = text.LastIndexOf(": "u8);
        if (colon <= 0 || !IsSignature(text[(colon + 2)..], out ReadOnlySpan<byte> signature))
            return false;
        record.Kind = EventKinds.MalwareFound;
        record.Set(EventFields.RuleName, signature);
        record.Set(EventFields.ObserverName, "clamav");
        SetPath(text[..colon], record);
        return true;
    }

    /// <summary>A name with a dot, hyphen or underscore, with checksum and size of the file behind it where it is told to.</summary>
    private static bool IsSignature(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> signature)
    {
        int open = text.IndexOf((byte)'(');
        signature = open > 0 && text[^1] == ')' ? text[..open] : text;
        return !signature.IsEmpty && char.IsAsciiLetterOrDigit((char)signature[0]) && !signature.Contains((byte)' ')
            && signature.IndexOfAny(".-_"u8) > 0;
    }

    /// <summary>What was sent to clamd has no path: <c>instream(192.0.2.7@50022)</c>, <c>instream(local)</c>, <c>fd[12]</c>.</summary>
    private static void SetPath(ReadOnlySpan<byte> path, LogRecord record)
    {
        if (path.StartsWith("instream("u8) && path[^1] == ')')
        {
            ReadOnlySpan<byte> peer = path["instream(".Length..^1];
            int at = peer.LastIndexOf((byte)'@');
            if (at < 0 || !LogText.IsAddress(peer[..at]))
                return;
            record.Set(EventFields.SourceIp, peer[..at]);
            record.Set(EventFields.SourcePort, peer[(at + 1)..]);
        }
        else if (!(path.StartsWith("fd["u8) && path[^1] == ']'))
            record.Set(EventFields.FilePath, path);
    }

    /// <summary><c>Message ID from &lt;a> to &lt;b> … infected by SIGNATURE</c>, as clamav-milter has it.</summary>
    private static bool TryReadMail(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> mark = " infected by "u8;
        int at = text.StartsWith("Message "u8) ? text.LastIndexOf(mark) : -1;
        if (at < 0 || !IsSignature(text[(at + mark.Length)..], out ReadOnlySpan<byte> signature))
            return false;
        record.Kind = EventKinds.MalwareFound;
        record.Set(EventFields.RuleName, signature);
        record.Set(EventFields.ObserverName, "clamav");
        return true;
    }

    private static bool TrySetLevel(ref ReadOnlySpan<byte> text, LogRecord record)
    {
        if (LogText.TryTake(ref text, "WARNING: "u8))
            LogLevels.TrySet(record, "WARNING"u8);
        else if (LogText.TryTake(ref text, "ERROR: "u8))
            LogLevels.TrySet(record, "ERROR"u8);
        else
            return false;
        return true;
    }

    /// <summary>The other lines of clamscan, which have no time.</summary>
    private static bool IsOfScan(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.StartsWith("Infected files: "u8))
        {
            record.Set(EventFields.SummaryFound, text["Infected files: ".Length..]);
            return ScanEnd.Set(record, "clamav");
        }
        if (text.StartsWith("Scanned files: "u8))
        {
            record.Set(EventFields.SummaryChecked, text["Scanned files: ".Length..]);
            return true;
        }
        bool isResult = text.EndsWith(": OK"u8) || text.EndsWith(": Empty file"u8) || text.EndsWith(": Symbolic link"u8)
            || text.EndsWith(": Excluded"u8) || text.EndsWith(": Access denied"u8);
        return (isResult && BeginsWithPath(text))
            || text.SequenceEqual("----------- SCAN SUMMARY -----------"u8) || (text.Length == 79 && !text.ContainsAnyExcept((byte)'-'))
            || (text.StartsWith("Time: "u8) && text.EndsWith(" s)"u8))
            || text.StartsWith("LibClamAV "u8) || text.StartsWith("Known viruses: "u8) || text.StartsWith("Engine version: "u8)
            || text.StartsWith("Scanned directories: "u8) || text.StartsWith("Data scanned: "u8) || text.StartsWith("Data read: "u8)
            || text.StartsWith("Total errors: "u8) || text.StartsWith("Start Date: "u8) || text.StartsWith("End Date:   "u8);
    }
}
