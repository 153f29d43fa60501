using Metrics.Model;
using Metrics.Series;

namespace Metrics.Rules.Conditions;

/// <summary>Says why a series may be absent: a target that is down, a series that it gives no longer, a whole site, or ourselves.</summary>
internal static class AbsenceReason
{
    private static readonly string[] s_places = ["site", "datacenter", "region", "zone", "availability_zone", "rack"];
    private static readonly long s_recent = (long)TimeSpan.FromMinutes(5).TotalMilliseconds;

    /// <summary>The reason in a sentence.</summary>
    /// <param name="context">The moment.</param>
    /// <param name="absent">Labels of the series.</param>
    /// <param name="seen">When it was last heard of.</param>
    /// <param name="expected">All series that the rule expects, and when they were last heard of.</param>
    /// <param name="absentFor">After what time one is absent.</param>
    public static string Of(RuleContext context, Labels absent, long seen, IReadOnlyDictionary<Labels, long> expected, TimeSpan absentFor)
    {
        if (seen < context.ListeningSince)
        {
            string start = new Timestamp(context.ListeningSince).ToSentenceText();
            return $"metricsd itself was not running until {start}; it has heard nothing of this series since";
        }
        foreach (string place in s_places.Where(p => absent[p].Length > 0))
        {
            List<KeyValuePair<Labels, long>> here = [.. expected.Where(e => e.Key[place] == absent[place])];
            bool isElsewhere = expected.Any(e => e.Key[place] != absent[place] && !IsSilent(e.Value));
            if (here.Count > 1 && isElsewhere && here.TrueForAll(e => IsSilent(e.Value)))
                return $"everything from {place} {absent[place]} is gone ({here.Count} series), while others are heard of";
        }
        if (absent.Name == "up")
            return "the target is not polled any more";
        if (absent["instance"].Length == 0)
            return "whoever sends it has stopped; no polled target is known for it";
        List<LabelMatcher> matchers = [new(Labels.MetricName, MatchKind.Equal, "up"), new("instance", MatchKind.Equal, absent["instance"])];
        if (absent["job"].Length > 0)
            matchers.Add(new LabelMatcher("job", MatchKind.Equal, absent["job"]));
        bool isKnown = false;
        foreach (ISeries up in context.Source.Select(matchers, context.At - s_recent, context.At))
        {
            // What the target said before it fell silent tells nothing.
            if (!up.TryLast(context.At, Math.Max(seen, context.At - s_recent), out Sample last))
                continue;
            isKnown = true;
            if (last.Value > 0)
                return "the target answers, but gives this series no longer";
        }
        return isKnown ? "the target is down" : "whoever sends it has stopped; no polled target is known for it";

        bool IsSilent(long last) => context.At - last > absentFor.TotalMilliseconds / 2;
    }
}
