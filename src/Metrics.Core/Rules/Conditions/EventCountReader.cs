using Metrics.Model;
using Metrics.Text;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Reads a rule over events: <c>events</c>, <c>window</c>, <c>group_by</c>, <c>count</c> or <c>distinct</c>, <c>max_groups</c>.
/// </summary>
internal static class EventCountReader
{
    private const int DefaultMaxGroups = 10_000;
    private const int MaxMaxGroups = 100_000;
    private static readonly TimeSpan s_longestWindow = TimeSpan.FromDays(7);
    private static readonly string[] s_foreign =
        ["expr", "above", "below", "outside", "equals", "not_equals", "clear", "forecast", "learned", "absent_for", "expect"];

    public static ConditionRead Read(YamlSection rule)
    {
        int before = rule.Problems.Count;
        foreach (string key in s_foreign)
        {
            if (rule.Has(key))
                rule.Report(key, "cannot stand in a rule over events; its threshold stands in 'count' or 'distinct'");
        }
        EventFilter events = ReadFilter(rule.Section("events"));
        TimeSpan window = ReadWindow(rule);
        IReadOnlyList<string> groupBy = ReadGroupBy(rule);
        int maxGroups = rule.Number("max_groups", DefaultMaxGroups, min: 1, max: MaxMaxGroups);
        (string? distinct, Bounds? bounds) = ReadCount(rule);
        if (rule.Problems.Count > before)
            return default;
        return bounds is null ? new ConditionRead(null, With) : new ConditionRead(With(bounds), null);

        EventCount With(Bounds given) => new(events, window, groupBy, distinct, given, maxGroups);
    }

    private static EventFilter ReadFilter(YamlSection section)
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

    private static TimeSpan ReadWindow(YamlSection rule)
    {
        if (!rule.Has("window"))
            rule.Report("window", "is required: the time over which events are counted, such as 5m");
        TimeSpan window = rule.Duration("window", TimeSpan.FromMinutes(5), min: TimeSpan.FromSeconds(1));
        if (window > s_longestWindow)
            rule.Report("window", $"is {Duration.Format(window)}; it must be at most {Duration.Format(s_longestWindow)}");
        return window;
    }

    private static List<string> ReadGroupBy(YamlSection rule)
    {
        List<string> fields = [.. rule.Texts("group_by").Select(EventFields.FullName)];
        if (fields.GroupBy(EventFields.LabelName).FirstOrDefault(g => g.Count() > 1) is { } twice)
            rule.Report("group_by", $"names the field {twice.First()} twice");
        if (fields.Exists(f => f.Length == 0))
            rule.Report("group_by", "holds an empty name");
        if (fields.Contains(EventFields.Body))
            rule.Report("group_by", "cannot be by body: nearly every text is another one");
        return fields;
    }

    private static (string? Distinct, Bounds? Bounds) ReadCount(YamlSection rule)
    {
        if (rule.Has("count") && rule.Has("distinct"))
            rule.Report("distinct", "and 'count' cannot stand in one rule");
        YamlSection section = rule.Section(rule.Has("distinct") ? "distinct" : "count");
        string? field = rule.Has("distinct") ? EventFields.FullName(section.RequiredText("field")) : null;
        Bounds? bounds = BoundsReader.Read(section);
        if (field is not null && bounds?.Limits.Max(l => l.ConstantNumber) >= DistinctWindow.MaxValues)
        {
            rule.Report(
                "distinct",
                $"has a bound that is never reached: at most {DistinctWindow.MaxValues} different values are kept for each group");
        }
        section.Finish();
        return (field, bounds);
    }
}
