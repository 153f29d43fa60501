using System.Text;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query.Functions;
using Metrics.Query.Syntax;

namespace Metrics.Query.Engine;

/// <summary>Functions of classic histograms: series that differ in their label <c>le</c> alone.</summary>
internal static class Histograms
{
    private const string BucketLabel = "le";

    /// <summary>One histogram: its labels without <c>le</c>, and its series.</summary>
    private sealed class Histogram
    {
        public required Labels Labels;
        public required bool Nameless;
        public readonly List<(double UpperBound, int Row)> Series = [];
    }

    public static void Quantile(Evaluator evaluator, CallExpr call, EvaluationSteps grid, RowSink sink)
    {
        double[] q = evaluator.Scalar(call.Arguments[0], grid);
        Complain(evaluator, call.Arguments[0], q);
        Each(evaluator, call, call.Arguments[1], grid, sink,
            (buckets, step, labels) => Quantile(evaluator, call.Arguments[1], buckets, q[step], labels));
    }

    public static void Quantiles(Evaluator evaluator, CallExpr call, string label, EvaluationSteps grid, RowSink sink)
    {
        foreach (Expr argument in call.Arguments.Skip(2))
        {
            double[] q = evaluator.Scalar(argument, grid);
            Complain(evaluator, argument, q);
            RowSink labelled = (labels, nameless, values) => sink(labels.With(label, Canonical(q[0])), nameless, values);
            Each(evaluator, call, call.Arguments[0], grid, labelled,
                (buckets, step, labels) => Quantile(evaluator, call.Arguments[0], buckets, q[step], labels));
        }
    }

    public static void Fraction(Evaluator evaluator, CallExpr call, EvaluationSteps grid, RowSink sink)
    {
        double[] lower = evaluator.Scalar(call.Arguments[0], grid), upper = evaluator.Scalar(call.Arguments[1], grid);
        Each(evaluator, call, call.Arguments[2], grid, sink, (buckets, step, _) => Buckets.Fraction(lower[step], upper[step], buckets));
    }

    private static double Quantile(Evaluator evaluator, Expr at, List<Bucket> buckets, double q, Labels labels)
    {
        (double quantile, bool forced) = Buckets.Quantile(q, buckets);
        if (forced)
        {
            string of = labels.Name.Length > 0 ? $" for metric name {Labels.Quote(labels.Name)}" : "";
            evaluator.Notes.Inform(
                at, "input to histogram_quantile needed to be fixed for monotonicity (see "
                    + $"https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){of}");
        }
        return quantile;
    }

    private static void Complain(Evaluator evaluator, Expr at, double[] quantiles)
    {
        foreach (double q in quantiles)
        {
            if (Functions.Quantiles.Complain(q) is { } complaint)
                evaluator.Notes.Warn(at, complaint);
        }
    }

    private static void Each(
        Evaluator evaluator, CallExpr call, Expr argument, EvaluationSteps grid, RowSink sink,
        Func<List<Bucket>, int, Labels, double> compute)
    {
        var rows = new RowSet(evaluator, grid.Count);
        var histograms = new Dictionary<Labels, Histogram>();
        evaluator.Vector(argument, grid, (labels, nameless, values) =>
        {
            if (!FloatText.TryParse(Encoding.UTF8.GetBytes(labels[BucketLabel]), out double bound))
            {
                string metric = labels.Name.Length > 0 ? $" for metric name {Labels.Quote(labels.Name)}" : "";
                evaluator.Notes.Warn(
                    argument,
                    $"bucket label \"le\" is missing or has a malformed value of {Labels.Quote(labels[BucketLabel])}{metric}");
                return;
            }
            Labels identity = evaluator.Identity(labels, nameless).Without(BucketLabel);
            if (!histograms.TryGetValue(identity, out Histogram? histogram))
            {
                evaluator.Hold(2 * QueryMemory.SeriesBytes);
                histograms.Add(identity, histogram = new Histogram { Labels = identity, Nameless = nameless });
            }
            histogram.Series.Add((bound, rows.Add(labels, nameless, values)));
        });
        var buckets = new List<Bucket>();
        double[] row = evaluator.NewRow(grid);
        var merged = new MergedRows(evaluator, grid.Count);
        foreach (Histogram histogram in histograms.Values)
        {
            evaluator.CheckStopped();
            for (int step = 0; step < row.Length; step++)
            {
                buckets.Clear();
                foreach ((double bound, int bucketRow) in histogram.Series)
                {
                    double count = rows[bucketRow][step];
                    if (!NoValue.Is(count))
                        buckets.Add(new Bucket(bound, count));
                }
                row[step] = buckets.Count == 0 ? NoValue.Value : compute(buckets, step, histogram.Labels);
            }
            merged.Add(evaluator.Identity(histogram.Labels, true), true, row);
        }
        merged.Send(sink);
    }

    /// <summary>A number as OpenMetrics writes it in labels: with a point where it is whole.</summary>
    private static string Canonical(double value)
    {
        string text = FloatText.Format(value);
        return text.AsSpan().IndexOfAny(".eIN") < 0 ? text + ".0" : text;
    }
}
