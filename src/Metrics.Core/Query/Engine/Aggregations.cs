using Metrics.Formats;
using Metrics.Model;
using Metrics.Query.Functions;
using Metrics.Query.Syntax;

namespace Metrics.Query.Engine;

/// <summary>Aggregations over groups of series. Those of one number a group take the series as they come and keep none.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/operators/#aggregation-operators</remarks>
internal static class Aggregations
{
    /// <summary>Whether an operator's result is some of the series that it was given.</summary>
    public static bool KeepsSeries(string op) => op is "topk" or "bottomk" or "limitk" or "limit_ratio";

    public static void Run(Evaluator evaluator, AggregateExpr expr, EvaluationSteps grid, RowSink sink)
    {
        if (KeepsSeries(expr.Operator))
            Selections.Run(evaluator, expr, grid, sink);
        else if (expr.Operator == "count_values")
            CountValues(evaluator, expr, grid, sink);
        else
            Reduce(evaluator, expr, grid, sink);
    }

    private static void Reduce(Evaluator evaluator, AggregateExpr expr, EvaluationSteps grid, RowSink sink)
    {
        double[]? parameter = expr.Parameter is null ? null : evaluator.Scalar(expr.Parameter, grid);
        foreach (double q in parameter ?? [])
        {
            if (Quantiles.Complain(q) is { } complaint)
                evaluator.Notes.Warn(expr.Parameter!, complaint);
        }
        var grouping = new LabelGrouping(expr.Grouping, !expr.Without);
        var groups = new List<Accumulator>();
        bool keepsValues = expr.Operator == "quantile";
        evaluator.Vector(expr.Inner, grid, (labels, nameless, values) =>
        {
            int group = grouping.Of(labels, evaluator.HidesName(nameless));
            if (group == groups.Count)
            {
                evaluator.Count(grid.Count);
                evaluator.Hold(QueryMemory.SeriesBytes + ((long)Accumulator.MaxBytesPerStep * grid.Count));
                groups.Add(Accumulator.Of(expr.Operator, grid.Count, parameter));
            }
            if (keepsValues)
            {
                evaluator.Count(grid.Count);
                evaluator.Hold(2L * sizeof(double) * grid.Count);
            }
            groups[group].Add(values);
            groups[group].Nameless |= nameless;
        });
        for (int i = 0; i < groups.Count; i++)
            sink(grouping.LabelsOf(i), groups[i].Nameless, groups[i].Result());
    }

    private static void CountValues(Evaluator evaluator, AggregateExpr expr, EvaluationSteps grid, RowSink sink)
    {
        string label = ((StringExpr)Evaluator.Unwrap(expr.Parameter!)).Value;
        LabelFunctions.CheckName(label, "label name");
        var grouping = new LabelGrouping(expr.Without ? expr.Grouping : [.. expr.Grouping, label], !expr.Without);
        var groups = new List<double[]>();
        evaluator.Vector(expr.Inner, grid, (labels, nameless, values) =>
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (NoValue.Is(values[i]))
                    continue;
                Labels valued = evaluator.Identity(labels, nameless).With(label, FloatText.FormatPlain(values[i]));
                int group = grouping.Of(valued, false);
                if (group == groups.Count)
                {
                    evaluator.Count(grid.Count);
                    evaluator.Hold(2 * QueryMemory.SeriesBytes);
                    groups.Add(evaluator.NewRow(grid));
                    Array.Fill(groups[group], NoValue.Value);
                }
                groups[group][i] = NoValue.Is(groups[group][i]) ? 1 : groups[group][i] + 1;
            }
        });
        for (int i = 0; i < groups.Count; i++)
            sink(grouping.LabelsOf(i), false, groups[i]);
    }
}
