namespace Metrics.Storage.Events;

/// <summary>Spans of time around moments, and as few as a question may have.</summary>
/// <param name="exact">The spans, nanoseconds since 1970 UTC, in order, without overlap.</param>
internal sealed class TimeSpans(IReadOnlyList<(long From, long To)> exact)
{
    /// <summary>More would make the question long; those that lie closest are taken as one.</summary>
    private const int Max = 32;

    /// <summary>The spans.</summary>
    public IReadOnlyList<(long From, long To)> Exact => exact;

    /// <summary>The same time in few spans: where there are too many, what lies between the closest is taken along.</summary>
    public IReadOnlyList<(long From, long To)> Few { get; } = FewOf(exact);

    /// <summary>The spans that reach so far around moments, joined where they touch, in order.</summary>
    /// <param name="moments">Nanoseconds since 1970 UTC.</param>
    /// <param name="around">How far before and behind, nanoseconds.</param>
    public static TimeSpans Around(IEnumerable<long> moments, long around)
    {
        List<(long From, long To)> spans = [];
        foreach (long moment in moments.Order())
        {
            long from = Math.Max(long.MinValue + 1, SaturatingAdd(moment, -around)), to = SaturatingAdd(moment, around);
            if (spans is [.., var last] && from <= last.To)
                spans[^1] = last with { To = to };
            else
                spans.Add((from, to));
        }
        return new TimeSpans(spans);
    }

    private static List<(long From, long To)> FewOf(IReadOnlyList<(long From, long To)> spans)
    {
        List<(long From, long To)> few = [.. spans];
        while (few.Count > Max)
            JoinClosest(few);
        return few;
    }

    /// <summary>Joins as many of the closest as are too many, or some of them.</summary>
    private static void JoinClosest(List<(long From, long To)> spans)
    {
        long[] gaps = [.. Enumerable.Range(1, spans.Count - 1).Select(n => spans[n].From - spans[n - 1].To).Order()];
        long widest = gaps[spans.Count - Max - 1];
        int last = 0;
        for (int n = 1; n < spans.Count; n++)
        {
            if (spans[n].From - spans[last].To <= widest)
                spans[last] = spans[last] with { To = spans[n].To };
            else
                spans[++last] = spans[n];
        }
        spans.RemoveRange(last + 1, spans.Count - last - 1);
    }

    private static long SaturatingAdd(long a, long b)
    {
        Int128 sum = (Int128)a + b;
        return sum > long.MaxValue ? long.MaxValue : sum < long.MinValue ? long.MinValue : (long)sum;
    }
}
