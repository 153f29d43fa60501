using Metrics.Formats.Logs.Servers;
using Metrics.Model;

namespace Metrics.Formats.Logs.OpenStack;

/// <summary>The requests that uWSGI writes, as Keystone, Placement, Nova and Glance run in it.</summary>
/// <remarks>
/// <code>
/// [pid: 12|app: 0|req: 1/1] 192.0.2.7 () {64 vars in 1201 bytes} [Thu Nov 26 10:00:00 2026] GET /v3 =&gt; generated 123 bytes
///   in 3 msecs (HTTP/1.1 200) 5 headers in 178 bytes (1 switches on core 0)
/// </code>
/// https://github.com/unbit/uwsgi/blob/master/core/logging.c; all on one line.
/// </remarks>
public static class UwsgiLog
{
    /// <summary>Brackets at which a name may begin that are looked at; bounds the work on one that is made of them.</summary>
    private const int MaxTries = 16;

    /// <summary>The format <c>uwsgi</c>.</summary>
    public static LogFormat Format { get; } = new("uwsgi", TryRead);

    /// <summary>The same lines behind the header of syslog or of a journal.</summary>
    public static LogMessageFormat Message { get; } =
        new("uwsgi", (message, record) => TryReadAny(message, TimeZoneInfo.Utc, record, out _));

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (!TryReadAny(text, context.Zone, record, out long? time))
            return false;
        record.Time = time;
        return true;
    }

    private static bool TryReadAny(ReadOnlySpan<byte> text, TimeZoneInfo zone, LogRecord record, out long? time) =>
        TryReadRequest(text, zone, record, out time) || TryReadLife(text, zone, record, out time);

    /// <summary><c>*** Starting uWSGI 2.0.21 (64bit) on [Thu Nov 26 10:00:00 2026] ***</c>, <c>goodbye to uWSGI.</c></summary>
    private static bool TryReadLife(ReadOnlySpan<byte> text, TimeZoneInfo zone, LogRecord record, out long? time)
    {
        time = null;
        bool isStart = text.StartsWith("*** Starting uWSGI "u8);
        if (!isStart && !text.SequenceEqual("goodbye to uWSGI."u8))
            return false;
        if (!record.Has(EventFields.Service))
            record.Set(EventFields.Service, "uwsgi");
        if (isStart)
            record.SetStart();
        else
            record.SetStop();
        ReadOnlySpan<byte> rest = text;
        if (LogText.TryTakeUntil(ref rest, (byte)'[', out _) && LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> stamp, 30)
            && LogTimes.TryCtime(stamp, zone, out long started))
        {
            time = started;
        }
        return true;
    }

    private static bool TryReadRequest(ReadOnlySpan<byte> text, TimeZoneInfo zone, LogRecord record, out long? time)
    {
        time = null;
        ReadOnlySpan<byte> rest = text;
        if (!LogText.TryTake(ref rest, "[pid: "u8) || !LogText.TryTakeUntil(ref rest, (byte)'|', out ReadOnlySpan<byte> pid, 20)
            || !LogText.TryTakeUntil(ref rest, (byte)']', out _) || !LogText.TryTake(ref rest, " "u8))
        {
            return false;
        }
        // The path is the client's choice: the last arrow is uWSGI's.
        int arrow = rest.LastIndexOf(" => generated "u8);
        if (arrow < 0
            || !TryHead(rest[..arrow], zone, out ReadOnlySpan<byte> source, out ReadOnlySpan<byte> user, out int request, out long answered)
            || !HttpText.TrySetRequest(record, rest[request..arrow]))
        {
            return false;
        }
        time = answered;
        record.Kind = EventKinds.HttpRequest;
        record.Set(EventFields.ProcessId, pid);
        record.SetForwardedSource(source);
        record.Set(EventFields.UserName, user);
        rest = rest[(arrow + 14)..];
        HttpText.SetBytes(record, LogText.TakeWord(ref rest));
        if (LogText.TryTake(ref rest, "bytes in "u8))
            SetTook(record, LogText.TakeWord(ref rest), LogText.TakeWord(ref rest));
        if (LogText.TryTake(ref rest, "("u8) && LogText.TryTakeUntil(ref rest, (byte)')', out ReadOnlySpan<byte> answer, 20))
            HttpText.TrySetStatus(record, answer[(answer.LastIndexOf((byte)' ') + 1)..]);
        return true;
    }

    /// <summary>
    /// <c>192.0.2.7 (ann) {64 vars in 1201 bytes} [Thu Nov 26 10:00:00 2026] GET /v3</c>, read from behind: with log-x-forwarded-for what
    /// the client says stands first, and may hold all that follows. A path holds no blanks.
    /// </summary>
    private static bool TryHead(
        ReadOnlySpan<byte> head, TimeZoneInfo zone, out ReadOnlySpan<byte> source, out ReadOnlySpan<byte> user, out int request,
        out long answered)
    {
        source = user = default;
        (request, answered) = (0, 0);
        int end = head.Length;
        do
        {
            end = head[..end].LastIndexOf(") {"u8);
            if (end < 0)
                return false;
        }
        while (!TryStamp(head[(end + 2)..], zone, out request, out answered));
        request += end + 2;
        // The name may hold brackets: what stands before it looks like an address then.
        int last = head[..(end + 1)].LastIndexOf(" ("u8), open = last;
        for (int tries = 0; open > 0 && !ForwardedChain.IsChain(head[..open]); tries++)
            open = tries < MaxTries ? head[..open].LastIndexOf(" ("u8) : -1;
        if (open < 0)
            open = last;
        if (open < 0)
            return false;
        source = head[..open];
        user = head[(open + 2)..end];
        return true;
    }

    /// <summary><c>{64 vars in 1201 bytes} [Thu Nov 26 10:00:00 2026] </c>, and where what follows begins.</summary>
    private static bool TryStamp(ReadOnlySpan<byte> text, TimeZoneInfo zone, out int length, out long answered)
    {
        (length, answered) = (0, 0);
        ReadOnlySpan<byte> rest = text;
        if (!LogText.TryTakeUntil(ref rest, (byte)'[', out _, 64)
            || !LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> stamp, 30)
            || !LogTimes.TryCtime(stamp, zone, out answered) || !LogText.TryTake(ref rest, " "u8))
        {
            return false;
        }
        length = text.Length - rest.Length;
        return true;
    }

    private static void SetTook(LogRecord record, ReadOnlySpan<byte> number, ReadOnlySpan<byte> unit)
    {
        if (unit.SequenceEqual("msecs"u8))
            LogText.SetMilliseconds(record, number);
        else if (unit.SequenceEqual("micros"u8))
            LogText.SetMicroseconds(record, number);
    }
}
