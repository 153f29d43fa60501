using System.Globalization;
using Metrics.Routing;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Alerting;

/// <summary>
/// Reads <c>route</c>, <c>inhibit_rules</c> and <c>time_intervals</c> in Alertmanager's words and with its defaults. Without a <c>route</c>
/// the first receiver is notified of each rule's alerts at once.
/// </summary>
/// <remarks>https://prometheus.io/docs/alerting/latest/configuration/</remarks>
internal static class RoutingReader
{
    private const int Saturday = 6;
    private const int LongestMonth = 31;

    private static readonly string[] s_intervalKeys = ["mute_time_intervals", "active_time_intervals"];
    private static readonly string[] s_weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    private static readonly string[] s_months =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    public static RoutingOptions Read(YamlSection top, IReadOnlyList<string> receivers)
    {
        Dictionary<string, IReadOnlyList<TimeInterval>> intervals = [];
        foreach (YamlSection section in top.Sections("time_intervals").Concat(top.Sections("mute_time_intervals")))
        {
            string name = section.RequiredText("name");
            if (!intervals.TryAdd(name, [.. section.Sections("time_intervals").Select(ReadInterval)]))
                section.Report("name", $"is '{name}', which another interval has already");
            section.Finish();
        }
        List<InhibitRule> inhibits = [.. top.Sections("inhibit_rules").Select(ReadInhibit)];
        Route root = top.Has("route") ? ReadRoute(top.Section("route"), null, 0, receivers, intervals) : Default(top, receivers);
        inhibits.AddRange(top.Sections("dependencies").Select(ReadDependency));
        string? failure = top.Text("failure_receiver");
        if (failure is not null && !receivers.Contains(failure))
            top.Report("failure_receiver", $"is '{failure}'; known are {(receivers.Count == 0 ? "none" : string.Join(", ", receivers))}");
        return new RoutingOptions(root, inhibits, intervals)
        {
            Maintenance = [.. top.Sections("maintenance").Select(ReadMaintenance).OfType<MaintenanceWindow>()],
            Flapping = ReadFlapping(top.Section("flapping")),
            Storm = ReadStorm(top.Section("storm")),
            FailureReceiver = failure,
        };
    }

    private static MaintenanceWindow? ReadMaintenance(YamlSection section) =>
        MaintenanceReader.Read(section, ReadMatchers(section, "match", "match_re", "matchers"));

    private static FlapPolicy ReadFlapping(YamlSection section)
    {
        var policy = new FlapPolicy(
            section.Number("changes", 6),
            section.Duration("within", TimeSpan.FromHours(1), min: TimeSpan.FromSeconds(1)),
            section.Duration("quiet", TimeSpan.FromMinutes(15), min: TimeSpan.FromSeconds(1)));
        section.Finish();
        return policy;
    }

    private static StormOptions ReadStorm(YamlSection section)
    {
        var storm = new StormOptions(
            section.Number("messages", 20), section.Duration("within", TimeSpan.FromMinutes(1), min: TimeSpan.FromSeconds(1)));
        section.Finish();
        return storm;
    }

    /// <summary>While what others depend on is down, nobody is notified of them.</summary>
    private static InhibitRule ReadDependency(YamlSection section)
    {
        YamlSection where = section.Section("where");
        var rule =
            new InhibitRule(
                ReadMatchers(section, "down_match", "down_match_re", "down"),
                ReadMatchers(section, "mutes_match", "mutes_match_re", "mutes"), section.Texts("equal"))
        {
            Pairs = [.. where.Keys.ToList().Select(target => new LabelPair(target, where.RequiredText(target)))],
        };
        if (rule.Source.Count == 0)
            section.Report("down", "is required: the alerts that mute others, such as ['alertname=\"HostDown\"']");
        if (rule.Equal.Count == 0 && rule.Pairs.Count == 0)
            section.Report("where", "or equal is required: which label of a muted alert names what is down, such as { host: instance }");
        _ = section.Text("name");
        section.Finish();
        return rule;
    }

    private static Route Default(YamlSection top, IReadOnlyList<string> receivers)
    {
        if (receivers.Count > 1)
            top.Report("route", "is required when there are several receivers; it says who is told of what");
        return new Route { Id = "{}", Receiver = receivers.Count > 0 ? receivers[0] : "", GroupBy = new HashSet<string> { "alertname" },
            GroupWait = TimeSpan.Zero, GroupInterval = TimeSpan.Zero };
    }

