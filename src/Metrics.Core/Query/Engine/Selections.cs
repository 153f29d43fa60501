using System.Globalization;
using Metrics.Model;
using Metrics.Query.Syntax;

namespace Metrics.Query.Engine;

/// <summary>Aggregations that choose some series of each group: <c>topk</c>, <c>bottomk</c>, <c>limitk</c>, <c>limit_ratio</c>.</summary>
internal static class Selections
{
    public static void Run(Evaluator evaluator, AggregateExpr expr, EvaluationSteps grid, RowSink sink)
    {
        double[] parameter = evaluator.Scalar(expr.Parameter!, grid);
        if (!Check(evaluator, expr, parameter))
            return;
        var rows = new RowSet(evaluator, grid.Count);
        var grouping = new LabelGrouping(expr.Grouping, !expr.Without);
        var members = new List<List<int>>();
        evaluator.Vector(expr.Inner, grid, (labels, nameless, values) =>
        {
            int group = grouping.Of(labels, evaluator.HidesName(nameless));
            if (group == members.Count)
                members.Add([]);
            members[group].Add(rows.Add(labels, nameless, values));
        });
        bool ranks = expr.Operator is "topk" or "bottomk";
        if (grid.Count == 1)
        {
            // In order of rank: for people who read the list.
            foreach (List<int> group in members)
            {
                foreach (int row in Choose(expr.Operator, rows, group, 0, parameter[0]))
                    sink(rows.Labels(row), rows.Nameless(row), rows[row]);
            }
            return;
        }
        evaluator.Hold((long)rows.Count * grid.Count);
        var chosen = new bool[rows.Count * grid.Count];
        foreach (List<int> group in members)
        {
            for (int step = 0; step < grid.Count; step++)
            {
                evaluator.CheckStopped();
                foreach (int row in Choose(expr.Operator, rows, group, step, parameter[step]))
                    chosen[(row * grid.Count) + step] = true;
            }
        }
        for (int row = 0; row < rows.Count; row++)
        {
            Span<double> values = rows[row];
            for (int step = 0; step < values.Length; step++)
            {
                if (!chosen[(row * grid.Count) + step])
                    values[step] = NoValue.Value;
            }
        }
        rows.Send(sink);
    }

    private static bool Check(Evaluator evaluator, AggregateExpr expr, double[] parameter)
    {
        if (expr.Operator == "limit_ratio")
        {
            if (Array.TrueForAll(parameter, p => p == 0))
                return false;
            if (Array.Exists(parameter, double.IsNaN))
                throw new QueryException("Ratio value is NaN");
            foreach (double bound in new[] { parameter.Max(), parameter.Min() })
            {
                if (Math.Abs(bound) > 1)
                    evaluator.Notes.Warn(
                        expr.Parameter!,
                        $"ratio value should be between -1 and 1, got {Formats.FloatText.FormatGeneral(bound)}, capping to "
                            + $"{(bound > 0 ? 1 : -1)}");
            }
            return true;
        }
        if (Array.TrueForAll(parameter, p => p < 1))
            return false;
        if (Array.Exists(parameter, double.IsNaN))
            throw new QueryException("Parameter value is NaN");
        if (parameter.Min() <= long.MinValue)
            throw new QueryException($"Scalar value {Formats.FloatText.FormatGeneral(parameter.Min())} underflows int64");
        if (parameter.Max() >= long.MaxValue)
            throw new QueryException($"Scalar value {Formats.FloatText.FormatGeneral(parameter.Max())} overflows int64");
        return true;
    }

    private static IEnumerable<int> Choose(string op, RowSet rows, List<int> group, int step, double parameter)
    {
        switch (op)
        {
            case "limit_ratio":
                double ratio = Math.Clamp(parameter, -1, 1);
                return group.Where(r => !NoValue.Is(rows[r][step]) && Sampled(rows.Labels(r), ratio));
            case "limitk":
                return group.Where(r => !NoValue.Is(rows[r][step])).Take((int)Math.Clamp(parameter, 0, int.MaxValue));
            default:
                int k = (int)Math.Clamp(parameter, 0, group.Count);
                return k < 1 ? [] : Best(rows, group, step, k, descending: op == "topk");
        }
    }

    /// <summary>The k first in order of value; of equal values the earlier series. NaN comes last.</summary>
    private static int[] Best(RowSet rows, List<int> group, int step, int k, bool descending)
    {
        Comparer<(double Value, int Row)> worstFirst = Comparer<(double Value, int Row)>.Create((a, b) =>
        {
            int order = Sorting.Values(b.Value, a.Value, descending);
            return order != 0 ? order : b.Row.CompareTo(a.Row);
        });
        var best = new PriorityQueue<int, (double Value, int Row)>(k, worstFirst);
        foreach (int row in group)
        {
            double value = rows[row][step];
            if (NoValue.Is(value))
                continue;
            if (best.Count < k)
                best.Enqueue(row, (value, row));
            else
                best.EnqueueDequeue(row, (value, row));
        }
        var chosen = new int[best.Count];
        for (int i = chosen.Length - 1; i >= 0; i--)
            chosen[i] = best.Dequeue();
        return chosen;
    }

    /// <summary>Whether a series is within a ratio of all: decided by its labels alone, so that r and r-1 complete each other.</summary>
    private static bool Sampled(Labels labels, double ratio)
    {
        double place = labels.StableHash() / (double)ulong.MaxValue;
        return ratio >= 0 ? place < ratio || ratio == 1 : place >= 1 + ratio;
    }
}
