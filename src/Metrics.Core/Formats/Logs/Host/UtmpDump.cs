using System.Buffers.Text;
using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>What <c>utmpdump</c> prints of wtmp, btmp or utmp: a line a record.</summary>
/// <remarks>
/// <code>
/// [7] [01234] [ts/0] [ann     ] [pts/0       ] [192.0.2.7           ] [192.0.2.7      ] [2026-11-26T10:00:00,123456+00:00]
/// </code>
/// Fields are read from both ends, for a host's name may hold anything. A failure in btmp is told by its type, since nothing else says
/// which file it was.
/// https://github.com/util-linux/util-linux/blob/master/login-utils/utmpdump.c
/// </remarks>
public static class UtmpDump
{
    private const int CtimeLength = 24;

    /// <summary>The format <c>utmpdump</c>.</summary>
    public static LogFormat Format { get; } = new("utmpdump", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 60 || text[0] != '[' || text[1] is < (byte)'0' or > (byte)'9' || !text[2..].StartsWith("] ["u8))
            return false;
        ReadOnlySpan<byte> rest = text[4..].TrimEnd((byte)' ');
        if (!TryTake(ref rest, out ReadOnlySpan<byte> process) || !TryTake(ref rest, out _)
            || !TryTake(ref rest, out ReadOnlySpan<byte> user)
            || !TryTake(ref rest, out ReadOnlySpan<byte> line) || !TryTakeLast(ref rest, out ReadOnlySpan<byte> time)
            || !TryTakeLast(ref rest, out ReadOnlySpan<byte> address) || !TryTake(ref rest, out ReadOnlySpan<byte> host)
            || !Utf8Parser.TryParse(process, out int processId, out _) || !TryReadTime(time, context.Zone, out long at))
            return false;
        var login = new LoginEntry
        {
            Type = (LoginType)(text[1] - '0'),
            Time = at,
            ProcessId = processId,
            Line = line,
            User = user,
            Host = host,
            Address = address.SequenceEqual("0.0.0.0"u8) ? default : address,
        };
        if (!login.CopyTo(record, isFailures: false))
            return false;
        record.Set(EventFields.Dataset, "utmpdump");
        return true;
    }

    /// <summary><c>2026-11-26T10:00:00,123456+00:00</c>, and before version 2.28 <c>Thu Nov 26 10:00:00 2026 CET</c>.</summary>
    private static bool TryReadTime(ReadOnlySpan<byte> text, TimeZoneInfo zone, out long time) =>
        LogTimes.TryDate(text, zone, out time, out _)
        || (text.Length >= CtimeLength && LogTimes.TryCtime(text[..CtimeLength], zone, out time));

    /// <summary><c>[VALUE ] </c> at the start.</summary>
    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!rest.TryTake("["u8) || !rest.TryTakeUntil("]"u8, out ReadOnlySpan<byte> padded))
            return false;
        rest.TryTake(" "u8);
        value = padded.TrimEnd((byte)' ');
        return true;
    }

    /// <summary><c> [VALUE ]</c> at the end.</summary>
    private static bool TryTakeLast(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value)
    {
        value = default;
        int open = rest.LastIndexOf((byte)'[');
        if (open < 1 || !rest.TryTakeEnd("]"u8))
            return false;
        value = rest[(open + 1)..].TrimEnd((byte)' ');
        rest = rest[..open].TrimEnd((byte)' ');
        return true;
    }
}
