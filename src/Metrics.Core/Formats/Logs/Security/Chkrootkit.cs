using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>What chkrootkit writes: a line a check, and warnings.</summary>
/// <remarks>
/// <code>
/// Checking `ls'...                                            INFECTED
/// Searching for Ambient (ark) rootkit...                      not found
/// WARNING: Possible Suckit: /sbin/init INFECTED
/// WARNING: The following suspicious files and directories were found:
/// /usr/lib/.x
/// </code>
/// chkrootkit(1), and its script.
/// </remarks>
public static class Chkrootkit
{
    /// <summary>The format <c>chkrootkit</c>.</summary>
    public static LogFormat Format { get; } = new("chkrootkit", (text, _, record) => TryRead(text, record), Continues);

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> first = text.TakeLine().TrimEnd((byte)' ');
        if (first.StartsWith("WARNING: "u8))
            return TryReadWarning(first["WARNING: ".Length..], text, record);
        if (first.StartsWith("ROOTDIR is `"u8))
            return true;
        int dots = first.IndexOf("..."u8);
        bool isCheck = first.StartsWith("Checking `"u8);
        if (dots < 0 || (!isCheck && !first.StartsWith("Searching for "u8)))
            return false;
        ReadOnlySpan<byte> result = first[(dots + 3)..].TrimStart((byte)' ');
        ReadOnlySpan<byte> what = isCheck ? first["Checking `".Length..dots].TrimEnd((byte)'\'') : first["Searching for ".Length..dots];
        // The last of its tools, in all versions; it says nothing at the end.
        if (isCheck && what.SequenceEqual("OSX_RSPLUG"u8))
            ScanEnd.Set(record, "chkrootkit");
        if (IsInfected(result))
            SetFound(what, result, record);
        else if (result.StartsWith("WARNING"u8) || result.StartsWith("Warning"u8))
            LogLevels.TrySet(record, "WARNING"u8);
        return true;
    }

    /// <summary>The files that a warning is about stand below it.</summary>
    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) =>
        line.StartsWith("/"u8) && first.StartsWith("WARNING: "u8) && first.EndsWith(":"u8);

    private static bool TryReadWarning(ReadOnlySpan<byte> text, ReadOnlySpan<byte> files, LogRecord record)
    {
        if (!files.IsEmpty)
            record.Set(EventFields.SummaryFound, files.Count((byte)'\n') + 1);
        if (text.StartsWith("The following "u8) && text.IndexOf(" found"u8) > 0)
        {
            // Dot files in unusual places: worth a look, no proof.
            record.Kind = EventKinds.IdsAlert;
            record.Set(EventFields.ObserverName, "chkrootkit");
            record.Set(EventFields.Reason, text.TrimEnd((byte)':'));
        }
        else if (IsInfected(text))
            SetFound(default, text, record);
        else
            return false;
        LogLevels.TrySet(record, "WARNING"u8);
        return true;
    }

    /// <summary><c>not infected</c> is in small letters.</summary>
    private static bool IsInfected(ReadOnlySpan<byte> text) =>
        text.StartsWith("INFECTED"u8) || text.EndsWith(" INFECTED"u8) || text.IndexOf(" INFECTED by "u8) > 0
        || ((text.StartsWith("Possible "u8) || text.StartsWith("Warning: Possible "u8)) && text.IndexOf(" installed"u8) > 0);

    private static void SetFound(ReadOnlySpan<byte> what, ReadOnlySpan<byte> text, LogRecord record)
    {
        record.Kind = EventKinds.MalwareFound;
        record.Set(EventFields.ObserverName, "chkrootkit");
        record.Set(EventFields.RuleName, what);
        record.Set(EventFields.Reason, text.TrimEnd((byte)':'));
    }
}
