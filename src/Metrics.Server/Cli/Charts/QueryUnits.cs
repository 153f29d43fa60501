using Metrics.Query;
using Metrics.Query.Syntax;

namespace Metrics.Cli.Charts;

/// <summary>What the numbers of an expression's result count, by the metrics in it and what is done with them.</summary>
/// <param name="ofMetric">The unit of a metric.</param>
internal sealed class QueryUnits(Func<string, ShownUnit> ofMetric)
{
    private static readonly HashSet<string> s_moments =
    [
        "time", "timestamp", "start", "end", "start_timestamp",
        "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time",
    ];

    private static readonly HashSet<string> s_others =
    [
        "absent", "absent_over_time", "changes", "count_over_time", "present_over_time", "resets", "stdvar_over_time", "sgn",
        "histogram_count", "histogram_fraction", "histogram_stdvar", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "deg", "exp", "ln",
        "log10", "log2", "rad", "sin", "sinh", "sqrt", "tan", "tanh", "pi", "range", "step",
        "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year",
    ];

    /// <summary>The unit of an expression's result.</summary>
    public ShownUnit Of(PreparedQuery query) => Of(query.Root);

    private ShownUnit Of(Expr expr) => expr switch
    {
        SelectorExpr { Selector.MetricName: { } name } => ofMetric(name),
        MatrixExpr matrix => Of(matrix.Selector),
        SubqueryExpr sub => Of(sub.Inner),
        ParenExpr paren => Of(paren.Inner),
        UnaryExpr unary => Of(unary.Inner),
        AggregateExpr { Operator: not ("count" or "count_values" or "group" or "stdvar") } sum => Of(sum.Inner),
        CallExpr call => Of(call),
        BinaryExpr binary => Of(binary),
        _ => ShownUnit.Unknown,
    };

    private ShownUnit Of(CallExpr call)
    {
        string name = call.Function.Name;
        if (s_moments.Contains(name))
            return new ShownUnit(Quantity.Moment);
        if (s_others.Contains(name) || call.Arguments.FirstOrDefault(a => a.Type is ExprType.Vector or ExprType.Matrix) is not { } of)
            return ShownUnit.Unknown;
        ShownUnit unit = Of(of);
        return name switch
        {
            "rate" or "irate" or "deriv" => unit with { IsRate = true },
            // Of buckets, however fast they grow, it gives what is counted in them.
            "histogram_quantile" or "histogram_quantiles" or "histogram_avg" => unit with { IsRate = false },
            _ => unit,
        };
    }

    private ShownUnit Of(BinaryExpr binary)
    {
        (ShownUnit left, ShownUnit right) = (Of(binary.Left), Of(binary.Right));
        switch (binary.Operator)
        {
            case BinaryOperator.Add or BinaryOperator.Sub:
                return OfSum(binary, left, right);
            case BinaryOperator.Mul when right.Quantity == Quantity.Ratio && binary.Left is NumberExpr { Value: 100 }:
            case BinaryOperator.Mul when left.Quantity == Quantity.Ratio && binary.Right is NumberExpr { Value: 100 }:
                return new ShownUnit(Quantity.Named, "%");
            // A sum that grows by its count: seconds a request.
            case BinaryOperator.Div when left.IsRate && right is { IsRate: true, Quantity: Quantity.Number }:
                return left with { IsRate = false };
            case BinaryOperator.Mul or BinaryOperator.Div or BinaryOperator.Mod or BinaryOperator.Pow or BinaryOperator.Atan2:
                return ShownUnit.Unknown;
            case BinaryOperator.Or when left != right:
                return ShownUnit.Unknown;
            default:
                return binary.ReturnsBool ? ShownUnit.Unknown : left;
        }
    }

    private static ShownUnit OfSum(BinaryExpr sum, ShownUnit left, ShownUnit right)
    {
        if (left.Quantity == Quantity.Moment && right.Quantity == Quantity.Moment)
            return sum.Operator == BinaryOperator.Sub ? new ShownUnit(Quantity.Seconds) : ShownUnit.Unknown;
        if (left.Quantity == Quantity.Moment && (right.Quantity == Quantity.Seconds || sum.Right is NumberExpr))
            return left;
        if (left == right || sum.Right is NumberExpr)
            return left;
        return sum.Left is NumberExpr ? right : ShownUnit.Unknown;
    }
}
