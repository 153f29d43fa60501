using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>Suricata's EVE: one JSON object a line, for alerts, flows, requests and statistics alike.</summary>
/// <remarks>
/// <code>
/// {"timestamp":"2026-11-26T10:00:00.123456+0100","flow_id":1,"in_iface":"br-ex","event_type":"alert","src_ip":"192.0.2.7",
///  "src_port":50022,"dest_ip":"198.51.100.9","dest_port":22,"proto":"TCP","alert":{"action":"allowed","gid":1,
///  "signature_id":2001219,"rev":20,"signature":"…","category":"…","severity":2}}
/// </code>
/// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
/// </remarks>
public static class SuricataEve
{
    private const string Timestamp = "timestamp";
    private const string AlertAction = "alert.action";
    private const string Protocol = "proto";
    private const string EngineLevel = "log_level";

    private static readonly JsonTable s_fields = new(
        ("timestamp", Timestamp),
        ("event_type", EventFields.Action),
        ("host", EventFields.Host),
        ("in_iface", EventFields.Interface),
        ("src_ip", EventFields.SourceIp),
        ("src_port", EventFields.SourcePort),
        ("dest_ip", EventFields.DestinationIp),
        ("dest_port", EventFields.DestinationPort),
        ("proto", Protocol),
        ("alert/action", AlertAction),
        ("alert/signature_id", EventFields.RuleId),
        ("alert/signature", EventFields.RuleName),
        ("alert/category", EventFields.RuleCategory),
        ("alert/severity", EventFields.Severity),
        ("anomaly/event", EventFields.Reason),
        ("anomaly/type", EventFields.RuleCategory),
        ("drop/reason", EventFields.Reason),
        ("flow/reason", EventFields.Reason),
        ("engine/message", EventFields.Reason),
        ("log_level", EngineLevel),
        ("http/http_method", EventFields.HttpMethod),
        ("http/url", EventFields.Url),
        ("http/status", EventFields.HttpStatus),
        ("http/length", EventFields.HttpBytes),
        ("http/http_user_agent", EventFields.UserAgent),
        ("fileinfo/filename", EventFields.FilePath),
        ("fileinfo/sha256", EventFields.FileSha256));

    /// <summary>The format <c>suricata</c>.</summary>
    public static LogFormat Format { get; } = new("suricata", (text, context, record) => TryRead(text, context.Zone, record));

    /// <summary>Reads an object.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> text, TimeZoneInfo zone, LogRecord record)
    {
        // OpenStack's notifications have the same two members, but a blank in their time.
        if (!JsonTable.MayHave(text, "\"event_type\""u8) || !JsonTable.MayHave(text, "\"timestamp\""u8) || !s_fields.TryRead(text, record)
            || SyslogTime.ReadInternet(record.Bytes(Timestamp), zone, out long time, out _) != SyslogTimeState.Given)
        {
            return false;
        }
        record.Time = time;
        record.Remove(Timestamp);
        IdsFields.SetTransport(record.Bytes(Protocol), record);
        record.Remove(Protocol);
        record.Set(EventFields.ObserverName, "suricata");
        if (record.Bytes(EventFields.Action).SequenceEqual("alert"u8))
            SetAlert(record);
        else
            RemoveAlert(record);
        // The word of the engine's own lines: Info, Warning …
        if (record.Bytes(EngineLevel) is { IsEmpty: false } level)
        {
            record.SeverityNumber = LogLevels.NumberOf(level);
            record.Set(EventFields.Level, level);
            record.Remove(EngineLevel);
        }
        return true;
    }

    private static void SetAlert(LogRecord record)
    {
        record.Kind = EventKinds.IdsAlert;
        IdsFields.SetPriority(record.Bytes(EventFields.Severity), record);
        record.Set(EventFields.Action, record.Bytes(AlertAction));
        record.Remove(AlertAction);
    }

    /// <summary>A dropped packet tells the alert that dropped it once more: no second alert, but by which rule it was stays.</summary>
    private static void RemoveAlert(LogRecord record)
    {
        record.Remove(AlertAction);
        record.Remove(EventFields.Severity);
    }
}
