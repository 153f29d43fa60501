using Metrics.Model;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query.Engine;

/// <summary>
/// <c>info</c>: adds labels of info metrics (<c>target_info</c> unless others are asked for) to the series of the same <c>instance</c> and
/// <c>job</c>.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/functions/#info</remarks>
internal static class InfoFunction
{
    private static readonly string[] s_identifying = ["instance", "job"];

    private readonly record struct InfoKey(string Name, string Instance, string Job);

    private sealed record InfoSeries(Labels Labels, double[] Times);

    public static void Run(
        Evaluator evaluator, ISeriesSource source, CallExpr call, EvaluationSteps top, long lookback, EvaluationSteps grid, RowSink sink)
    {
        IReadOnlyList<LabelMatcher> asked = call.Arguments.Count > 1
            ? ((SelectorExpr)Evaluator.Unwrap(call.Arguments[1])).Selector.Matchers
            : [];
        List<LabelMatcher> names = [.. asked.Where(m => m.Name == Labels.MetricName)];
        if (names.Count == 0)
            names.Add(new LabelMatcher(Labels.MetricName, MatchKind.Equal, "target_info"));
        List<LabelMatcher> data = [.. asked.Where(m => m.Name != Labels.MetricName)];

        var bases = new RowSet(evaluator, grid.Count);
        evaluator.Vector(call.Arguments[0], grid, (labels, nameless, values) => bases.Add(labels, nameless, values));
        Dictionary<InfoKey, List<InfoSeries>> infos = ReadInfos(evaluator, source, bases, names, data, call, top, lookback, grid);
        string[] infoNames = [.. infos.Keys.Select(k => k.Name).Distinct()];

        var merged = new MergedRows(evaluator, grid.Count);
        double[] one = evaluator.NewRow(grid);
        for (int row = 0; row < bases.Count; row++)
        {
            Labels labels = bases.Labels(row);
            if (IsInfo(labels, names))
            {
                merged.Add(labels, bases.Nameless(row), bases[row]);
                continue;
            }
            evaluator.CheckStopped();
            // The labels may change from step to step, as newer info series take over.
            var byLabels = new Dictionary<Labels, List<int>>();
            for (int step = 0; step < grid.Count; step++)
            {
                if (!NoValue.Is(bases[row][step]) && Enrich(labels, infos, infoNames, data, step) is { } enriched)
                    (byLabels.TryGetValue(enriched, out List<int>? steps) ? steps : byLabels[enriched] = []).Add(step);
            }
            foreach ((Labels enriched, List<int> steps) in byLabels)
            {
                Array.Fill(one, NoValue.Value);
                foreach (int step in steps)
                    one[step] = bases[row][step];
                merged.Add(enriched, bases.Nameless(row), one);
            }
        }
        merged.Send(sink);
    }

    private static bool IsInfo(Labels labels, List<LabelMatcher> names) => names.TrueForAll(m => m.Matches(labels));

    private static Dictionary<InfoKey, List<InfoSeries>> ReadInfos(
        Evaluator evaluator, ISeriesSource source, RowSet bases, List<LabelMatcher> names, List<LabelMatcher> data, CallExpr call,
            EvaluationSteps top, long lookback, EvaluationSteps grid)
    {
        var infos = new Dictionary<InfoKey, List<InfoSeries>>();
        var matchers = new List<LabelMatcher>(names);
        matchers.AddRange(data);
        bool any = false;
        foreach (string label in s_identifying)
        {
            HashSet<string> values =
                [.. Enumerable.Range(0, bases.Count).Where(r => !IsInfo(bases.Labels(r), names)).Select(r => bases.Labels(r)[label])
                    .Where(v => v.Length > 0)];
            if (values.Count > 0)
                matchers.Add(LabelMatcher.AnyOf(label, values));
            any |= values.Count > 0;
        }
        if (!any)
            return infos;
        (long? at, long offset) = TimeOf(call.Arguments[0], top);
        var buffer = new SampleBuffer();
        long first = (at ?? grid.Start) - offset, last = (at ?? grid.End) - offset;
        foreach (ISeries series in source.Select(matchers, first - lookback, last))
        {
            buffer.Clear();
            series.Read(first - lookback, last, buffer);
            evaluator.Touch(buffer.Count);
            double[] times = evaluator.NewRow(grid);
            int newest = -1;
            for (int step = 0; step < times.Length; step++)
            {
                long now = (at ?? grid.Time(step)) - offset;
                while (newest + 1 < buffer.Count && buffer.Times[newest + 1] <= now)
                    newest++;
                bool present = newest >= 0 && buffer.Times[newest] > now - lookback && !NoValue.Is(buffer.Values[newest]);
                times[step] = present ? buffer.Times[newest] : NoValue.Value;
            }
            var key = new InfoKey(series.Labels.Name, series.Labels["instance"], series.Labels["job"]);
            (infos.TryGetValue(key, out List<InfoSeries>? all) ? all : infos[key] = []).Add(new InfoSeries(series.Labels, times));
        }
        return infos;
    }

    /// <summary>The moment that the first selector of the argument looks at.</summary>
    private static (long? At, long Offset) TimeOf(Expr argument, EvaluationSteps top)
    {
        SelectorTime time = argument.All().OfType<SelectorExpr>().FirstOrDefault()?.Time ?? SelectorTime.None;
        long? at = time.At switch { AtKind.Fixed => time.Time, AtKind.Start => top.Start, AtKind.End => top.End, _ => null };
        return (at, time.Offset?.Milliseconds(top.Step, top.End - top.Start, positive: false) ?? 0);
    }

    /// <summary>The labels with those of the info series added; null where one was asked for that is not there.</summary>
    private static Labels? Enrich(
        Labels labels, Dictionary<InfoKey, List<InfoSeries>> infos, string[] infoNames, List<LabelMatcher> data, int step)
    {
        Labels enriched = labels;
        bool found = false;
        foreach (string name in infoNames)
        {
            if (!infos.TryGetValue(new InfoKey(name, labels["instance"], labels["job"]), out List<InfoSeries>? candidates)
                || Newest(candidates, step) is not { } info)
                continue;
            found = true;
            foreach (Label label in info.Labels)
            {
                if (label.Name == Labels.MetricName
                    || labels[label.Name].Length > 0
                    || (data.Count > 0 && !data.Exists(m => m.Name == label.Name)))
                    continue;
                if (enriched[label.Name] is { Length: > 0 } given && given != label.Value)
                    throw new QueryException($"conflicting label: {label.Name}");
                enriched = enriched.With(label.Name, label.Value);
            }
        }
        return found || data.TrueForAll(m => m.MatchesEmpty) ? enriched : null;
    }

    private static InfoSeries? Newest(List<InfoSeries> candidates, int step)
    {
        InfoSeries? newest = null;
        foreach (InfoSeries candidate in candidates)
        {
            if (NoValue.Is(candidate.Times[step]))
                continue;
            if (newest is not null && newest.Times[step] == candidate.Times[step])
                throw new QueryException($"found duplicate series for info metric: existing {newest.Labels} @ {(long)newest.Times[step]}, "
                    + $"new {candidate.Labels} @ {(long)newest.Times[step]}");
            if (newest is null || newest.Times[step] < candidate.Times[step])
                newest = candidate;
        }
        return newest;
    }
}
