using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>Alerts that OSSEC and Wazuh send on by syslog (<c>syslog_output</c>).</summary>
/// <remarks>
/// <code>
/// ossec: Alert Level: 5; Rule: 5710 - Attempt to login …; Location: (web-1) 192.0.2.10->/var/log/auth.log; srcip: 192.0.2.7; …
/// </code>
/// https://www.ossec.net/docs/docs/manual/output/syslog-output.html
/// </remarks>
public static class OssecMessages
{
    /// <summary>The texts of both.</summary>
    public static LogMessageFormat Format { get; } = new("ossec", TryRead, "ossec", "wazuh");

    private static bool TryRead(ReadOnlySpan<byte> message, LogRecord record)
    {
        ReadOnlySpan<byte> rest = message;
        if (!LogText.TryTake(ref rest, "Alert Level: "u8) || !LogText.TryTakeUntil(ref rest, (byte)';', out ReadOnlySpan<byte> level, 4))
            return false;
        record.Kind = EventKinds.IdsAlert;
        record.Set(EventFields.ObserverName, "ossec");
        IdsFields.SetLevel(level, record);
        // What was logged stands last, and may hold anything: the pairs end at the first that is not known.
        while (LogText.TryTake(ref rest, " "u8) && TryTakePair(ref rest, record))
        {
        }
        return true;
    }

    private static bool TryTakePair(ref ReadOnlySpan<byte> rest, LogRecord record)
    {
        int end = rest.IndexOf((byte)';');
        if (end < 0)
            return false;
        ReadOnlySpan<byte> pair = rest[..end];
        rest = rest[(end + 1)..];
        if (LogText.TryTake(ref pair, "Rule: "u8))
        {
            int dash = pair.IndexOf(" - "u8);
            record.Set(EventFields.RuleId, dash < 0 ? pair : pair[..dash]);
            record.Set(EventFields.RuleName, dash < 0 ? default : pair[(dash + 3)..]);
        }
        else if (LogText.TryTake(ref pair, "Location: "u8))
            OssecAlerts.SetHost(pair, record);
        else if (LogText.TryTake(ref pair, "classification: "u8))
            record.Set(EventFields.RuleCategory, pair.Trim(" ,"u8));
        else if (LogText.TryTake(ref pair, "srcip: "u8))
            LogText.SetSource(record, pair);
        else if (LogText.TryTake(ref pair, "user: "u8))
            record.Set(EventFields.UserName, pair);
        else
            return false;
        return true;
    }
}
