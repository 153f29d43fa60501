using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Formats.Logs.Security;

/// <summary>Alerts in one line, as Snort's and Suricata's fast.log have them, and Snort's in several (alert_full).</summary>
/// <remarks>
/// <code>
/// 11/26/2026-10:00:00.123456  [**] [1:2001219:20] ET SCAN … [**] [Classification: …] [Priority: 2] {TCP} 192.0.2.7:5 -> 198.51.100.9:22
/// 11/26-10:00:00.123456  [Drop] [**] [1:1000001:1] "ICMP test" [**] [Priority: 0] {ICMP} 192.0.2.7 -> 198.51.100.9
/// [**] [1:1000001:1] ICMP test [**]
/// [Classification: Misc activity] [Priority: 3]
/// 11/26-10:00:00.123456 192.0.2.7 -> 198.51.100.9
/// </code>
/// Snort's manual, "Output modules"; https://docs.suricata.io/en/latest/configuration/suricata-yaml.html (fast.log)
/// </remarks>
public static class SnortAlert
{
    private const int MaxName = 2048;

    /// <summary>The format <c>snort</c>.</summary>
    public static LogFormat Format { get; } = new("snort", TryRead, Continues);

    private static ReadOnlySpan<byte> Mark => "[**] "u8;

    /// <summary>
    /// Reads what both write behind the time: <c>[gid:sid:rev] name [Classification: …] [Priority: …] {TCP} a:1 -> b:2</c>.
    /// </summary>
    /// <param name="text">Where it begins.</param>
    /// <param name="hasPorts">Whether numbers always stand behind addresses: type and code where it is ICMP.</param>
    /// <param name="record">Gets what it says.</param>
    internal static bool TryReadAlert(ReadOnlySpan<byte> text, bool hasPorts, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text;
        if (!LogText.TryTake(ref rest, "["u8) || !LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> ids, 40)
            || !LogText.TryTake(ref rest, " "u8) || !TryRule(ids, record))
        {
            return false;
        }
        // The name is the rule's; no outsider chooses it. It ends at the mark, or where the first of the brackets begins.
        int end = rest[..Math.Min(rest.Length, MaxName)].IndexOf(" [**]"u8);
        if (end < 0)
            end = BracketsAt(rest);
        record.Set(EventFields.RuleName, rest[..end].Trim("\" "u8));
        rest = rest[end..].TrimStart(" [*]"u8);
        record.Kind = EventKinds.IdsAlert;
        // Of the first pair the bracket that begins it is gone, too.
        SetBrackets(rest, hasPorts, record);
        return true;
    }

    private static bool TryRead(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        if (text.StartsWith("[**] ["u8))
            return TryReadFull(text, context, record);
        if (text.Length < 30 || text[2] != '/' || !TryTime(text, context, out long time, out int length, out bool hasYear))
            return false;
        ReadOnlySpan<byte> rest = text[length..].TrimStart((byte)' ');
        bool isDrop = LogText.TryTake(ref rest, "[Drop] "u8) || LogText.TryTake(ref rest, "[drop] "u8);
        bool wouldDrop = LogText.TryTake(ref rest, "[wDrop] "u8);
        if (!LogText.TryTake(ref rest, Mark) || !TryReadAlert(rest, hasYear, record))
            return false;
        record.Time = time;
        record.Set(EventFields.Action, isDrop ? "blocked" : wouldDrop ? "would_block" : "allowed");
        return true;
    }

    private static bool TryReadFull(ReadOnlySpan<byte> text, LogContext context, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text[Mark.Length..];
        if (!TryReadAlert(rest.TakeLine(), hasPorts: false, record))
            return false;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> line = rest.TakeLine().TrimEnd((byte)' ');
            if (line.StartsWith("["u8))
                SetBrackets(line[1..], hasPorts: false, record);
            else if (line.Length > 20 && line[2] == '/' && TryTime(line, context, out long time, out int length, out _))
            {
                record.Time = time;
                // The packet's header is the next line: what carries it says whether there are ports.
                ReadOnlySpan<byte> protocol = ProtocolOf(rest);
                SetEndpoints(line[length..].TrimStart((byte)' '), hasPorts: false, IsIcmp(protocol), record);
                IdsFields.SetTransport(protocol, record);
            }
        }
        return true;
    }

    /// <summary><c>IPV6-ICMP TTL:255 TOS:0x0 …</c></summary>
    private static ReadOnlySpan<byte> ProtocolOf(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<byte> word = LogText.TakeWord(ref header);
        return header.StartsWith("TTL:"u8) ? word : default;
    }

    private static bool IsIcmp(ReadOnlySpan<byte> protocol) => protocol.IndexOf("ICMP"u8) >= 0;

    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> line) => first.StartsWith("[**] ["u8) && IsOfFull(line);

    /// <summary>Whether a line is one of those below the first: class, time and addresses, the packet's header, references.</summary>
    private static bool IsOfFull(ReadOnlySpan<byte> line) =>
        line.Length > 4 && !line.StartsWith("[**]"u8)
        && (line[0] is (byte)'[' or (byte)'*' || (line[2] == '/' && line.IndexOf(" -> "u8) > 0 && line.IndexOf(" [**] "u8) < 0)
            || line.IndexOf(" TTL:"u8) > 0 || line.StartsWith("Type:"u8) || line.StartsWith("Len:"u8) || line.StartsWith("TCP Options "u8));

    /// <summary><c>1:2001219:20</c>: generator, signature and revision. Suricata's own number of a rule is the one in the middle.</summary>
    internal static bool TryRule(ReadOnlySpan<byte> ids, LogRecord record)
    {
        int first = ids.IndexOf((byte)':'), last = ids.LastIndexOf((byte)':');
        if (first <= 0 || last <= first + 1 || !LogText.IsNumber(ids[..first]) || !LogText.IsNumber(ids[(first + 1)..last]))
            return false;
        record.Set(EventFields.RuleId, ids[(first + 1)..last]);
        return true;
    }

    private static int BracketsAt(ReadOnlySpan<byte> text)
    {
        int classes = text.IndexOf(" [Classification: "u8), priority = text.IndexOf(" [Priority: "u8), protocol = text.IndexOf(" {"u8);
        return classes >= 0 ? classes : priority >= 0 ? priority : protocol >= 0 ? protocol : text.Length;
    }

    /// <summary>Reads <c>Classification: …] [Priority: …] {TCP} a:1 -> b:2</c>; pairs that are not known are passed over.</summary>
    private static void SetBrackets(ReadOnlySpan<byte> text, bool hasPorts, LogRecord record)
    {
        ReadOnlySpan<byte> rest = text;
        while (!rest.IsEmpty && rest[0] != '{' && LogText.TryTakeUntil(ref rest, (byte)']', out ReadOnlySpan<byte> pair))
        {
            pair = pair.TrimStart(" [:"u8);
            if (LogText.TryTake(ref pair, "Classification: "u8))
                record.Set(EventFields.RuleCategory, pair.SequenceEqual("(null)"u8) ? default : pair);
            else if (LogText.TryTake(ref pair, "Priority: "u8))
                IdsFields.SetPriority(pair, record);
            rest = rest.TrimStart(": "u8);
        }
        if (!LogText.TryTake(ref rest, "{"u8) || !LogText.TryTakeUntil(ref rest, (byte)'}', out ReadOnlySpan<byte> protocol, 32))
            return;
        IdsFields.SetTransport(protocol, record);
        SetEndpoints(rest.TrimStart((byte)' '), hasPorts, IsIcmp(protocol), record);
    }

    private static void SetEndpoints(ReadOnlySpan<byte> text, bool hasPorts, bool isIcmp, LogRecord record)
    {
        int arrow = text.IndexOf(" -> "u8);
        if (arrow < 0)
            return;
        ReadOnlySpan<byte> to = text[(arrow + 4)..];
        SetEndpoint(text[..arrow], hasPorts, isIcmp, EventFields.SourceIp, EventFields.SourcePort, record);
        SetEndpoint(LogText.TakeWord(ref to), hasPorts, isIcmp, EventFields.DestinationIp, EventFields.DestinationPort, record);
    }

    /// <summary>
    /// <c>192.0.2.7</c>, <c>192.0.2.7:22</c>, <c>2001:db8::7:22</c>: Suricata always writes a number behind an address of IPv6, Snort only
    /// where there are ports.
    /// </summary>
    private static void SetEndpoint(ReadOnlySpan<byte> text, bool hasPorts, bool isIcmp, string ip, string port, LogRecord record)
    {
        int colon = text.LastIndexOf((byte)':');
        bool isV4 = text.Contains((byte)'.');
        if (colon > 0 && (isV4 || hasPorts || !isIcmp) && LogText.IsNumber(text[(colon + 1)..]) && LogText.IsAddress(text[..colon]))
        {
            if (!isIcmp)
                record.Set(port, text[(colon + 1)..]);
            text = text[..colon];
        }
        if (LogText.IsAddress(text))
            record.Set(ip, text);
    }

    /// <summary><c>MM/DD[/YY[YY]]-hh:mm:ss[.fraction]</c>, by the clock of the machine.</summary>
    internal static bool TryTime(ReadOnlySpan<byte> text, LogContext context, out long time, out int length, out bool hasYear)
    {
        time = 0;
        length = 0;
        hasYear = false;
        int dash = text[..Math.Min(text.Length, 11)].IndexOf((byte)'-');
        if (dash is not (5 or 8 or 10) || text[2] != '/' || (dash > 5 && text[5] != '/')
            || !SyslogTime.TryNumber(text[..2], out int month) || !SyslogTime.TryNumber(text[3..5], out int day)
            || !SyslogTime.TryClock(text[(dash + 1)..], out int seconds, out int fraction, out int clock))
        {
            return false;
        }
        length = dash + 1 + clock;
        int year = 0;
        if (dash > 5 && !SyslogTime.TryNumber(text[6..dash], out year))
            return false;
        hasYear = dash == 10;
        if (dash == 8)
            year += 2000;
        bool known = year > 0
            ? SyslogTime.TryCombine(year, month, day, seconds, null, context.Zone, out time)
            : SyslogTime.TryNewest(month, day, seconds, null, context.Now, context.Zone, out time);
        time += fraction;
        return known;
    }
}
