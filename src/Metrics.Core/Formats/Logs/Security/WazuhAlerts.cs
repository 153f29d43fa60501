using System.Buffers.Text;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>alerts.json of Wazuh and of OSSEC: one object a line.</summary>
/// <remarks>
/// <code>
/// {"timestamp":"2026-11-26T10:00:00.123+0000","rule":{"level":5,"description":"…","id":"5710","groups":["syslog","sshd"]},
///  "agent":{"id":"002","name":"web-1"},"id":"1795687200.1234","data":{"srcip":"192.0.2.7","srcuser":"ann"}, …}
/// {"rule":{"level":5,"comment":"…","sidid":5710,"group":"syslog,sshd,"},"id":"1795687200.1234","TimeStamp":1795687200000,
///  "srcip":"192.0.2.7","location":"(web-1) 192.0.2.10->/var/log/auth.log"}
/// </code>
/// https://documentation.wazuh.com/current/user-manual/manager/alert-management.html
/// </remarks>
public static class WazuhAlerts
{
    private const string Timestamp = "timestamp", Milliseconds = "TimeStamp", Location = "location", Hostname = "hostname";
    private const string SourceUser = "srcuser", TargetUser = "dstuser";

    /// <summary>The year 2255: about as far as nanoseconds in 64 bits reach.</summary>
    private const long MaxMilliseconds = 9_000_000_000_000;

    private static readonly JsonTable s_fields = new(
        ("timestamp", Timestamp),
        ("TimeStamp", Milliseconds),
        ("id", EventFields.EventId),
        ("rule/level", EventFields.Severity),
        ("rule/id", EventFields.RuleId),
        ("rule/sidid", EventFields.RuleId),
        ("rule/description", EventFields.RuleName),
        ("rule/comment", EventFields.RuleName),
        ("rule/groups", EventFields.RuleCategory),
        ("rule/group", EventFields.RuleCategory),
        ("hostname", Hostname),
        ("agent/name", EventFields.Host),
        ("agent_name", EventFields.Host),
        ("predecoder/program_name", EventFields.ProcessName),
        ("program_name", EventFields.ProcessName),
        ("data/srcip", EventFields.SourceIp),
        ("data/srcport", EventFields.SourcePort),
        ("data/dstip", EventFields.DestinationIp),
        ("data/dstport", EventFields.DestinationPort),
        ("data/srcuser", SourceUser),
        ("data/dstuser", TargetUser),
        ("srcip", EventFields.SourceIp),
        ("srcport", EventFields.SourcePort),
        ("dstip", EventFields.DestinationIp),
        ("dstport", EventFields.DestinationPort),
        ("srcuser", SourceUser),
        ("dstuser", TargetUser),
        ("location", Location),
        ("syscheck/path", EventFields.FilePath),
        ("syscheck/event", EventFields.Action),
        ("syscheck/sha256_after", EventFields.FileSha256),
        ("SyscheckFile/path", EventFields.FilePath),
        ("SyscheckFile/sha256_after", EventFields.FileSha256));

    /// <summary>The format <c>wazuh</c>.</summary>
    public static LogFormat Format { get; } = new("wazuh", TryRead);

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (!JsonTable.MayHave(text, "\"rule\""u8) || !JsonTable.MayHave(text, "\"level\""u8) || !s_fields.TryRead(text, record)
            || !record.Has(EventFields.RuleId) || !record.Has(EventFields.EventId))
        {
            return false;
        }
        record.Kind = EventKinds.IdsAlert;
        record.Set(EventFields.ObserverName, record.Has(Timestamp) ? "wazuh" : "ossec");
        IdsFields.SetLevel(record.Bytes(EventFields.Severity), record);
        SetTime(context, record);
        SetUsers(record);
        // OSSEC ends its list of groups with a comma, and has the agent's name only in the place.
        record.Set(EventFields.RuleCategory, record.Bytes(EventFields.RuleCategory).TrimEnd((byte)','));
        if (!record.Has(EventFields.Host))
            OssecAlerts.SetHost(record.Bytes(Location), record);
        if (!record.Has(EventFields.Host))
            record.Set(EventFields.Host, record.Bytes(Hostname));
        record.Remove(Hostname);
        record.Remove(Location);
        if (record.Has(EventFields.FilePath) && OssecAlerts.IsSyscheck(record.Bytes(EventFields.RuleCategory)))
            record.Kind = EventKinds.IntegrityChanged;
        return true;
    }

    private static void SetTime(LogContext context, LogRecord record)
    {
        if (SyslogTime.ReadInternet(record.Bytes(Timestamp), context.Zone, out long time, out _) == SyslogTimeState.Given)
            record.Time = time;
        else if (Utf8Parser.TryParse(record.Bytes(Milliseconds), out long milliseconds, out _)
            && milliseconds is >= 0 and < MaxMilliseconds)
        {
            record.Time = milliseconds * 1_000_000;
        }
        record.Remove(Timestamp);
        record.Remove(Milliseconds);
    }

    /// <summary>With both, the first has done something to the second, or with its rights; with one, that is who did it.</summary>
    private static void SetUsers(LogRecord record)
    {
        bool hasSource = record.Has(SourceUser);
        record.Set(EventFields.UserName, record.Bytes(hasSource ? SourceUser : TargetUser));
        if (hasSource)
            record.Set(EventFields.TargetUserName, record.Bytes(TargetUser));
        record.Remove(SourceUser);
        record.Remove(TargetUser);
    }
}
