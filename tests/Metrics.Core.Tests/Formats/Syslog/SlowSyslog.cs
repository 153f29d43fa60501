using System.Globalization;
using System.Text.RegularExpressions;
using Metrics.Formats.Syslog;

namespace Metrics.Tests.Formats.Syslog;

/// <summary>Reads syslog by regular expressions over Latin-1 text: slow, and plain enough to be believed.</summary>
internal static partial class SlowSyslog
{
    private const string Month = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
    private const string Clock = "(?<h>[01][0-9]|2[0-3]):(?<m>[0-5][0-9]):(?<s>[0-5][0-9]|60)(?:[.,](?<f>[0-9]+))?";
    private const string Year = "(?<y>19[789][0-9]|2[01][0-9]{2})";
    private const string Name = "[^\\x00-\\x20\\x7f-\\xff=\"\\]]+";
    private const string TagWord = "^(?<tag>[^\\x00-\\x20\\[]{1,64}?)";
    private const string Number = "\\[(?<pid>[^\\x00-\\x20\\]]{1,64})\\]";

    public static string Describe(string line, long now, TimeZoneInfo zone)
    {
        string rest = line.TrimEnd('\r', '\n', '\0');
        int priority = -1;
        if (Priority().Match(rest) is { Success: true } pri && int.Parse(pri.Groups[1].Value, CultureInfo.InvariantCulture) <= 191)
        {
            priority = int.Parse(pri.Groups[1].Value, CultureInfo.InvariantCulture);
            rest = rest[pri.Length..];
            if (New().IsMatch(rest))
                return DescribeNew(rest, priority, zone);
        }
        return DescribeOld(rest, priority, now, zone);
    }

    public static string Line(
        SyslogForm form, int priority, SyslogTimeState state, long time, string host, string app, string pid, string id, string sd,
        string body, bool broken) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{form} {priority} {state} {time} host={host} app={app} pid={pid} id={id} sd={sd} broken={broken} body={body}");