    private static Route ReadRoute(
        YamlSection section, Route? parent, int place, IReadOnlyList<string> receivers,
        Dictionary<string, IReadOnlyList<TimeInterval>> intervals)
    {
        List<LabelMatcher> matchers =
            [.. ReadMatchers(section, "match", "match_re", "matchers").OrderBy(m => m.Name, StringComparer.Ordinal)
                .ThenBy(m => m.Value, StringComparer.Ordinal).ThenBy(m => m.Kind)];
        string own = $"{{{string.Join(',', matchers.Select(MatcherText.Write))}}}";
        string? receiver = section.Text("receiver");
        if (receiver is not null && !receivers.Contains(receiver))
            section.Report("receiver", $"is '{receiver}'; known are {(receivers.Count == 0 ? "none" : string.Join(", ", receivers))}");
        if (parent is null)
            ReportRoot(section, matchers.Count, receiver);
        var route = new Route
        {
            Id = parent is null ? own : string.Create(CultureInfo.InvariantCulture, $"{parent.Id}/{own}/{place}"),
            Matchers = matchers,
            Receiver = receiver ?? parent?.Receiver ?? "",
            GroupBy = section.Texts("group_by").Count > 0 ? ReadGroupBy(section) : parent is null ? new HashSet<string>() : parent.GroupBy,
            GroupWait = section.Duration("group_wait", parent?.GroupWait ?? TimeSpan.FromSeconds(30)),
            GroupInterval = section.Duration("group_interval", parent?.GroupInterval ?? TimeSpan.FromMinutes(5)),
            RepeatInterval =
                section.Duration("repeat_interval", parent?.RepeatInterval ?? TimeSpan.FromHours(4), min: TimeSpan.FromMilliseconds(1)),
            MuteTimeIntervals = ReadNames(section, "mute_time_intervals", intervals),
            ActiveTimeIntervals = ReadNames(section, "active_time_intervals", intervals),
            Escalation = section.Has("escalation")
                ? [.. section.Sections("escalation").Select(s => ReadStep(s, receivers))]
                : parent?.Escalation ?? [],
            Continue = section.Flag("continue", false),
        };
        List<Route> below = [];
        foreach (YamlSection child in section.Sections("routes"))
            below.Add(ReadRoute(child, route, below.Count, receivers, intervals));
        section.Finish();
        return route with { Routes = below };
    }

    private static EscalationStep ReadStep(YamlSection section, IReadOnlyList<string> receivers)
    {
        TimeSpan after = section.Duration("after", TimeSpan.Zero);
        if (after <= TimeSpan.Zero)
            section.Report("after", "is required: how long nobody has acknowledged the alert, such as 15m");
        string receiver = section.RequiredText("receiver");
        if (receiver.Length > 0 && !receivers.Contains(receiver))
            section.Report("receiver", $"is '{receiver}'; known are {string.Join(", ", receivers)}");
        section.Finish();
        return new EscalationStep(after, receiver);
    }

    private static void ReportRoot(YamlSection section, int matchers, string? receiver)
    {
        if (matchers > 0)
            section.Report("matchers", "must not stand at the root, which takes every alert");
        if (receiver is null)
            section.Report("receiver", "is required at the root");
        foreach (string key in s_intervalKeys.Where(section.Has))
            section.Report(key, "must not stand at the root, which takes every alert");
        if (section.Flag("continue", false))
            section.Report("continue", "must not stand at the root, which has no siblings");
    }

    private static HashSet<string>? ReadGroupBy(YamlSection section)
    {
        IReadOnlyList<string> names = section.Texts("group_by");
        if (!names.Contains("..."))
        {
            if (names.GroupBy(n => n).FirstOrDefault(n => n.Count() > 1) is { } twice)
                section.Report("group_by", $"holds '{twice.Key}' twice");
            return [.. names];
        }
        if (names.Count > 1)
            section.Report("group_by", "holds '...', which means every label, and others beside it");
        return null;
    }

    private static IReadOnlyList<string> ReadNames(
        YamlSection section, string key, Dictionary<string, IReadOnlyList<TimeInterval>> intervals)
    {
        IReadOnlyList<string> names = section.Texts(key);
        foreach (string unknown in names.Where(n => !intervals.ContainsKey(n)))
            section.Report(key, $"holds '{unknown}'; known are {(intervals.Count == 0 ? "none" : string.Join(", ", intervals.Keys))}");
        return names;
    }

    private static InhibitRule ReadInhibit(YamlSection section)
    {
        var rule =
            new InhibitRule(
                ReadMatchers(section, "source_match", "source_match_re", "source_matchers"),
                ReadMatchers(section, "target_match", "target_match_re", "target_matchers"), section.Texts("equal"));
        _ = section.Text("name");
        section.Finish();
        return rule;
    }

