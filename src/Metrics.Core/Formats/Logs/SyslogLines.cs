using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs;

/// <summary>Files that syslog daemons write: a header, then what the program has written.</summary>
/// <remarks>
/// <code>
/// Feb 10 00:00:32 ctl-1 sshd[269]: Accepted publickey for ann from 192.0.2.7 port 50022 ssh2
/// 2026-11-26T10:00:00.123456+01:00 ctl-1 systemd[1]: Started nova-compute.service.
/// </code>
/// RFC 3164; rsyslog's RSYSLOG_TraditionalFileFormat and RSYSLOG_FileFormat.
/// </remarks>
public static class SyslogLines
{
    /// <summary>The format <c>syslog</c>.</summary>
    public static LogFormat Format { get; } = new("syslog", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.Length < 15 || !MayBeginHeader(text[0]))
            return false;
        SyslogMessage message = SyslogParser.Parse(text, context.Now, context.Zone);
        if (message.TimeState == SyslogTimeState.Missing || (message.Host.IsEmpty && message.App.IsEmpty))
            return false;
        // A level where the host would be is another format's: 2026-11-26T10:00:00+0100 INFO Started.
        if (message.Host.Length is > 0 and < 9 && char.IsAsciiLetterUpper((char)message.Host[^1]) && LogLevels.NumberOf(message.Host) > 0)
            return false;
        if (message.TimeState == SyslogTimeState.Given)
            record.Time = message.Time;
        record.SeverityNumber = SyslogPriority.SeverityNumber(message.Priority);
        if (message.Priority >= 0)
            record.Set(EventFields.Level, SyslogPriority.Level(message.Priority));
        record.Set(EventFields.Host, message.Host);
        record.Set(EventFields.Service, message.App);
        record.Set(EventFields.ProcessName, message.App);
        record.Set(EventFields.ProcessId, message.ProcessId);
        record.MessageLength = message.Body.Length;
        LogMessages.TryRead(message.App, message.Body, record);
        return true;
    }

    private static bool MayBeginHeader(byte first) =>
        char.IsAsciiLetterUpper((char)first) || char.IsAsciiDigit((char)first) || first == '<';
}
