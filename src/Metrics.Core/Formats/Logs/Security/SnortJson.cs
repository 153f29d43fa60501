using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>Snort 3's alert_json: one object a line, with the members that its configuration names.</summary>
/// <remarks>
/// <code>
/// { "timestamp" : "11/26-10:00:00.123456", "pkt_num" : 7, "proto" : "TCP", "src_ap" : "192.0.2.7:50022",
///   "dst_ap" : "198.51.100.9:22", "rule" : "1:1000001:1", "action" : "allow" }
/// </code>
/// <c>snort --help-config alert_json</c>
/// </remarks>
public static class SnortJson
{
    private const string Timestamp = "timestamp", Seconds = "seconds", Source = "src_ap", Target = "dst_ap";
    private const string Rule = "rule", Protocol = "proto";

    private static readonly JsonTable s_fields = new(
        ("timestamp", Timestamp),
        ("seconds", Seconds),
        ("src_ap", Source),
        ("dst_ap", Target),
        ("src_addr", EventFields.SourceIp),
        ("src_port", EventFields.SourcePort),
        ("dst_addr", EventFields.DestinationIp),
        ("dst_port", EventFields.DestinationPort),
        ("proto", Protocol),
        ("iface", EventFields.Interface),
        ("rule", Rule),
        ("sid", EventFields.RuleId),
        ("msg", EventFields.RuleName),
        ("class", EventFields.RuleCategory),
        ("priority", EventFields.Severity),
        ("action", EventFields.Action));

    /// <summary>The format <c>snort3</c>.</summary>
    public static LogFormat Format { get; } = new("snort3", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (!(JsonTable.MayHave(text, "\"rule\""u8) || JsonTable.MayHave(text, "\"sid\""u8))
            || !(JsonTable.MayHave(text, "\"src_ap\""u8) || JsonTable.MayHave(text, "\"pkt_num\""u8)
                || JsonTable.MayHave(text, "\"gid\""u8))
            || !s_fields.TryRead(text, record))
        {
            return false;
        }
        record.Kind = EventKinds.IdsAlert;
        record.Set(EventFields.ObserverName, "snort");
        SetTime(context, record);
        if (!TrySetRule(record))
            return false;
        SetEndpoint(Source, EventFields.SourceIp, EventFields.SourcePort, record);
        SetEndpoint(Target, EventFields.DestinationIp, EventFields.DestinationPort, record);
        IdsFields.SetTransport(record.Bytes(Protocol), record);
        record.Remove(Protocol);
        IdsFields.SetPriority(record.Bytes(EventFields.Severity), record);
        SetAction(record);
        if (record.Bytes(EventFields.RuleCategory).SequenceEqual("none"u8))
            record.Remove(EventFields.RuleCategory);
        return true;
    }

    private static void SetTime(LogContext context, LogRecord record)
    {
        if (SnortAlert.TryTime(record.Bytes(Timestamp), context, out long time, out _, out _)
            || EpochTime.TryRead(record.Bytes(Seconds), out time))
        {
            record.Time = time;
        }
        record.Remove(Timestamp);
        record.Remove(Seconds);
    }

    private static bool TrySetRule(LogRecord record)
    {
        bool isRule = SnortAlert.TryRule(record.Bytes(Rule), record) || LogText.IsNumber(record.Bytes(EventFields.RuleId));
        record.Remove(Rule);
        return isRule;
    }

    private static void SetEndpoint(string both, string ip, string port, LogRecord record)
    {
        // Always with a port, 0 where there is none.
        ReadOnlySpan<byte> text = record.Bytes(both);
        int colon = text.LastIndexOf((byte)':');
        if (colon > 0)
        {
            record.Set(ip, text[..colon].Trim("[]"u8));
            if (!text[(colon + 1)..].SequenceEqual("0"u8))
                record.Set(port, text[(colon + 1)..]);
        }
        record.Remove(both);
    }

    private static void SetAction(LogRecord record)
    {
        ReadOnlySpan<byte> action = record.Bytes(EventFields.Action);
        if (action.SequenceEqual("allow"u8))
            record.Set(EventFields.Action, "allowed");
        else if (action.SequenceEqual("drop"u8) || action.SequenceEqual("block"u8) || action.SequenceEqual("reset"u8))
            record.Set(EventFields.Action, "blocked");
    }
}