    private static string DescribeNew(string rest, int priority, TimeZoneInfo zone)
    {
        string[] parts = [.. rest[(rest.IndexOf(' ', StringComparison.Ordinal) + 1)..].Split(' ', 6), "", "", "", "", ""];
        string Named(int i) => parts[i] == "-" ? "" : parts[i];
        var state = SyslogTimeState.Missing;
        long time = 0;
        if (parts[0] != "-")
        {
            Match stamp = Internet().Match(parts[0]);
            state = stamp.Success && stamp.Length == parts[0].Length ? Combine(stamp, 0, zone, null, out time) : SyslogTimeState.Malformed;
        }
        Match tail = Tail().Match(parts[5]);
        string sd = tail.Groups["sd"].Value;
        string body = tail.Success ? tail.Groups["body"].Value : parts[5];
        if (tail.Success && body.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal))
            body = body[3..];
        return Line(
            SyslogForm.Rfc5424, priority, state, time, Named(1), Named(2), Named(3), Named(4), sd == "-" ? "" : sd, body, !tail.Success);
    }

    private static string DescribeOld(string text, int priority, long now, TimeZoneInfo zone)
    {
        string host = "", rest = text;
        SyslogTimeState state;
        if (TryTime(ref rest, now, zone, out state, out long time))
        {
            if (rest.StartsWith(' '))
            {
                rest = rest.TrimStart(' ');
            }
            else if (Host().Match(rest) is { Success: true } named)
            {
                host = named.Groups[1].Value;
                rest = rest[(host.Length + 1)..];
                if (rest.StartsWith(": ", StringComparison.Ordinal))
                    rest = rest[2..];
            }
        }
        else if (TryCisco(text, now, zone, out rest, out host, out state, out time))
        {
            rest = rest.TrimStart(' ');
        }
        else
        {
            Match lone = priority < 0 ? Match.Empty : LoneTag().Match(text);
            return Line(
                SyslogForm.Plain, priority, 0, 0, "", lone.Groups["tag"].Value,
                lone.Groups["pid"].Value, "", "", Behind(text, lone), false);
        }
        Match tag = rest.Length > 0 && char.IsAsciiDigit(rest[0]) ? DigitTag().Match(rest) : Tag().Match(rest);
        return Line(
            SyslogForm.Rfc3164, priority, state, time, host, tag.Groups["tag"].Value,
            tag.Groups["pid"].Value, "", "", Behind(rest, tag), false);
    }

    private static bool TryCisco(
        string text, long now, TimeZoneInfo zone, out string rest, out string host, out SyslogTimeState state, out long time)
    {
        (rest, host, state, time) = (text, "", SyslogTimeState.Missing, 0);
        Match number = Cisco().Match(text);
        if (!number.Success)
            return false;
        rest = text[number.Length..];
        if (TryTime(ref rest, now, zone, out state, out time))
            return true;
        Match origin = Origin().Match(rest);
        if (!origin.Success)
            return false;
        host = origin.Groups[1].Value;
        rest = rest[origin.Length..];
        return TryTime(ref rest, now, zone, out state, out time);
    }

    private static string Behind(string text, Match tag) =>
        !tag.Success ? text : tag.Length < text.Length && text[tag.Length] == ' ' ? text[(tag.Length + 1)..] : text[tag.Length..];

    private static bool TryTime(ref string rest, long now, TimeZoneInfo zone, out SyslogTimeState state, out long time)
    {
        (state, time) = (SyslogTimeState.Missing, 0);
        string stamp = rest.StartsWith('*') || rest.StartsWith('.') ? rest[1..] : rest;
        Match match = BsdWithYear().Match(stamp);
        if (!match.Success)
            match = Bsd().Match(stamp);
        if (!match.Success)
            match = InternetAlone().Match(stamp);
        if (!match.Success)
            return false;
        int month = match.Groups["mon"].Success ? (Month.IndexOf(match.Groups["mon"].Value, StringComparison.Ordinal) / 4) + 1 : 0;
        state = Combine(match, month, zone, month > 0 ? now : null, out time);
        rest = match.Value.EndsWith(':') ? stamp[match.Length..] : match.Length < stamp.Length ? stamp[(match.Length + 1)..] : "";
        return true;
    }

    private static SyslogTimeState Combine(Match stamp, int month, TimeZoneInfo zone, long? now, out long time)
    {
        time = 0;
        int Value(string group) => int.Parse(stamp.Groups[group].Value, CultureInfo.InvariantCulture);
        month = month > 0 ? month : Value("mon2");
        TimeSpan? offset = null;
        string zoneText = stamp.Groups["z"].Value;
        if (zoneText is "Z" or "z" or "UTC" or "GMT")
            offset = TimeSpan.Zero;
        else if (zoneText.Length > 0 && zoneText[0] is '+' or '-')
            offset = new TimeSpan(
                int.Parse(zoneText[1..3], CultureInfo.InvariantCulture), int.Parse(zoneText[^2..], CultureInfo.InvariantCulture), 0)
                * (zoneText[0] == '-' ? -1 : 1);
        int[] years = stamp.Groups["y"].Success ? [Value("y")] : [.. Enumerable.Range(2015, 15).Reverse()];
        foreach (int year in years)
        {
            if (year is < 1678 or > 2261 || month is < 1 or > 12 || Value("d") < 1 || Value("d") > DateTime.DaysInMonth(year, month))
                continue;
            var local = new DateTime(year, month, Value("d"), 0, 0, 0, DateTimeKind.Unspecified);
            local += new TimeSpan(Value("h"), Value("m"), Value("s"));
            decimal seconds = (decimal)(local - (offset ?? zone.GetUtcOffset(local)) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond;
            decimal limit = now is { } present && !stamp.Groups["y"].Success ? (present / 1_000_000_000m) + 86400 : decimal.MaxValue;
            if (seconds > limit || seconds < limit - (10 * 366 * 86400m) && limit != decimal.MaxValue)
                continue;
            string fraction = (stamp.Groups["f"].Value + "000000000")[..9];
            time = (long)(seconds * 1_000_000_000) + long.Parse(fraction, CultureInfo.InvariantCulture);
            return SyslogTimeState.Given;
        }
        return SyslogTimeState.Malformed;
    }

    [GeneratedRegex("^<([0-9]{1,3})>")]
    private static partial Regex Priority();

    [GeneratedRegex("^[1-9][0-9]{0,2} (-|[0-9]{4}-[^ ]*)( |\\z)")]
    private static partial Regex New();

    [GeneratedRegex(
        "^(?<sd>-|(?:\\[" + Name + "(?: +" + Name + "=\"(?:[^\"\\\\]|\\\\.)*\")* *\\])+)(?: (?<body>.*))?\\z", RegexOptions.Singleline)]
    private static partial Regex Tail();

    private const string InternetForm =
        "^(?<y>[0-9]{4})-(?<mon2>[0-9]{2})-(?<d>[0-9]{2})[Tt]" + Clock + "(?<z>Z|z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?";

    [GeneratedRegex(InternetForm)]
    private static partial Regex Internet();

    [GeneratedRegex(InternetForm + "(?= |\\z)")]
    private static partial Regex InternetAlone();

    [GeneratedRegex("^(?<mon>" + Month + ") +(?<d>[0-9]{1,2}) +" + Year + " +" + Clock + "(?>(?: (?<z>[A-Z]{3,5})(?=:))?):?(?= |\\z)")]
    private static partial Regex BsdWithYear();

    [GeneratedRegex(
        "^(?<mon>" + Month + ") +(?<d>[0-9]{1,2}) +" + Clock + "(?>(?: " + Year + "(?=[ :]|\\z)| (?<z>[A-Z]{3,5})(?=:))?):?(?= |\\z)")]
    private static partial Regex Bsd();

    [GeneratedRegex("^([A-Za-z0-9._:/%@-]{0,254}[A-Za-z0-9._/%@-]) ")]
    private static partial Regex Host();

    [GeneratedRegex("^[0-9]{1,10}: ")]
    private static partial Regex Cisco();

    [GeneratedRegex("^([^ ]{1,255}?): ")]
    private static partial Regex Origin();

    [GeneratedRegex(TagWord + "(?:" + Number + ":|:(?= |\\z))")]
    private static partial Regex LoneTag();

    [GeneratedRegex(TagWord + "(?:" + Number + "(?::|(?= |\\z))|:(?= |\\z)|(?<!:):(?![:/]))")]
    private static partial Regex Tag();

    [GeneratedRegex(TagWord + "(?:" + Number + "(?::|(?= |\\z))|:(?= |\\z))")]
    private static partial Regex DigitTag();
}
