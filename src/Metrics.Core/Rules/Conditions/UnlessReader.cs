using Metrics.Model;
using Metrics.Query;
using Metrics.Text;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Reads <c>unless</c> of a rule over events: one exception or a list of them, each with <c>events</c>, <c>no_events</c> or <c>expr</c>.
/// </summary>
internal static class UnlessReader
{
    private const int MaxExceptions = 20;
    private const int MaxCount = 100;
    private static readonly string[] s_kinds = ["events", "no_events", "expr"];

    public static (List<EventExcuse> Events, List<ExprExcuse> Exprs) Read(
        YamlSection rule, TimeSpan window, IReadOnlyList<string> groupBy)
    {
        var events = new List<EventExcuse>();
        var exprs = new List<ExprExcuse>();
        IReadOnlyList<YamlSection> sections = rule.Value("unless") is YamlMap ? [rule.Section("unless")] : rule.Sections("unless");
        if (sections.Count > MaxExceptions)
            rule.Report("unless", $"has {sections.Count} exceptions; it must have at most {MaxExceptions}");
        foreach (YamlSection section in sections)
        {
            if (s_kinds.Count(section.Has) != 1)
                section.Report("events", "or no_events or expr is required, one of them: what excuses");
            else if (section.Has("events"))
                events.Add(ReadEvents(section, window));
            else if (section.Has("no_events"))
                events.Add(ReadAbsence(section));
            else if (ReadExpr(section, groupBy) is { } excuse)
                exprs.Add(excuse);
            foreach (string key in (string[])[.. s_kinds, "by", "within", "after", "count"])
                _ = section.Value(key);
            section.Finish();
        }
        return (events, exprs);
    }

    private static EventExcuse ReadEvents(YamlSection section, TimeSpan window)
    {
        EventFilter events = EventCountReader.ReadFilter(section.Section("events"));
        if (!section.Has("within") && !section.Has("after"))
            section.Report("within", "or after is required: how long before or after an event the other excuses it, such as 10m");
        if (section.Has("count"))
            section.Report("count", "needs no_events: so many must have been there");
        TimeSpan within = EventCountReader.ReadTime(section, "within", TimeSpan.Zero);
        TimeSpan after = EventCountReader.ReadTime(section, "after", TimeSpan.Zero);
        if (after >= window)
            section.Report("after", $"is {Duration.Format(after)}; it must be shorter than the window, which an event would leave unseen");
        return new EventExcuse(events, SequenceReader.ReadBy(section), within, after);
    }

    private static EventExcuse ReadAbsence(YamlSection section)
    {
        EventFilter events = EventCountReader.ReadFilter(section.Section("no_events"));
        if (!section.Has("within"))
            section.Report("within", "is required: an event counts where others were so long before it, such as 10m");
        if (section.Has("after"))
            section.Report("after", "cannot stand beside no_events: what comes later cannot be missed yet");
        TimeSpan within = EventCountReader.ReadTime(section, "within", TimeSpan.Zero);
        int count = section.Number("count", 1, min: 1, max: MaxCount);
        return new EventExcuse(events, SequenceReader.ReadBy(section), within, TimeSpan.Zero) { FewerThan = count };
    }

    private static ExprExcuse? ReadExpr(YamlSection section, IReadOnlyList<string> groupBy)
    {
        foreach (string key in (string[])["within", "after", "count"])
        {
            if (section.Has(key))
            {
                section.Report(
                    key, "cannot stand beside expr, which excuses while it gives a value; write max_over_time(…[10m]) for longer");
            }
        }
        string[] labels = [.. section.Texts("by").Select(b => EventFields.LabelName(EventFields.FullName(b)))];
        if (Array.Find(labels, l => !groupBy.Any(g => EventFields.LabelName(g) == l)) is { } foreign)
            section.Report("by", $"names {foreign}, which is not in group_by, so that no group has it");
        return ConditionReader.ReadExpr(section) is { } expr ? new ExprExcuse(expr, section.Has("by") ? labels : null) : null;
    }
}
