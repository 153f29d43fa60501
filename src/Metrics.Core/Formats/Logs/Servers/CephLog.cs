using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>Ceph's logs: those of its daemons, and those of the cluster and its audit.</summary>
/// <remarks>
/// <code>
/// 2026-11-26T10:00:00.791+0000 7faf9d3bb700 -1 bluestore(/var/lib/ceph/osd/ceph-1) _verify_csum bad crc32c/0x80000 …
/// 2026-11-26T10:00:00.686553+0000 mon.ctl-1 (mon.0) 254 : audit [INF] from='mgr.4128 192.0.2.1:0/16477' entity='mgr.x' cmd=[…]: dispatch
/// </code>
/// https://docs.ceph.com/en/latest/rados/troubleshooting/log-and-debug/
/// </remarks>
public static class CephLog
{
    /// <summary>The format <c>ceph</c>.</summary>
    public static LogFormat Format { get; } = new("ceph", TryRead, Continues);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 32 || text[4] != '-' || !LogTimes.TryDate(text, context.Zone, out long time, out int length)
            || length < 23 || length >= text.Length || text[length] != ' ')
        {
            return false;
        }
        ReadOnlySpan<byte> rest = text[(length + 1)..];
        ReadOnlySpan<byte> word = LogText.TakeWord(ref rest);
        if (IsThread(word) ? !TryReadDaemon(rest, record) : !TryReadCluster(word, rest, record))
            return false;
        record.Time = time;
        record.Set(EventFields.Service, "ceph");
        return true;
    }

    /// <summary>Dumps of statistics and of what crashed have lines without head.</summary>
    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) =>
        line.Length < 24 || line[4] != '-' || line[10] != 'T' || !char.IsAsciiDigit((char)line[0]);

    /// <summary><c> 0 text</c>, <c>-1 text</c>: the level is right-aligned; -1 is an error, 0 is always written, more is finer.</summary>
    private static bool TryReadDaemon(ReadOnlySpan<byte> rest, LogRecord record)
    {
        rest = rest.TrimStart((byte)' ');
        ReadOnlySpan<byte> level = LogText.TakeWord(ref rest);
        if (level.SequenceEqual("-1"u8))
            record.SeverityNumber = Severity.Error;
        else if (level.Length is 1 or 2 && LogText.IsNumber(level))
            record.SeverityNumber = level.Length == 1 && level[0] <= '1' ? Severity.Info : Severity.Debug;
        else
            return false;
        record.Set(EventFields.Level, level);
        record.MessageLength = rest.Length;
        return true;
    }

    /// <summary><c>mon.ctl-1 (mon.0) 254 : audit [INF] text</c></summary>
    private static bool TryReadCluster(ReadOnlySpan<byte> who, ReadOnlySpan<byte> rest, LogRecord record)
    {
        if (!who.Contains((byte)'.') || !rest.StartsWith("("u8))
            return false;
        LogText.TakeWord(ref rest);
        if (!LogText.IsNumber(LogText.TakeWord(ref rest)) || !LogText.TryTake(ref rest, ": "u8))
            return false;
        ReadOnlySpan<byte> channel = LogText.TakeWord(ref rest);
        ReadOnlySpan<byte> level = LogText.TakeWord(ref rest);
        if (level.Length != 5 || level[0] != '[' || !LogLevels.TrySet(record, level[1..^1]))
            return false;
        record.Set(EventFields.ProcessName, who);
        record.Set(EventFields.Logger, channel);
        record.MessageLength = rest.Length;
        return true;
    }

    private static bool IsThread(ReadOnlySpan<byte> word)
    {
        if (word.Length is < 6 or > 16)
            return false;
        foreach (byte c in word)
        {
            if (!char.IsAsciiHexDigitLower((char)c))
                return false;
        }
        return true;
    }
}
