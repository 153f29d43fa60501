using Metrics.Model;
using Metrics.Text;

namespace Metrics.Rules.Conditions;

/// <summary>Reads the steps of a <c>sequence</c>.</summary>
internal static class SequenceReader
{
    internal const int MaxSteps = 10;
    internal const int MaxCount = 1000;

    /// <summary>Places in sequences that all groups of a rule may have together: 16 MB.</summary>
    private const int MaxPlaces = 2_000_000;

    /// <summary>Groups that may each be on their way in bounded memory.</summary>
    public static int MostGroups(IReadOnlyList<EventStep> steps) => MaxPlaces / Math.Max(1, steps.Sum(s => s.Count));

    /// <summary>The steps, as far as they can be read.</summary>
    public static List<EventStep> ReadSteps(YamlSection rule, IReadOnlyList<string> groupBy)
    {
        IReadOnlyList<YamlSection> sections = rule.Sections("sequence");
        if (sections.Count is < 2 or > MaxSteps && rule.Value("sequence") is YamlList)
            rule.Report("sequence", $"must have 2 to {MaxSteps} steps, and has {sections.Count}");
        return [.. sections.Select(s => ReadStep(s, groupBy))];
    }

    /// <summary>Groups that are looked at apart: as many as may each be on their way in bounded memory.</summary>
    public static int ReadMaxGroups(YamlSection rule, List<EventStep> steps, int @default, int max)
    {
        int length = Math.Max(1, steps.Sum(s => s.Count)), most = MostGroups(steps);
        int groups = rule.Number("max_groups", Math.Min(@default, most), min: 1, max: max);
        if (groups > most)
            rule.Report("max_groups", $"is {groups}; for a sequence of {length} events it must be at most {most}");
        return groups;
    }

    /// <summary>Fields that must be alike: a list of those of both sides, or a mapping from this side's to the other's.</summary>
    public static List<(string Mine, string Theirs)> ReadBy(YamlSection section)
    {
        List<(string, string)> by = section.Value("by") is YamlMap
            ? [.. section.Map("by").Select(b => (EventFields.FullName(b.Key), EventFields.FullName(b.Value)))]
            : [.. section.Texts("by").Select(b => (EventFields.FullName(b), EventFields.FullName(b)))];
        if (by.Exists(b => b.Item1.Length == 0 || b.Item2.Length == 0))
            section.Report("by", "holds an empty name");
        return by;
    }

    private static EventStep ReadStep(YamlSection section, IReadOnlyList<string> groupBy)
    {
        EventFilter events = EventCountReader.ReadFilter(section.Section("events"));
        int count = section.Number("count", 1, min: 1, max: MaxCount);
        List<(string Mine, string Theirs)> by = ReadBy(section);
        if (by.Find(b => !groupBy.Contains(b.Mine)).Mine is { } foreign)
            section.Report("by", $"names {foreign}, which is not in group_by; it says which field of this step stands for one of those");
        section.Finish();
        return new EventStep(events, count, [.. groupBy.Select(g => by.Find(b => b.Mine == g).Theirs ?? g)]);
    }
}
