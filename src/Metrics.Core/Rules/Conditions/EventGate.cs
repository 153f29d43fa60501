using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>Which groups of a rule over events may fire now, by what its expressions give.</summary>
internal sealed class EventGate
{
    private readonly LearnedGate? _expr;

    /// <summary>Groups for which the expression can be compared, though it may not hold; null is none.</summary>
    private readonly LearnedGate? _comparable;
    private readonly bool _isAlwaysComparable;
    private readonly List<LearnedGate> _unless = [];

    /// <summary>Evaluates the expressions of a condition.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="compared">The compared side of what must give a value; null where it has none.</param>
    /// <param name="round">The round.</param>
    /// <exception cref="QueryException">That which must give a value cannot be evaluated: then nothing is known.</exception>
    public EventGate(EventCondition condition, ComparedSide? compared, ConditionRound round)
    {
        string[] labels = [.. condition.GroupBy.Select(EventFields.LabelName)];
        foreach (ExprExcuse excuse in condition.UnlessExpr)
        {
            try
            {
                _unless.Add(new LearnedGate(Agreeing(round, excuse.Expr, excuse.By, labels)));
            }
            catch (QueryException e)
            {
                // A rule does not go quiet since its exception broke.
                round.Error ??= $"unless {excuse.Expr.Text}: {e.Message}";
            }
        }
        if (condition.Expr is null)
            return;
        _expr = new LearnedGate(Agreeing(round, condition.Expr, null, labels));
        _isAlwaysComparable = compared?.AlwaysKnown ?? false;
        if (compared?.SeriesWithValue(round.Context) is { } within)
            _comparable = new LearnedGate([.. within.Select(l => new VectorElement(l, default))]);
    }

    /// <summary>What a group is whose events are out of bounds.</summary>
    /// <param name="series">The group.</param>
    /// <param name="alert">Its alert; null where it has none.</param>
    public Observation Judge(Labels series, AlertInstance? alert)
    {
        // What is open already does not end since nobody would be told of it now.
        if (alert is not { State.IsOpen: true } && _unless.Exists(u => u.IsOpenFor(series)))
            return Observation.Clear;
        if (_expr is null || _expr.IsOpenFor(series))
            return Observation.Breached;
        return _isAlwaysComparable || (_comparable?.IsOpenFor(series) ?? false) ? Observation.Clear : Observation.NoData;
    }

    /// <summary>What an expression gives, with the labels by which groups agree with it.</summary>
    private static List<VectorElement> Agreeing(ConditionRound round, PreparedQuery expr, IReadOnlyList<string>? by, string[] labels)
    {
        var agreeing = new List<VectorElement>();
        foreach (VectorElement element in round.Evaluate(expr))
        {
            if (by is not null)
            {
                if (by.All(b => element.Labels[b].Length > 0))
                    agreeing.Add(element with { Labels = Labels.Of([.. by.Select(b => new Label(b, element.Labels[b]))]) });
                continue;
            }
            agreeing.Add(element);
            foreach (Label label in element.Labels)
            {
                if (label.Name == Labels.MetricName || labels.Contains(label.Name))
                    continue;
                round.Error ??= $"{expr.Text} gives {element.Labels}, which agrees with no group, since {label.Name} is not in group_by; "
                    + "aggregate it by labels that are";
            }
        }
        return agreeing;
    }
}
