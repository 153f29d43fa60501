using Metrics.Model;
using Metrics.Query.Functions;
using Metrics.Query.Syntax;

namespace Metrics.Query.Engine;

/// <summary><c>sort</c> and its kin. They order instant vectors; the series of a range have an order of their own.</summary>
internal static class Sorting
{
    public static void Run(Evaluator evaluator, CallExpr call, IReadOnlyList<string> byLabels, EvaluationSteps grid, RowSink sink)
    {
        if (grid.Count > 1)
        {
            evaluator.Vector(call.Arguments[0], grid, sink);
            return;
        }
        var rows = new RowSet(evaluator, 1);
        evaluator.Vector(
            call.Arguments[0], grid, (labels, nameless, values) => rows.Add(evaluator.Identity(labels, nameless), nameless, values));
        evaluator.Hold(2L * sizeof(int) * rows.Count);
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        bool descending = call.Function.Name.EndsWith("_desc", StringComparison.Ordinal);
        IEnumerable<int> sorted = call.Function.Name is "sort" or "sort_desc"
            ? order.Order(Comparer<int>.Create((a, b) => Values(rows[a][0], rows[b][0], descending)))
            : order.Order(Comparer<int>.Create((a, b) => ByLabels(rows.Labels(a), rows.Labels(b), byLabels) * (descending ? -1 : 1)));
        foreach (int row in sorted)
            sink(rows.Labels(row), rows.Nameless(row), rows[row]);
    }

    /// <summary>NaN comes last in either order.</summary>
    internal static int Values(double a, double b, bool descending)
    {
        if (double.IsNaN(a) || double.IsNaN(b))
            return double.IsNaN(a).CompareTo(double.IsNaN(b));
        return descending ? b.CompareTo(a) : a.CompareTo(b);
    }

    private static int ByLabels(Labels a, Labels b, IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            int order = NaturalOrder.Compare(a[name], b[name]);
            if (order != 0)
                return order;
        }
        return Labels.Compare(a, b);
    }
}
