using Metrics.Model;
using Metrics.Query;
using Metrics.Text;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Reads a rule over events: <c>events</c> with <c>count</c> or <c>distinct</c>, or <c>sequence</c>; <c>window</c>, <c>group_by</c>,
/// <c>max_groups</c>, <c>unless</c>, and <c>expr</c> beside them.
/// </summary>
internal static class EventCountReader
{
    private const int DefaultMaxGroups = 10_000;
    private const int MaxMaxGroups = 100_000;
    private static readonly string[] s_foreign =
        ["above", "below", "outside", "equals", "not_equals", "clear", "forecast", "learned", "absent_for", "expect"];

    /// <summary>How long a window may be at most.</summary>
    internal static TimeSpan LongestWindow { get; } = TimeSpan.FromDays(7);

    /// <summary>Whether a rule is one over events.</summary>
    public static bool IsFor(YamlSection rule) => rule.Has("events") | rule.Has("sequence");

    public static ConditionRead Read(YamlSection rule)
    {
        int before = rule.Problems.Count;
        foreach (string key in s_foreign)
        {
            if (rule.Has(key))
                rule.Report(key, "cannot stand in a rule over events; its threshold stands in 'count' or 'distinct'");
        }
        if (rule.Has("sequence") && rule.Has("events"))
            rule.Report("events", "cannot stand beside 'sequence', whose steps have events of their own");
        return rule.Has("sequence") ? ReadSequence(rule, before) : ReadCount(rule, before);
    }

    /// <summary>Which events: every matcher must hold.</summary>
    public static EventFilter ReadFilter(YamlSection section)
    {
        var matchers = new List<FieldMatcher>();
        foreach (string key in section.Keys.ToList())
        {
            string field = EventFields.FullName(key);
            IReadOnlyList<string> texts = section.Has(key) ? section.Texts(key) : [""];
            if (texts.Count == 0 && section.Value(key) is not YamlList)
                continue;
            if (matchers.Exists(m => m.Field == field))
                section.Report(key, $"names the field {field} a second time");
            else if (FieldMatcher.TryParse(field, texts, out FieldMatcher? matcher, out string? error))
                matchers.Add(matcher!);
            else
                section.Report(key, error!);
        }
        if (matchers.Count == 0 && section.Keys.FirstOrDefault() is null)
            section.Report("kind", "or another field is required: which events are counted");
        return new EventFilter(matchers);
    }

    /// <summary>A time that is at most the longest window.</summary>
    public static TimeSpan ReadTime(YamlSection section, string key, TimeSpan @default)
    {
        TimeSpan time = section.Duration(key, @default, min: TimeSpan.FromSeconds(1));
        if (time > LongestWindow)
            section.Report(key, $"is {Duration.Format(time)}; it must be at most {Duration.Format(LongestWindow)}");
        return time;
    }

    /// <summary>Fields that would be one label of a series, by that label; null when there are none.</summary>
    internal static IGrouping<string, string>? OfOneLabel(IEnumerable<string> fields) =>
        fields.GroupBy(EventFields.LabelName).FirstOrDefault(g => g.Count() > 1);

    private static ConditionRead ReadCount(YamlSection rule, int before)
    {
        if (rule.Has("ordered"))
            rule.Report("ordered", "needs 'sequence': the steps that come in order");
        EventFilter events = ReadFilter(rule.Section("events"));
        TimeSpan window = ReadWindow(rule);
        IReadOnlyList<string> groupBy = ReadGroupBy(rule);
        int maxGroups = rule.Number("max_groups", DefaultMaxGroups, min: 1, max: MaxMaxGroups);
        (string? distinct, Bounds? bounds) = ReadBounds(rule);
        (PreparedQuery? expr, List<EventExcuse> unless, List<ExprExcuse> unlessExpr) = ReadBesides(rule, window, groupBy);
        CheckReachable(bounds);
        if (rule.Problems.Count > before)
            return default;
        return bounds is not null ? new ConditionRead(With(bounds), null) : new ConditionRead(null, given =>
        {
            CheckReachable(given);
            return With(given);
        });

        EventCount With(Bounds given) => new(events, window, groupBy, distinct, given, maxGroups)
        {
            Expr = expr, Unless = unless, UnlessExpr = unlessExpr,
        };

        void CheckReachable(Bounds? given)
        {
            if (given is not null && CountRange.Of(distinct is not null, groupBy.Count > 0).Refusal(given) is { } never)
                rule.Report(distinct is null ? "count" : "distinct", $"has a bound, {given.Text}, that {never}");
        }
    }

    private static ConditionRead ReadSequence(YamlSection rule, int before)
    {
        foreach (string key in (string[])["count", "distinct"])
        {
            if (rule.Has(key))
                rule.Report(key, "cannot stand beside 'sequence'; a step may have a count");
        }
        TimeSpan window = ReadWindow(rule);
        IReadOnlyList<string> groupBy = ReadGroupBy(rule);
        List<EventStep> steps = SequenceReader.ReadSteps(rule, groupBy);
        bool isOrdered = rule.Flag("ordered", true);
        int maxGroups = SequenceReader.ReadMaxGroups(rule, steps, DefaultMaxGroups, MaxMaxGroups);
        (PreparedQuery? expr, List<EventExcuse> unless, List<ExprExcuse> unlessExpr) = ReadBesides(rule, window, groupBy);
        return rule.Problems.Count > before
            ? default
            : new ConditionRead(
                new EventSequence(steps, window, groupBy, isOrdered, maxGroups) { Expr = expr, Unless = unless, UnlessExpr = unlessExpr },
                null);
    }

    private static (PreparedQuery? Expr, List<EventExcuse> Unless, List<ExprExcuse> UnlessExpr) ReadBesides(
        YamlSection rule, TimeSpan window, IReadOnlyList<string> groupBy)
    {
        PreparedQuery? expr = rule.Has("expr") ? ConditionReader.ReadExpr(rule) : null;
        (List<EventExcuse> events, List<ExprExcuse> exprs) = UnlessReader.Read(rule, window, groupBy);
        return (expr, events, exprs);
    }

    private static TimeSpan ReadWindow(YamlSection rule)
    {
        if (!rule.Has("window"))
            rule.Report("window", "is required: the time over which events are counted, such as 5m");
        return ReadTime(rule, "window", TimeSpan.FromMinutes(5));
    }

    private static List<string> ReadGroupBy(YamlSection rule)
    {
        List<string> fields = [.. rule.Texts("group_by").Select(EventFields.FullName)];
        if (OfOneLabel(fields) is { } twice)
            rule.Report("group_by", $"names the field {twice.First()} twice");
        if (fields.Exists(f => f.Length == 0))
            rule.Report("group_by", "holds an empty name");
        if (fields.Contains(EventFields.Body))
            rule.Report("group_by", "cannot be by body: nearly every text is another one");
        return fields;
    }

    private static (string? Distinct, Bounds? Bounds) ReadBounds(YamlSection rule)
    {
        if (rule.Has("count") && rule.Has("distinct"))
            rule.Report("distinct", "and 'count' cannot stand in one rule");
        YamlSection section = rule.Section(rule.Has("distinct") ? "distinct" : "count");
        string? field = rule.Has("distinct") ? EventFields.FullName(section.RequiredText("field")) : null;
        Bounds? bounds = BoundsReader.Read(section);
        section.Finish();
        return (field, bounds);
    }
}
