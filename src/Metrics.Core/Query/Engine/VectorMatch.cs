using Metrics.Model;
using Metrics.Query.Syntax;

namespace Metrics.Query.Engine;

/// <summary>
/// Arithmetic and comparison between two vectors. Series meet in groups of equal labels (<c>on</c>, <c>ignoring</c>); within a group the
/// side that may be only one is looked up at each step. For <c>group_right</c> the sides are swapped, so that "one" is always the second.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/operators/#vector-matching</remarks>
internal sealed class VectorMatch
{
    private readonly Evaluator _evaluator;
    private readonly BinaryExpr _binary;
    private readonly VectorMatching _matching;
    private readonly LabelGrouping _grouping;
    private readonly EvaluationSteps _grid;
    private readonly RowSet _many;
    private readonly RowSet _one;
    private readonly List<Group> _groups = [];
    private readonly bool _swapped;
    private readonly Dictionary<(int Many, int One), Labels> _results = [];

    private sealed class Group
    {
        public readonly List<int> Many = [];
        public readonly List<int> One = [];
    }

    public VectorMatch(Evaluator evaluator, BinaryExpr binary, EvaluationSteps grid)
    {
        (_evaluator, _binary, _matching, _grid) = (evaluator, binary, binary.Matching!, grid);
        _grouping = new LabelGrouping(_matching.Labels, _matching.On);
        _swapped = _matching.Cardinality == MatchCardinality.OneToMany;
        _many = new RowSet(evaluator, grid.Count);
        _one = new RowSet(evaluator, grid.Count);
    }

    public void Run(RowSink sink)
    {
        Read(_swapped ? _binary.Right : _binary.Left, _many, g => g.Many);
        Read(_swapped ? _binary.Left : _binary.Right, _one, g => g.One);
        bool[] anyMany = AnyAt(_many), anyOne = AnyAt(_one);
        bool fills = _matching.FillLeft is not null || _matching.FillRight is not null;
        var merged = new MergedRows(_evaluator, _grid.Count);
        double[] row = _evaluator.NewRow(_grid);
        for (int g = 0; g < _groups.Count; g++)
        {
            Group group = _groups[g];
            if (!fills && (group.Many.Count == 0 || group.One.Count == 0))
            {
                CheckOne(group, anyMany);
                continue;
            }
            if (group.Many.Count == 1 && group.One.Count == 1 && !fills)
                Pair(group, row, merged);
            else
                EachStep(g, anyMany, anyOne, merged);
        }
        merged.Send(sink);
    }

    private void Read(Expr side, RowSet rows, Func<Group, List<int>> list) => _evaluator.Vector(side, _grid, (labels, nameless, values) =>
    {
        int group = _grouping.Of(labels, _evaluator.HidesName(nameless));
        while (_groups.Count <= group)
        {
            _evaluator.Hold(QueryMemory.SeriesBytes);
            _groups.Add(new Group());
        }
        list(_groups[group]).Add(rows.Add(labels, nameless, values));
    });

    private bool[] AnyAt(RowSet rows)
    {
        var any = new bool[_grid.Count];
        for (int row = 0; row < rows.Count; row++)
        {
            ReadOnlySpan<double> values = rows[row];
            for (int i = 0; i < any.Length; i++)
                any[i] |= !NoValue.Is(values[i]);
        }
        return any;
    }

