namespace Metrics.Formats.Syslog;

/// <summary>
/// Reads one message, in whichever form it is. A log line is never refused: what cannot be understood is its text. Pure; allocates nothing.
/// </summary>
/// <remarks>
/// <code>
/// &lt;PRI&gt;1 TIMESTAMP HOST APP PROCID MSGID SD MSG        RFC 5424, chosen when version and timestamp (or nil) follow the priority
/// &lt;PRI&gt;Mmm dd hh:mm:ss HOST TAG[PID]: MSG              RFC 3164 and its kin
/// </code>
/// https://www.rfc-editor.org/rfc/rfc5424 · https://www.rfc-editor.org/rfc/rfc3164
/// </remarks>
public static class SyslogParser
{
    private const int MaxPriority = 191;

    /// <summary>Reads one message.</summary>
    /// <param name="line">Its bytes, without frame; trailing line ends and NULs are not looked at.</param>
    /// <param name="now">The present, nanoseconds since 1970 UTC: finds the year where none is sent.</param>
    /// <param name="zone">Where times without zone are from.</param>
    public static SyslogMessage Parse(ReadOnlySpan<byte> line, long now, TimeZoneInfo zone)
    {
        var message = new SyslogMessage { Priority = -1 };
        ReadOnlySpan<byte> rest = line.TrimEnd("\r\n\0"u8);
        if (TryReadPriority(rest, out int priority, out int length))
        {
            message.Priority = priority;
            rest = rest[length..];
            if (Rfc5424.TryRead(rest, zone, ref message))
                return message;
        }
        Rfc3164.Read(rest, now, zone, ref message);
        return message;
    }

    /// <summary>Reads <c>&lt;PRI&gt;</c>: one to three digits, at most 191.</summary>
    private static bool TryReadPriority(ReadOnlySpan<byte> text, out int priority, out int length)
    {
        priority = 0;
        length = 0;
        if (text.Length < 3 || text[0] != '<')
            return false;
        int at = 1;
        while (at < text.Length && at <= 3 && char.IsAsciiDigit((char)text[at]))
            priority = (priority * 10) + text[at++] - '0';
        if (at == 1 || at == text.Length || text[at] != '>' || priority > MaxPriority)
            return false;
        length = at + 1;
        return true;
    }
}
