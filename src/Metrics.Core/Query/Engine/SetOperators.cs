using Metrics.Query.Syntax;

namespace Metrics.Query.Engine;

/// <summary><c>and</c>, <c>or</c>, <c>unless</c>.</summary>
internal static class SetOperators
{
    public static void Run(Evaluator evaluator, BinaryExpr binary, EvaluationSteps grid, RowSink sink)
    {
        VectorMatching matching = binary.Matching!;
        var grouping = new LabelGrouping(matching.Labels, matching.On);
        if (binary.Operator == BinaryOperator.Or)
        {
            Or(evaluator, binary, grouping, grid, sink);
            return;
        }
        // Which groups have a series on the right, at which steps.
        var present = new Presence(evaluator, grid.Count);
        evaluator.Vector(
            binary.Right, grid, (labels, nameless, values) => present.Note(grouping.Of(labels, evaluator.HidesName(nameless)), values));
        bool wanted = binary.Operator == BinaryOperator.And;
        evaluator.Vector(binary.Left, grid, (labels, nameless, values) =>
        {
            int group = grouping.Of(labels, evaluator.HidesName(nameless));
            bool any = false;
            for (int i = 0; i < values.Length; i++)
            {
                if (present.Has(group, i) != wanted)
                    values[i] = NoValue.Value;
                any |= !NoValue.Is(values[i]);
            }
            if (any)
                sink(labels, nameless, values);
        });
    }

    private static void Or(Evaluator evaluator, BinaryExpr binary, LabelGrouping grouping, EvaluationSteps grid, RowSink sink)
    {
        var present = new Presence(evaluator, grid.Count);
        var merged = new MergedRows(evaluator, grid.Count);
        evaluator.Vector(binary.Left, grid, (labels, nameless, values) =>
        {
            present.Note(grouping.Of(labels, evaluator.HidesName(nameless)), values);
            merged.Add(evaluator.Identity(labels, nameless), nameless, values);
        });
        evaluator.Vector(binary.Right, grid, (labels, nameless, values) =>
        {
            int group = grouping.Of(labels, evaluator.HidesName(nameless));
            for (int i = 0; i < values.Length; i++)
            {
                if (present.Has(group, i))
                    values[i] = NoValue.Value;
            }
            if (!NoValue.IsAll(values))
                merged.Add(evaluator.Identity(labels, nameless), nameless, values);
        });
        merged.Send(sink);
    }

    /// <summary>At which steps a group has a series.</summary>
    private sealed class Presence(Evaluator evaluator, int steps)
    {
        private readonly List<bool[]?> _groups = [];

        public void Note(int group, ReadOnlySpan<double> values)
        {
            while (_groups.Count <= group)
                _groups.Add(null);
            if (_groups[group] is not { } present)
            {
                evaluator.Hold(QueryMemory.SeriesBytes + (long)steps);
                _groups[group] = present = new bool[steps];
            }
            for (int i = 0; i < values.Length; i++)
                present[i] |= !NoValue.Is(values[i]);
        }

        public bool Has(int group, int step) => group < _groups.Count && _groups[group] is { } present && present[step];
    }
}
