using Metrics.Query;
using Metrics.Query.Syntax;

namespace Metrics.Rules.Conditions;

/// <summary>A line through the recent past of a metric, and where it leads.</summary>
/// <param name="Expr">The metric.</param>
/// <param name="Reaches">The bound that the line must not reach; NaN where it is not the same for all series.</param>
/// <param name="Within">How far ahead is looked.</param>
/// <param name="From">How far back the line is laid.</param>
public sealed record Forecast(PreparedQuery Expr, double Reaches, TimeSpan Within, TimeSpan From)
{
    /// <summary>What <c>predict_linear(x[1h], 86400) &lt; 0</c> foretells; null where an expression is no such thing.</summary>
    internal static Forecast? Of(BinaryExpr comparison)
    {
        Expr left = comparison.Left;
        while (left is ParenExpr paren)
            left = paren.Inner;
        if (left is not CallExpr { Function.Name: "predict_linear", Arguments: [var range, var ahead] })
            return null;
        (Expr? of, DurationExpr? back) = range switch
        {
            MatrixExpr matrix => (matrix.Selector, matrix.Range),
            SubqueryExpr subquery => (subquery.Inner, subquery.Range),
            _ => ((Expr?)null, null),
        };
        return of is not null && UnitReader.ConstantOf(ahead) is { } seconds and > 0 and < 1e9
            && back is { Operator: DurationOperator.Literal, Seconds: > 0 and < 1e9 }
            ? new Forecast(
                PreparedQuery.Of(of), UnitReader.ConstantOf(comparison.Right) ?? double.NaN, TimeSpan.FromSeconds(seconds),
                TimeSpan.FromSeconds(back.Seconds))
            : null;
    }
}
