using Metrics.Formats.Logs.Security;
using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>nginx's error log.</summary>
/// <remarks>
/// <code>
/// 2026/11/26 10:00:00 [error] 31#31: *46 access forbidden by rule, client: 192.0.2.7, server: cloud, request: "GET /x HTTP/1.1"
/// 2026/11/26 10:00:00 [notice] 31#31: signal process started
/// </code>
/// https://nginx.org/en/docs/ngx_core_module.html#error_log
/// </remarks>
public static class NginxErrorLog
{
    /// <summary>The format <c>nginx-error</c>.</summary>
    public static LogFormat Format { get; } = new("nginx-error", TryRead);

    /// <summary>The same lines, and those of the access log, behind the header of syslog or of a journal.</summary>
    public static LogMessageFormat Message { get; } = new("nginx", TryReadMessage, "nginx");

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 21 || text[19] != ' ' || text[20] != '[' || !LogTimes.TrySlashed(text, context.Zone, out long time)
            || !TryReadBehindTime(text[20..], record))
        {
            return false;
        }
        record.Time = time;
        record.Set(EventFields.Service, "nginx");
        return true;
    }

    private static bool TryReadMessage(ReadOnlySpan<byte> message, LogRecord record) =>
        (message.Length > 20 && LogTimes.TrySlashed(message, TimeZoneInfo.Utc, out _) && TryReadBehindTime(message[20..], record))
        || TryReadBehindTime(message, record)
        || AccessLog.TryRead(message, record);

    /// <summary><c>[level] PID#TID: *CONNECTION text</c></summary>
    private static bool TryReadBehindTime(ReadOnlySpan<byte> rest, LogRecord record)
    {
        if (!LogText.TryTake(ref rest, "["u8) || !LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> level, 10)
            || !LogText.TryTake(ref rest, " "u8) || !LogText.TryTakeUntil(ref rest, (byte)'#', out ReadOnlySpan<byte> pid, 20)
            || !LogText.IsNumber(pid) || !LogText.TryTakeUntil(ref rest, (byte)':', out _, 20) || !LogLevels.TrySet(record, level))
        {
            return false;
        }
        record.Set(EventFields.ProcessId, pid);
        rest = rest.TrimStart((byte)' ');
        if (rest.StartsWith("*"u8))
            LogText.TakeWord(ref rest);
        record.MessageLength = rest.Length;
        ReadText(rest, record);
        return true;
    }

    private static void ReadText(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> inner = text;
        // ModSecurity's text begins with it.
        if (LogText.TryTake(ref inner, "[client "u8) && LogText.TryTakeUntil(ref inner, (byte)']', out ReadOnlySpan<byte> client))
            inner = inner.TrimStart((byte)' ');
        else
            client = Client(text);
        if (!client.IsEmpty)
            LogText.SetSource(record, client);
        int request = text.IndexOf(", request: \""u8);
        if (request >= 0)
        {
            ReadOnlySpan<byte> rest = text[(request + 12)..];
            int end = HttpText.EndOfQuoted(rest, (byte)',');
            HttpText.TrySetRequest(record, end < 0 ? rest : rest[..end]);
        }
        if (ModSecurity.TryRead(inner, record) || TryReadLife(text, record))
            return;
        if (text.StartsWith("access forbidden by rule"u8))
            record.Set(EventFields.Outcome, "failure");
        else if (text.StartsWith("user \""u8))
            ReadUser(text[6..], record);
    }

    /// <summary><c>nginx/1.22.1</c>, which only a start writes; <c>signal 15 (SIGTERM) received from 1, exiting</c></summary>
    private static bool TryReadLife(ReadOnlySpan<byte> text, LogRecord record)
    {
        if (text.StartsWith("nginx/"u8) && !text.Contains((byte)' '))
        {
            record.SetStart();
            record.Set(EventFields.PackageVersion, text[6..]);
            return true;
        }
        if (!text.StartsWith("signal "u8) || !(text.EndsWith(", exiting"u8) || text.EndsWith(", shutting down"u8)))
            return false;
        record.SetStop();
        return true;
    }

    /// <summary><c>user "ann": password mismatch</c>, <c>user "ann" was not found in "…"</c></summary>
    private static void ReadUser(ReadOnlySpan<byte> text, LogRecord record)
    {
        int end = text.IndexOf("\": password mismatch"u8);
        if (end < 0)
            end = text.IndexOf("\" was not found in \""u8);
        if (end < 0)
            return;
        record.Set(EventFields.Outcome, "failure");
        record.Set(EventFields.UserName, text[..end]);
    }

    /// <summary>
    /// What stands behind <c>, client: </c>. Names and paths are written in quotes as the client has chosen them, and may hold the mark
    /// themselves: where one stands before it and it comes again, nobody can tell which is nginx's.
    /// </summary>
    private static ReadOnlySpan<byte> Client(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> mark = ", client: "u8;
        int at = text.IndexOf(mark);
        if (at < 0)
            return default;
        ReadOnlySpan<byte> behind = text[(at + mark.Length)..];
        bool mayHoldPath = text[..at].Contains((byte)'"') && !text.StartsWith("limiting "u8) && !text.StartsWith("delaying "u8);
        if (mayHoldPath && behind.IndexOf(mark) >= 0)
            return default;
        int length = behind.IndexOf((byte)',');
        return length < 0 ? behind : behind[..length];
    }
}
