using System.Globalization;
using System.Text;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;

namespace Metrics.Rules.Testing;

/// <summary>Runs tests of rules: evaluates all groups step by step over the input, and compares.</summary>
public static class RuleTestRun
{
    /// <summary>Runs one test.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="test">The test.</param>
    /// <param name="groups">The rules.</param>
    /// <param name="time">Limits templates.</param>
    /// <returns>What was not as expected; empty when the test passes.</returns>
    public static List<string> Run(RuleTestFile file, RuleTest test, IReadOnlyList<RuleGroup> groups, TimeProvider time)
    {
        var failures = new List<string>();
        var series = new MemorySeries();
        foreach (InputSeries input in test.Series)
        {
            if (input.Values.Any(v => v.IsHistogram))
                failures.Add($"input_series {input.Labels}: native histograms are not supported");
            for (int i = 0; i < input.Values.Count; i++)
            {
                if (input.Values[i].Value is { } value)
                    series.Add(input.Labels, test.Start + (i * (long)test.Interval.TotalMilliseconds), value);
            }
        }
        if (failures.Count > 0)
            return failures;
        var engine = new QueryEngine();
        List<GroupRunner> runners = [.. Ordered(groups, file.GroupOrder).Select(g => new GroupRunner(g, time))];
        long interval = (long)file.Interval.TotalMilliseconds;
        long last = test.Alerts.Select(a => a.At).Concat(test.Exprs.Select(e => e.At)).DefaultIfEmpty(0).Max();
        Queue<AlertTest> waiting = new(test.Alerts.OrderBy(a => a.At));
        var errors = new HashSet<string>();
        using EventFeed events = EventFeed.Of(test.Events);
        for (long step = 0; step <= last; step += interval)
        {
            // Events are judged when they come in, as live; samples at the interval alone, as promtool has it.
            for (long arrival = events.Next - test.Start; arrival < step; arrival = events.Next - test.Start)
            {
                foreach ((GroupRunner runner, RuleMask woken) in events.HandTo(runners, test.Start + arrival))
                    Evaluate(runner, engine, series, test, arrival, time, errors, woken);
            }
            events.HandTo(runners, test.Start + step);
            foreach (GroupRunner runner in runners)
                Evaluate(runner, engine, series, test, step, time, errors);
            while (waiting.TryPeek(out AlertTest? next) && next.At < step + interval)
                Check(waiting.Dequeue(), runners, failures);
        }
        failures.AddRange(errors);
        foreach (ExprTest expr in test.Exprs)
            Check(expr, engine, series, test, file.Fuzzy, failures);
        return failures;
    }

    private static IEnumerable<RuleGroup> Ordered(IReadOnlyList<RuleGroup> groups, IReadOnlyList<string> order) =>
        groups.OrderBy(g => order.ToList().IndexOf(g.Name) is >= 0 and var place ? place : int.MaxValue);

    private static void Evaluate(
        GroupRunner runner, QueryEngine engine, MemorySeries series, RuleTest test, long step, TimeProvider time, HashSet<string> errors,
        RuleMask? chosen = null)
    {
        using var output = new SampleBatch("test");
        var round = new RuleRound(series, test.Start + step, test.Start, test.ExternalUrl) { ExternalLabels = test.ExternalLabels };
        runner.Evaluate(round, source => new LocalQueries(engine, source), output, time, chosen);
        for (int i = 0; i < output.Count; i++)
            series.Add(output.Series[i], output.Times[i], output.Values[i]);
        foreach (RuleState rule in runner.Rules.Where(r => r.Error is not null))
            errors.Add($"rule {rule.Rule.Name} ({rule.Rule.Location}): {rule.Error}");
    }

    private static void Check(AlertTest test, List<GroupRunner> runners, List<string> failures)
    {
        List<AlertInstance> alerts =
        [
            .. runners.Where(r => test.Group is null || r.Group.Name == test.Group).SelectMany(r => r.Alerting)
                .Where(r => r.Rule.Name == test.AlertName).SelectMany(r => r.Alerts),
        ];
        Compare(test, "firing", test.Firing, [.. alerts.Where(a => a.State is AlertState.Firing)], failures);
        if (test.NoData is { } noData)
            Compare(test, "without data", noData, [.. alerts.Where(a => a.State is AlertState.NoData)], failures);
    }

    private static void Compare(
        AlertTest test, string state, IReadOnlyList<ExpectedAlert> expected, List<AlertInstance> got, List<string> failures)
    {
        List<string> wanted = [.. expected.Select(e => Describe(e.Labels, e.Annotations)).Order(StringComparer.Ordinal)];
        List<string> found = [.. got.Select(a => Describe(a.Labels, a.Annotations)).Order(StringComparer.Ordinal)];
        if (wanted.SequenceEqual(found))
            return;
        string time = Duration.Format(TimeSpan.FromMilliseconds(test.At));
        failures.Add($"alertname: {test.AlertName}, time: {time}, {state}\n    expected: {List(wanted)}\n    got:      {List(found)}");
    }

    private static string Describe(Labels labels, IReadOnlyDictionary<string, string> annotations)
    {
        var text = new StringBuilder(labels.ToString());
        foreach ((string name, string value) in annotations.OrderBy(a => a.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $" {name}={Labels.Quote(value)}");
        return text.ToString();
    }

    private static string List(List<string> texts) => texts.Count == 0 ? "nothing" : string.Join("\n              ", texts);

    private static void Check(ExprTest test, QueryEngine engine, MemorySeries series, RuleTest of, bool fuzzy, List<string> failures)
    {
        string what = $"expr: {Labels.Quote(test.Expr.Text)}, time: {Duration.Format(TimeSpan.FromMilliseconds(test.At))}";
        try
        {
            IReadOnlyList<VectorElement> got = new LocalQueries(engine, series).Evaluate(test.Expr, of.Start + test.At);
            var order = Comparer<Labels>.Create(Labels.Compare);
            List<(Labels Labels, double Value)> wanted = [.. test.Samples.OrderBy(s => s.Labels, order)];
            List<(Labels Labels, double Value)> found = [.. got.Select(g => (g.Labels, g.Sample.Value)).OrderBy(s => s.Labels, order)];
            bool same = wanted.Count == found.Count
                && wanted.Zip(found).All(p => p.First.Labels.Equals(p.Second.Labels) && Same(p.First.Value, p.Second.Value, fuzzy));
            if (!same)
                failures.Add($"{what}\n    expected: {List([.. wanted.Select(Sample)])}\n    got:      {List([.. found.Select(Sample)])}");
        }
        catch (QueryException e)
        {
            failures.Add($"{what}\n    {e.Message}");
        }
    }

    private static string Sample((Labels Labels, double Value) sample) => $"{sample.Labels} {FloatText.Format(sample.Value)}";

    private static bool Same(double expected, double got, bool fuzzy) =>
        expected.Equals(got) || expected == got
        || (fuzzy && Math.Abs(expected - got) <= 1e-9 * Math.Max(Math.Abs(expected), Math.Abs(got)));
}
