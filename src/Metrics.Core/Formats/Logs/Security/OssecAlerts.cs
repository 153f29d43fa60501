using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>alerts.log of OSSEC and Wazuh: several lines an alert, an empty one between.</summary>
/// <remarks>
/// <code>
/// ** Alert 1795687200.1234: mail  - syslog,sshd,authentication_failed,
/// 2026 Nov 26 10:00:00 (web-1) 192.0.2.10->/var/log/auth.log
/// Rule: 5710 (level 5) -> 'Attempt to login using a non-existent user'
/// Src IP: 192.0.2.7
/// User: ann
/// Nov 26 09:59:59 web-1 sshd[981]: Invalid user ann from 192.0.2.7 port 50022
/// </code>
/// https://www.ossec.net/docs/docs/formats/alerts.html
/// </remarks>
public static class OssecAlerts
{
    /// <summary>The format <c>ossec</c>.</summary>
    public static LogFormat Format { get; } = new("ossec", (text, _, record) => TryRead(text, record), Continues);

    private static ReadOnlySpan<byte> Start => "** Alert "u8;

    private static bool TryRead(ReadOnlySpan<byte> text, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text;
        if (!LogText.TryTake(ref rest, Start))
            return false;
        ReadOnlySpan<byte> header = rest.TakeLine();
        int colon = header.IndexOf((byte)':');
        if (colon <= 0 || !EpochTime.TryRead(Seconds(header[..colon]), out long time))
            return false;
        record.Kind = EventKinds.IdsAlert;
        record.Time = time;
        record.Set(EventFields.EventId, header[..colon]);
        record.Set(EventFields.ObserverName, "ossec");
        SetGroups(header[(colon + 1)..], record);
        SetPlace(rest.TakeLine(), record);
        SetRule(ref rest, record);
        SetWho(ref rest, record);
        // What is left was written by those who are watched: it only says which file has changed, where the groups say that one has.
        if (IsSyscheck(record.Bytes(EventFields.RuleCategory)))
            OssecSyscheck.Read(rest, record);
        return true;
    }

    /// <summary>
    /// An alert goes on to the next one: the log in it may hold empty lines, and what stands behind them must not be read as a record.
    /// </summary>
    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) => first.StartsWith(Start) && !line.StartsWith(Start);

    /// <summary>Whether one of a list of groups with commas is syscheck.</summary>
    internal static bool IsSyscheck(ReadOnlySpan<byte> groups)
    {
        foreach (Range range in groups.Split((byte)','))
        {
            if (groups[range].SequenceEqual("syscheck"u8))
                return true;
        }
        return false;
    }

    /// <summary><c>SECONDS.OFFSET</c>: the second number is where in the file it stands.</summary>
    private static ReadOnlySpan<byte> Seconds(ReadOnlySpan<byte> id)
    {
        int dot = id.IndexOf((byte)'.');
        return dot < 0 ? id : id[..dot];
    }

    private static void SetGroups(ReadOnlySpan<byte> text, LogRecord record)
    {
        int dash = text.IndexOf("- "u8);
        if (dash >= 0)
            record.Set(EventFields.RuleCategory, text[(dash + 2)..].Trim(" ,"u8));
    }

    /// <summary><c>… (agent) address->log</c>, or <c>… host->log</c>, behind a time of 20 bytes.</summary>
    private static void SetPlace(ReadOnlySpan<byte> line, LogRecord record)
    {
        const int TimeLength = 20;
        if (line.Length > TimeLength)
            SetHost(line[(TimeLength + 1)..], record);
    }

    /// <summary>Sets the host of <c>(agent) address->log</c> or <c>host->log</c>.</summary>
    internal static void SetHost(ReadOnlySpan<byte> place, LogRecord record)
    {
        if (LogText.TryTake(ref place, "("u8))
        {
            if (LogText.TryTakeUntil(ref place, (byte)')', out ReadOnlySpan<byte> agent))
                record.Set(EventFields.Host, agent);
            return;
        }
        int arrow = place.IndexOf("->"u8);
        if (arrow > 0)
            record.Set(EventFields.Host, place[..arrow]);
    }

    /// <summary><c>Rule: 5710 (level 5) -> 'text'</c>.</summary>
    private static void SetRule(ref ReadOnlySpan<byte> rest, LogRecord record)
    {
        ReadOnlySpan<byte> line = rest;
        if (!LogText.TryTake(ref line, "Rule: "u8))
            return;
        line = rest.TakeLine()["Rule: ".Length..];
        record.Set(EventFields.RuleId, LogText.TakeWord(ref line));
        if (LogText.TryTake(ref line, "(level "u8) && LogText.TryTakeUntil(ref line, (byte)')', out ReadOnlySpan<byte> level, 8))
            IdsFields.SetLevel(level, record);
        int arrow = line.IndexOf("-> "u8);
        if (arrow >= 0)
            record.Set(EventFields.RuleName, line[(arrow + 3)..].Trim("' "u8));
    }

    /// <summary>
    /// <c>Src IP: </c>, <c>User: </c> and the like, each at most once and in this order, right behind the rule: the log that follows could
    /// begin in the same way.
    /// </summary>
    private static void SetWho(ref ReadOnlySpan<byte> rest, LogRecord record)
    {
        if (TryTakeField(ref rest, "Src IP: "u8, out ReadOnlySpan<byte> source) && LogText.IsAddress(source))
            record.Set(EventFields.SourceIp, source);
        if (TryTakeField(ref rest, "Src Port: "u8, out ReadOnlySpan<byte> sourcePort) && LogText.IsNumber(sourcePort))
            record.Set(EventFields.SourcePort, sourcePort);
        if (TryTakeField(ref rest, "Dst IP: "u8, out ReadOnlySpan<byte> destination) && LogText.IsAddress(destination))
            record.Set(EventFields.DestinationIp, destination);
        if (TryTakeField(ref rest, "Dst Port: "u8, out ReadOnlySpan<byte> destinationPort) && LogText.IsNumber(destinationPort))
            record.Set(EventFields.DestinationPort, destinationPort);
        if (TryTakeField(ref rest, "User: "u8, out ReadOnlySpan<byte> user) && !user.StartsWith("("u8))
            record.Set(EventFields.UserName, user);
    }

    private static bool TryTakeField(scoped ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!rest.StartsWith(name))
            return false;
        value = rest.TakeLine()[name.Length..];
        return true;
    }
}