    private static List<LabelMatcher> ReadMatchers(YamlSection section, string equal, string regex, string matchers)
    {
        var all = new List<LabelMatcher>();
        foreach ((YamlText name, YamlText value) in section.TextEntries(equal))
            all.Add(new LabelMatcher(name.Text, MatchKind.Equal, value.Text));
        foreach ((YamlText name, YamlText value) in section.TextEntries(regex))
        {
            try
            {
                all.Add(new LabelMatcher(name.Text, MatchKind.Regex, value.Text));
            }
            catch (ArgumentException e)
            {
                section.Report(regex, $"of {name.Text}: {e.Message}");
            }
        }
        foreach (string text in section.Texts(matchers))
        {
            try
            {
                all.AddRange(MatcherText.Parse(text));
            }
            catch (FormatException e)
            {
                section.Report(matchers, $"holds {e.Message}");
            }
        }
        return all;
    }

    private static TimeInterval ReadInterval(YamlSection section)
    {
        var times = new List<InclusiveRange>();
        foreach (YamlSection time in section.Sections("times"))
        {
            (int start, int end) = (ReadMinute(time, "start_time"), ReadMinute(time, "end_time"));
            if (start >= end && start >= 0 && end >= 0)
                time.Report("end_time", "must lie after start_time; for a night give two ranges, to 24:00 and from 00:00");
            times.Add(new InclusiveRange(start, end));
            time.Finish();
        }
        TimeZoneInfo zone = TimeZoneInfo.Utc;
        if (section.Text("location") is { } location
            && !TimeZoneInfo.TryFindSystemTimeZoneById(location == "Local" ? TimeZoneInfo.Local.Id : location, out zone!))
        {
            section.Report("location", $"is '{location}', which is no time zone that this machine knows, such as Europe/Berlin");
            zone = TimeZoneInfo.Utc;
        }
        var interval = new TimeInterval(
            times,
            ReadWeekdays(section),
            ReadRanges(section, "days_of_month", -31, 31, Number,
                "a day from 1 to 31 or from -31 to -1, or a range such as 1:5, 25:-1 or -3:-1", CanBeDays),
            ReadRanges(
                section, "months", 1, 12, t => Named(s_months, t, 1) ?? Number(t), "a month such as may or 5, or a range such as 1:3"),
            ReadRanges(section, "years", 0, 9999, Number, "a year, or a range such as 2026:2028"),
            zone);
        section.Finish();
        return interval;
    }

    private static int ReadMinute(YamlSection section, string key)
    {
        string text = section.RequiredText(key);
        string[] parts = text.Split(':');
        if (parts.Length == 2
            && parts[0].Length == 2
            && parts[1].Length == 2
            && Number(parts[0]) is { } hour and >= 0 and <= 24
            && Number(parts[1]) is { } minute and >= 0 and < 60
            && (hour < 24 || minute == 0))
            return (hour * 60) + minute;
        if (text.Length > 0)
            section.Report(key, $"is '{text}'; it must be a time of the day from 00:00 to 24:00");
        return -1;
    }

    /// <summary>A week goes round: <c>saturday:sunday</c> is two days, <c>friday:monday</c> four.</summary>
    private static List<InclusiveRange> ReadWeekdays(YamlSection section)
    {
        List<InclusiveRange> ranges = ReadRanges(section, "weekdays", 0, Saturday, t => Named(s_weekdays, t, 0),
            "a day such as monday, or a range such as monday:friday", (_, _) => true);
        return
        [
            .. ranges.SelectMany<InclusiveRange, InclusiveRange>(r =>
                r.First > r.Last ? [new(r.First, Saturday), new(0, r.Last)] : [r]),
        ];
    }

    /// <summary>Whether there may be such days in a month: negative ones count from its end.</summary>
    private static bool CanBeDays(int first, int last)
    {
        if (first == 0 || last == 0 || (first < 0 && last > 0))
            return false;
        return first <= (first > 0 && last < 0 ? LongestMonth + 1 + last : last);
    }

    private static List<InclusiveRange> ReadRanges(
        YamlSection section, string key, int min, int max, Func<string, int?> read, string what, Func<int, int, bool>? isRange = null)
    {
        isRange ??= (first, last) => first <= last;
        var ranges = new List<InclusiveRange>();
        foreach (string text in section.Texts(key))
        {
            string[] ends = text.ToLowerInvariant().Split(':', StringSplitOptions.TrimEntries);
            int? first = read(ends[0]), last = ends.Length == 2 ? read(ends[1]) : ends.Length == 1 ? first : null;
            bool isRight = first is { } f
                && last is { } l
                && f >= min
                && l <= max
                && f <= max
                && l >= min
                && isRange(f, l);
            if (isRight)
                ranges.Add(new InclusiveRange(first!.Value, last!.Value));
            else
                section.Report(key, $"holds '{text}'; it must be {what}");
        }
        return ranges;
    }

    private static int? Named(string[] names, string text, int first) =>
        Array.IndexOf(names, text) is >= 0 and var index ? index + first : null;

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null;
}