    /// <summary>One series on each side: the commonest case.</summary>
    private void Pair(Group group, double[] row, MergedRows merged)
    {
        ReadOnlySpan<double> many = _many[group.Many[0]], one = _one[group.One[0]];
        bool any = false;
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = NoValue.Is(many[i]) || NoValue.Is(one[i]) ? NoValue.Value : Compute(many[i], one[i]);
            any |= !NoValue.Is(row[i]);
        }
        if (any)
            merged.Add(Result(group.Many[0], group.One[0]), _binary.ReturnsBool, row);
    }

    private void EachStep(int number, bool[] anyMany, bool[] anyOne, MergedRows merged)
    {
        Group group = _groups[number];
        var rows = new Dictionary<Labels, double[]>();
        var seen = new HashSet<Labels>();
        for (int step = 0; step < _grid.Count; step++)
        {
            _evaluator.CheckStopped();
            // Where a side is empty as a whole nothing is matched, and nothing can be wrong.
            bool oneEmpty = !anyMany[step] || !anyOne[step];
            if (oneEmpty && _matching.FillLeft is null && _matching.FillRight is null)
                continue;
            int one = TheOne(group, step);
            seen.Clear();
            bool matched = false;
            foreach (int many in group.Many)
            {
                if (NoValue.Is(_many[many][step]) || (one < 0 && _matching.FillRight is null))
                    continue;
                if (matched && _matching.Cardinality == MatchCardinality.OneToOne)
                    throw new QueryException("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
                matched = true;
                Put(rows, seen, step, many, one, Compute(_many[many][step], one < 0 ? _matching.FillRight!.Value : _one[one][step]));
            }
            if (!matched && one >= 0 && _matching.FillLeft is { } fill)
                Put(rows, seen, step, -1, one, Compute(fill, _one[one][step]));
        }
        foreach ((Labels labels, double[] values) in rows)
            merged.Add(labels, _binary.ReturnsBool, values);
    }

    private void Put(Dictionary<Labels, double[]> rows, HashSet<Labels> seen, int step, int many, int one, double value)
    {
        Labels labels = Result(many, one);
        if (!seen.Add(labels))
            throw new QueryException("multiple matches for labels: grouping labels must ensure unique matches");
        if (NoValue.Is(value))
            return;
        if (!rows.TryGetValue(labels, out double[]? row))
        {
            rows.Add(labels, row = _evaluator.NewRow(_grid));
            Array.Fill(row, NoValue.Value);
        }
        row[step] = value;
    }

    private double Compute(double many, double one)
    {
        (double left, double right) = _swapped ? (one, many) : (many, one);
        BinaryOperator op = _binary.Operator;
        if (!op.IsComparison())
            return op.Compute(left, right);
        if (_binary.ReturnsBool)
            return op.Compare(left, right) ? 1 : 0;
        return op.Compare(left, right) ? left : NoValue.Value;
    }

    private int TheOne(Group group, int step)
    {
        int found = -1;
        foreach (int row in group.One)
        {
            if (NoValue.Is(_one[row][step]))
                continue;
            if (found >= 0)
                throw Twice(row, found);
            found = row;
        }
        return found;
    }

    private void CheckOne(Group group, bool[] anyMany)
    {
        if (group.One.Count < 2)
            return;
        for (int step = 0; step < _grid.Count; step++)
        {
            if (anyMany[step])
                TheOne(group, step);
        }
    }

    private QueryException Twice(int row, int other)
    {
        Labels a = _evaluator.Identity(_one.Labels(row), _one.Nameless(row)),
            b = _evaluator.Identity(_one.Labels(other), _one.Nameless(other));
        return new QueryException(
            $"found duplicate series for the match group {_grouping.Reduce(a, false)} on the {(_swapped ? "left" : "right")} hand-side of "
                + $"the operation: [{a}, {b}]"
            + ";many-to-many matching not allowed: matching labels must be unique on one side");
    }

    /// <summary>The labels of a result; -1 stands for a side that is filled in.</summary>
    private Labels Result(int many, int one)
    {
        if (_results.TryGetValue((many, one), out Labels? known))
            return known;
        Labels manyLabels = many >= 0 ? _evaluator.Identity(_many.Labels(many), _many.Nameless(many)) : Matched(one);
        Labels result = manyLabels;
        if (!_binary.Operator.IsComparison() || (_binary.ReturnsBool && _evaluator.HidesName(true)))
            result = result.WithoutIdentity();
        if (_matching.Cardinality == MatchCardinality.OneToOne)
            result = Keep(result);
        foreach (string name in _matching.Include)
            result = result.With(name, one >= 0 ? _one.Labels(one)[name] : "");
        _evaluator.Hold(QueryMemory.SeriesBytes);
        _results.Add((many, one), result);
        return result;
    }

    private Labels Matched(int one) => _grouping.Reduce(_one.Labels(one), _evaluator.HidesName(_one.Nameless(one)));

    /// <summary>
    /// The labels that are matched on, or those that are not ignored; the name stays where it was, unless it is itself not matched on.
    /// </summary>
    private Labels Keep(Labels labels)
    {
        var kept = new List<Label>(labels.Count);
        foreach (Label label in labels)
        {
            if (_matching.Labels.Contains(label.Name) == _matching.On)
                kept.Add(label);
        }
        return kept.Count == labels.Count ? labels : Labels.Of([.. kept]);
    }
}
