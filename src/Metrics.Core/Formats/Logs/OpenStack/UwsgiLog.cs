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
        // With log-x-forwarded-for it is what that header says.
        ReadOnlySpan<byte> source = rest.TakeChain();
        if (!TryTakeUser(ref rest, out ReadOnlySpan<byte> user)
            || !LogText.TryTakeUntil(ref rest, (byte)'[', out _)
            || !LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> stamp, 30)
            || !LogTimes.TryCtime(stamp, zone, out long answered) || !LogText.TryTake(ref rest, " "u8))
        {
            return false;
        }
        // The path is the client's choice: the last arrow is uWSGI's.
        int arrow = rest.LastIndexOf(" => generated "u8);
        if (arrow < 0 || !HttpText.TrySetRequest(record, rest[..arrow]))
            return false;
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

    /// <summary><c>(ann)</c>; the name is the client's choice and may hold brackets.</summary>
    private static bool TryTakeUser(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> user)
    {
        user = default;
        int end = rest[..Math.Min(rest.Length, 512)].IndexOf(") {"u8);
        if (end < 0 || rest[0] != '(')
            return false;
        user = rest[1..end];
        rest = rest[(end + 2)..];
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
