using Metrics.Model;

namespace Metrics.Formats.Logs.Host;

/// <summary>The daemons that write the logs: their start and end, and what they say they have lost.</summary>
/// <remarks>
/// <code>
/// [origin software="rsyslogd" swVersion="8.2302.0" x-pid="812" x-info="https://www.rsyslog.com"] exiting on signal 15.
/// imuxsock lost 45 messages from pid 1234 due to rate-limiting
/// Journal stopped
/// Suppressed 1234 messages from nova-compute.service
/// syslog-ng starting up; version='3.38.1'
/// syslogd 1.4.1: restart.                     which has no name of its own before it
/// </code>
/// </remarks>
public static class SyslogDaemonMessages
{
    /// <summary>The programs.</summary>
    public static LogMessageFormat Format { get; } = new("syslogd", TryRead,
        "rsyslogd", "rsyslog", "syslogd", "syslog-ng", "klogd", "systemd-journald", "systemd-journal", "journal");

    /// <summary>The old syslogd, of which no name is left.</summary>
    public static LogMessageFormat Old { get; } = new("syslogd", TryReadOld);

    private static bool TryReadOld(ReadOnlySpan<byte> message, LogRecord record)
    {
        if (!message.StartsWith("syslogd "u8) || !message.TrimEnd((byte)' ').EndsWith(": restart."u8))
            return false;
        record.Set(EventFields.Service, "syslogd");
        record.Set(EventFields.ProcessName, "syslogd");
        return SetKind(record, EventKinds.ServiceStart, default);
    }

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        text = text.TrimStart((byte)' ');
        if (text.TryTake("[origin "u8))
            text.TryTakeUntil("] "u8, out _);
        if (text.SequenceEqual("start"u8) || text.SequenceEqual("(re)start"u8) || text.StartsWith("Journal started"u8)
            || text.StartsWith("syslog-ng starting up"u8))
            return SetKind(record, EventKinds.ServiceStart, default);
        if (text.StartsWith("exiting on signal "u8))
            return SetKind(record, EventKinds.ServiceStop, text["exiting on ".Length..].TrimEnd((byte)'.'));
        if (text.StartsWith("Journal stopped"u8) || text.StartsWith("syslog-ng shutting down"u8))
            return SetKind(record, EventKinds.ServiceStop, default);
        return TryReadLost(text, record);
    }

    private static bool SetKind(LogRecord record, string kind, ReadOnlySpan<byte> reason)
    {
        record.SetKind(kind, succeeded: true);
        record.Set(EventFields.Reason, reason);
        return true;
    }

    /// <summary><c>lost N messages</c>, <c>Suppressed N messages</c>, <c>N messages lost due to …</c>.</summary>
    private static bool TryReadLost(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> count;
        int end = text.IndexOf(" messages lost due to "u8);
        if (end > 0)
        {
            ReadOnlySpan<byte> before = text[..end];
            count = before[(before.LastIndexOf((byte)' ') + 1)..];
        }
        else if (text.TryTake("Suppressed "u8) || text.TryTake("Missed "u8) || text.TryTake("Forwarding to syslog missed "u8)
            || text.TryTakeUntil(" lost "u8, out _))
        {
            count = text.TakeDigits();
            if (!text.TryTake(" messages"u8) && !text.TryTake(" kernel messages"u8))
                return false;
        }
        else
        {
            return false;
        }
        if (!LogText.IsNumber(count))
            return false;
        record.Set(EventFields.LogLost, count);
        return true;
    }
}
