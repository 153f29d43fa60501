using Metrics.Formats.Logs.OpenStack;
using Metrics.Formats.Logs.Security;
using Metrics.Model;

namespace Metrics.Formats.Logs.Servers;

/// <summary>Apache's error log, of 2.4 and of the versions before; also what WSGI applications write into it.</summary>
/// <remarks>
/// <code>
/// [Thu Nov 26 10:00:00.365251 2026] [auth_basic:error] [pid 26:tid 1400] [client 192.0.2.7:50022] AH01618: user ann not found: /
/// [Thu Nov 26 10:00:00 2026] [error] [client 192.0.2.7] File does not exist: /var/www/pma
/// [Thu Nov 26 10:00:00.36 2026] [wsgi:error] [pid 26:tid 1400] [remote 192.0.2.7:50022] INFO openstack_auth.forms Login successful …
/// </code>
/// https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat
/// </remarks>
public static class ApacheErrorLog
{
    /// <summary>The format <c>apache-error</c>.</summary>
    public static LogFormat Format { get; } = new("apache-error", TryRead);

    /// <summary>The same lines, and those of the access log, behind the header of syslog or of a journal.</summary>
    public static LogMessageFormat Message { get; } = new("apache", TryReadMessage, "apache2", "httpd");

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text;
        if (!TryTakeBrackets(ref rest, out ReadOnlySpan<byte> stamp) || !LogTimes.TryCtime(stamp, context.Zone, out long time)
            || !TryReadBehindTime(rest, record))
        {
            return false;
        }
        record.Time = time;
        // Keystone and Horizon say their own name.
        if (!record.Has(EventFields.Service))
            record.Set(EventFields.Service, "apache");
        return true;
    }

    private static bool TryReadMessage(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> rest = message;
        // By syslog it writes no time, for the header has one.
        if (TryTakeBrackets(ref rest, out ReadOnlySpan<byte> first) && LogTimes.TryCtime(first, TimeZoneInfo.Utc, out _))
            return TryReadBehindTime(rest, record);
        return TryReadBehindTime(message, record) || AccessLog.TryRead(message, record);
    }

    private static bool TryReadBehindTime(ReadOnlySpan<byte> rest, LogRecord record)
    {
        if (!TryTakeBrackets(ref rest, out ReadOnlySpan<byte> level))
            return false;
        int colon = level.IndexOf((byte)':');
        if (!LogLevels.TrySet(record, level[(colon + 1)..]))
            return false;
        if (colon > 0)
            record.Set(EventFields.Logger, level[..colon]);
        bool hasClient = false;
        ReadOnlySpan<byte> before = rest;
        while (TryTakeBrackets(ref rest, out ReadOnlySpan<byte> part) && TryReadPart(part, record, ref hasClient))
            before = rest;
        record.MessageLength = before.Length;
        ReadText(before, record, hasClient);
        return true;
    }

    /// <summary><c>pid 26:tid 1400</c>, <c>client 192.0.2.7:50022</c>, <c>remote 192.0.2.7:50022</c>.</summary>
    private static bool TryReadPart(ReadOnlySpan<byte> part, LogRecord record, ref bool hasClient)
    {
        if (LogText.TryTake(ref part, "pid "u8))
        {
            int colon = part.IndexOf((byte)':');
            record.Set(EventFields.ProcessId, colon < 0 ? part : part[..colon]);
            return true;
        }
        if (!LogText.TryTake(ref part, "client "u8) && !LogText.TryTake(ref part, "remote "u8))
            return false;
        // ModSecurity writes it again, without the port.
        if (!hasClient)
            LogText.TrySetSourceEndpoint(record, part);
        return hasClient = true;
    }

    private static void ReadText(ReadOnlySpan<byte> text, LogRecord record, bool hasClient)
    {
        // An error of the system stands before the client: (70014)End of file found: [client 192.0.2.7:50022] AH02006: …
        int client = hasClient || !text.StartsWith("("u8) ? -1 : text[..Math.Min(text.Length, 256)].IndexOf(": [client "u8);
        if (client >= 0)
        {
            ReadOnlySpan<byte> rest = text[(client + 2)..];
            if (TryTakeBrackets(ref rest, out ReadOnlySpan<byte> part) && TryReadPart(part, record, ref hasClient))
                text = rest;
        }
        if (ModSecurity.TryRead(text, record) || OsloLog.TryReadBody(text, record))
            return;
        // Horizon without a logger, as it comes through WSGI, whose module old versions do not name.
        ReadOnlySpan<byte> module = record.Bytes(EventFields.Logger);
        if ((module.IsEmpty || module.SequenceEqual("wsgi"u8)) && OsloIdentity.TryReadHorizon(text, record))
            return;
        int code = text.StartsWith("AH"u8) ? text[..Math.Min(text.Length, 10)].IndexOf(": "u8) : -1;
        if (code > 0)
        {
            record.Set(EventFields.EventId, text[..code]);
            text = text[(code + 2)..];
        }
        if (text.EndsWith("-- resuming normal operations"u8))
            record.SetStart();
        else if (text.StartsWith("caught SIGTERM, shutting down"u8))
            record.SetStop();
        else
            ReadRefusal(text, record);
    }

    /// <summary>
    /// mod_auth_basic: <c>user ann: authentication failure for "/": Password Mismatch</c>, <c>user ann not found: /</c>; mod_auth_digest:
    /// <c>Digest: user `ann' in realm `x' not found: /</c>, <c>user `ann': password mismatch: /</c>; mod_authz_core: <c>client denied by
    /// server configuration: /srv</c>. Names and paths are the client's choice, so that only the first place where a name can end counts.
    /// </summary>
    private static void ReadRefusal(ReadOnlySpan<byte> text, LogRecord record)
    {
        LogText.TryTake(ref text, "Digest: "u8);
        if (text.StartsWith("client denied by server configuration"u8) || text.StartsWith("client used wrong authentication scheme"u8))
        {
            record.Set(EventFields.Outcome, "failure");
            return;
        }
        if (!LogText.TryTake(ref text, "user "u8))
            return;
        bool isQuoted = LogText.TryTake(ref text, "`"u8);
        int end = isQuoted ? text.IndexOf("': password mismatch: "u8) : text.IndexOf(": authentication failure for "u8);
        if (end < 0)
            end = isQuoted ? text.IndexOf("' in realm `"u8) : text.IndexOf(" not found: "u8);
        if (end < 0)
            return;
        record.Set(EventFields.Outcome, "failure");
        record.Set(EventFields.UserName, text[..end]);
    }

    /// <summary>Takes <c>[…]</c> and the blanks behind it.</summary>
    private static bool TryTakeBrackets(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> inner)
    {
        inner = default;
        if (rest.IsEmpty || rest[0] != '[')
            return false;
        ReadOnlySpan<byte> behind = rest[1..];
        if (!LogText.TryTakeUntil(ref behind, (byte)']', out inner))
            return false;
        rest = behind.TrimStart((byte)' ');
        return true;
    }
}
