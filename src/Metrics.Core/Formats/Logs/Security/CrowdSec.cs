using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>The log of CrowdSec's agent: of all its lines those by which it reports an attack.</summary>
/// <remarks>
/// <code>
/// time="2026-11-26T10:00:00+01:00" level=info msg="Ip 192.0.2.7 performed 'crowdsecurity/ssh-bf' (6 events over 2.1s) at …"
/// </code>
/// https://docs.crowdsec.net. What it decides about the attack (<c>alert : …</c>, <c>ban on Ip …</c>) stays a line: no second alert.
/// </remarks>
public static class CrowdSec
{
    /// <summary>The format <c>crowdsec</c>.</summary>
    public static LogFormat Format { get; } = new("crowdsec", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text;
        if (!LogText.TryTake(ref rest, "time=\""u8) || !LogText.TryTakeUntil(ref rest, (byte)'"', out ReadOnlySpan<byte> stamp, 40)
            || !LogText.TryTake(ref rest, " level="u8) || !LogText.TryTakeUntil(ref rest, (byte)' ', out ReadOnlySpan<byte> level, 16)
            || !LogText.TryTake(ref rest, "msg=\"Ip "u8) || !LogText.TryTakeUntil(ref rest, (byte)' ', out ReadOnlySpan<byte> source, 64)
            || !LogText.TryTake(ref rest, "performed '"u8) || !LogText.TryTakeUntil(ref rest, (byte)'\'', out ReadOnlySpan<byte> scenario)
            || !LogText.IsAddress(source))
        {
            return false;
        }
        if (SyslogTime.ReadInternet(stamp, context.Zone, out long time, out _) == SyslogTimeState.Given)
            record.Time = time;
        LogLevels.TrySet(record, level);
        record.Kind = EventKinds.IdsAlert;
        record.Set(EventFields.ObserverName, "crowdsec");
        record.Set(EventFields.SourceIp, source);
        record.Set(EventFields.RuleName, scenario);
        return true;
    }
}
