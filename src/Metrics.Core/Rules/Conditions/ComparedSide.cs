using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Tells an alert that is over from one that is blind: where the top of an expression is a comparison, a series that left the result but
/// still has a value on the compared side is within bounds; one that has none is without data.
/// </summary>
internal sealed class ComparedSide
{
    private readonly IReadOnlyList<PreparedQuery> _queries;

    private ComparedSide(IReadOnlyList<PreparedQuery> queries, bool alwaysKnown)
    {
        _queries = queries;
        AlwaysKnown = alwaysKnown;
    }

    /// <summary>Whether the result is known even when it is empty: <c>absent(x)</c> gives nothing because x is there.</summary>
    public bool AlwaysKnown { get; }

    /// <summary>Finds the compared side of an expression; null where it has none.</summary>
    public static ComparedSide? Of(PreparedQuery query)
    {
        var comparisons = new List<Expr>();
        bool alwaysKnown = false;
        Collect(query.Root, comparisons, ref alwaysKnown);
        if (alwaysKnown)
            return new ComparedSide([], true);
        return comparisons.Count == 0 ? null : new ComparedSide([.. comparisons.Select(PreparedQuery.Of)], false);
    }

    /// <summary>Series, without their metric names, that have a value to compare; null where the expression needs none.</summary>
    /// <exception cref="QueryException">It cannot be evaluated.</exception>
    public IReadOnlySet<Labels>? SeriesWithValue(RuleContext context) => AlwaysKnown
        ? null
        : _queries.SelectMany(q => context.Queries.Evaluate(q, context.At)).Select(e => e.Labels.Without(Labels.MetricName)).ToHashSet();

    /// <summary>The comparisons with <c>bool</c>: they give every series that can be compared, in bounds or not, by its labels.</summary>
    private static void Collect(Expr expr, List<Expr> comparisons, ref bool alwaysKnown)
    {
        switch (expr)
        {
            case ParenExpr paren:
                Collect(paren.Inner, comparisons, ref alwaysKnown);
                break;
            case BinaryExpr { Operator: BinaryOperator.And or BinaryOperator.Unless } narrowed:
                Collect(narrowed.Left, comparisons, ref alwaysKnown);
                break;
            case BinaryExpr { Operator: BinaryOperator.Or } either:
                Collect(either.Left, comparisons, ref alwaysKnown);
                Collect(either.Right, comparisons, ref alwaysKnown);
                break;
            case BinaryExpr { ReturnsBool: false } comparison when comparison.Operator.IsComparison():
                comparisons.Add(comparison with { ReturnsBool = true });
                break;
            case CallExpr { Function.Name: "absent" or "absent_over_time" }:
                alwaysKnown = true;
                break;
        }
    }
}
