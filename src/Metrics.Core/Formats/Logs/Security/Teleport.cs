using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>The audit log of Teleport: one JSON object a line. Logins are told; the rest stays a line with its fields.</summary>
/// <remarks>
/// <code>
/// {"ei":0,"event":"user.login","uid":"a487975c-…","code":"T1000W","time":"2026-11-26T10:00:00.133Z","user":"ann",
///  "success":false,"error":"…","method":"local","addr.remote":"192.0.2.7:34204"}
/// </code>
/// https://goteleport.com/docs/reference/monitoring/audit/
/// </remarks>
public static class Teleport
{
    private const string Time = "time", Success = "success", Remote = "addr.remote";

    private static readonly JsonTable s_fields = new(
        ("time", Time),
        ("event", EventFields.Action),
        ("uid", EventFields.EventId),
        ("user", EventFields.UserName),
        ("login", EventFields.EffectiveUserName),
        ("success", Success),
        ("error", EventFields.Reason),
        ("addr.remote", Remote),
        ("user_agent", EventFields.UserAgent),
        ("server_hostname", EventFields.Host));

    /// <summary>The format <c>teleport</c>.</summary>
    public static LogFormat Format { get; } = new("teleport", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (!JsonTable.MayHave(text, "\"ei\""u8) || !JsonTable.MayHave(text, "\"event\""u8)
            || !JsonTable.MayHave(text, "\"code\""u8) || !s_fields.TryRead(text, record)
            || SyslogTime.ReadInternet(record.Bytes(Time), context.Zone, out long time, out _) != SyslogTimeState.Given)
        {
            return false;
        }
        record.Time = time;
        record.Remove(Time);
        LogText.TrySetSourceEndpoint(record, record.Bytes(Remote));
        record.Remove(Remote);
        ReadOnlySpan<byte> success = record.Bytes(Success);
        if (!success.IsEmpty)
            record.Set(EventFields.Outcome, success.SequenceEqual("true"u8) ? "success" : "failure");
        record.Remove(Success);
        if (record.Bytes(EventFields.Action).SequenceEqual("user.login"u8))
            record.Kind = EventKinds.HostLogin;
        return true;
    }
}
