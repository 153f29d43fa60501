using Metrics.Query.Syntax;

namespace Metrics.Query;

/// <summary>
/// Finds the unit of what an expression gives: by the names of its metrics, which end in their unit, and by what is calculated with them.
/// </summary>
/// <remarks>https://prometheus.io/docs/practices/naming/#base-units</remarks>
public static class UnitReader
{
    private const double Kibi = 1024;

    private static readonly Dictionary<string, ValueUnit> s_suffixes = new()
    {
        ["ratio"] = new(UnitKind.Ratio),
        ["percent"] = new(UnitKind.Ratio, Factor: 100),
        ["percentage"] = new(UnitKind.Ratio, Factor: 100),
        ["pct"] = new(UnitKind.Ratio, Factor: 100),
        ["bytes"] = new(UnitKind.Bytes),
        // Nova's and Ironic's, which count by 1024.
        ["kb"] = new(UnitKind.Bytes, Factor: 1 / Kibi),
        ["mb"] = new(UnitKind.Bytes, Factor: 1 / (Kibi * Kibi)),
        ["gb"] = new(UnitKind.Bytes, Factor: 1 / (Kibi * Kibi * Kibi)),
        ["bits"] = new(UnitKind.Bits),
        ["seconds"] = new(UnitKind.Seconds),
        ["milliseconds"] = new(UnitKind.Seconds, Factor: 1000),
        ["ms"] = new(UnitKind.Seconds, Factor: 1000),
        ["celsius"] = new(UnitKind.Celsius),
        ["volts"] = new(UnitKind.Volts),
        ["amperes"] = new(UnitKind.Amperes),
        ["amps"] = new(UnitKind.Amperes),
        ["watts"] = new(UnitKind.Watts),
        ["watt"] = new(UnitKind.Watts),
        ["joules"] = new(UnitKind.Joules),
        ["hertz"] = new(UnitKind.Hertz),
    };

    private static readonly HashSet<string> s_suffixesBehind = ["total", "sum", "bucket", "max", "min", "avg", "used", "free", "limit"];

    private static readonly HashSet<string> s_counting =
    [
        "count_over_time", "changes", "resets", "absent", "absent_over_time", "present_over_time", "stdvar_over_time", "histogram_count",
        "histogram_fraction", "sgn", "ln", "log2", "log10", "exp", "sqrt", "hour", "minute", "month", "year", "day_of_week",
    ];

    /// <summary>The unit of an expression; none where it is not known.</summary>
    public static ValueUnit Of(Expr expr) => expr switch
    {
        ParenExpr paren => Of(paren.Inner),
        UnaryExpr unary => Of(unary.Inner),
        SelectorExpr selector => OfName(selector.Selector.MetricName ?? ""),
        MatrixExpr matrix => Of(matrix.Selector),
        SubqueryExpr subquery => Of(subquery.Inner),
        AggregateExpr { Operator: "count" or "count_values" or "group" or "stdvar" } => ValueUnit.None,
        AggregateExpr aggregate => Of(aggregate.Inner),
        CallExpr call => Of(call),
        BinaryExpr binary => Of(binary),
        _ => ValueUnit.None,
    };

    /// <summary>The number that an expression is without any series; null where it reads some.</summary>
    public static double? ConstantOf(Expr expr) => expr switch
    {
        NumberExpr number => number.Value,
        ParenExpr paren => ConstantOf(paren.Inner),
        UnaryExpr unary => unary.Negative ? -ConstantOf(unary.Inner) : ConstantOf(unary.Inner),
        BinaryExpr binary when (ConstantOf(binary.Left), ConstantOf(binary.Right)) is ({ } left, { } right) => binary.Operator switch
        {
            BinaryOperator.Add => left + right,
            BinaryOperator.Sub => left - right,
            BinaryOperator.Mul => left * right,
            BinaryOperator.Div => left / right,
            _ => null,
        },
        _ => null,
    };

    /// <summary>The unit by the name of a metric; of one that a rule has recorded by each part of it.</summary>
    public static ValueUnit OfName(string name)
    {
        foreach (string part in name.Split(':').Reverse())
        {
            string[] words = part.Split('_');
            int last = words.Length - 1;
            bool isCounter = words[last] == "total";
            while (last > 0 && s_suffixesBehind.Contains(words[last]))
                last--;
            if (!s_suffixes.TryGetValue(words[last].ToLowerInvariant(), out ValueUnit unit))
                continue;
            bool isMoment = words[last] == "seconds" && !isCounter && last > 0 && words[last - 1] is "timestamp" or "time";
            return isMoment ? new ValueUnit(UnitKind.Timestamp) : unit;
        }
        return ValueUnit.None;
    }

    private static ValueUnit Of(CallExpr call)
    {
        string name = call.Function.Name;
        if (name is "time" or "timestamp")
            return new ValueUnit(UnitKind.Timestamp);
        if (s_counting.Contains(name) || call.Arguments.FirstOrDefault(a => a.Type is ExprType.Vector or ExprType.Matrix) is not { } of)
            return ValueUnit.None;
        ValueUnit unit = Of(of);
        // The quantile of what came in a second is none a second.
        return name is "rate" or "irate" or "deriv" ? unit with { IsRate = true }
            : name.StartsWith("histogram_", StringComparison.Ordinal) ? unit with { IsRate = false }
            : unit;
    }

    private static ValueUnit Of(BinaryExpr binary)
    {
        (Expr left, Expr right) = (binary.Left, binary.Right);
        if (binary.Operator.IsComparison())
            return binary.ReturnsBool ? ValueUnit.None : Of(left);
        return binary.Operator switch
        {
            BinaryOperator.And or BinaryOperator.Unless or BinaryOperator.Or or BinaryOperator.Mod => Of(left),
            BinaryOperator.Add => Sum(left, right, Of(left), Of(right)),
            BinaryOperator.Sub => Difference(left, right, Of(left), Of(right)),
            BinaryOperator.Mul => ConstantOf(left) is { } by ? Times(Of(right), by)
                : ConstantOf(right) is { } factor ? Times(Of(left), factor) : Product(Of(left), Of(right)),
            BinaryOperator.Div => ConstantOf(right) is { } part ? Times(Of(left), 1 / part)
                : ConstantOf(left) is not null ? ValueUnit.None : Quotient(Of(left), Of(right)),
            _ => ValueUnit.None,
        };
    }

    private static ValueUnit Times(ValueUnit unit, double by) => !double.IsFinite(by) || by == 0 ? ValueUnit.None
        : unit is { Kind: UnitKind.Bytes, Factor: 1 } && by == 8 ? unit with { Kind = UnitKind.Bits }
        : IsConversion(by) ? unit with { Factor = unit.Factor * by } : unit;

    /// <summary>Whether a factor makes another unit of one: a percentage, kilobytes, minutes. Any other is a part or a multiple.</summary>
    private static bool IsConversion(double by)
    {
        double size = by < 1 ? 1 / by : by;
        return by > 0
            && (size is 60 or 100 or 3600 or 86_400 || IsPower(size, 1000) || IsPower(size, 1024));
    }

    private static bool IsPower(double size, double of)
    {
        double power = Math.Round(Math.Log(size, of));
        return power >= 1 && Math.Abs((Math.Pow(of, power) / size) - 1) < 1e-9;
    }

    private static ValueUnit Product(ValueUnit left, ValueUnit right) => right.Kind == UnitKind.Ratio ? Times(left, right.Factor)
        : left.Kind == UnitKind.Ratio ? Times(right, left.Factor) : ValueUnit.None;

    private static ValueUnit Sum(Expr left, Expr right, ValueUnit one, ValueUnit other) =>
        ConstantOf(left) is not null ? other
        : ConstantOf(right) is not null || one == other || other == ValueUnit.None ? one
        : one == ValueUnit.None ? other : ValueUnit.None;

    private static ValueUnit Difference(Expr left, Expr right, ValueUnit one, ValueUnit other)
    {
        bool isSpan = one.Kind == UnitKind.Timestamp && ConstantOf(right) is null && other.Kind is UnitKind.Timestamp or UnitKind.None;
        return isSpan ? new ValueUnit(UnitKind.Seconds) : Sum(left, right, one, other);
    }

    private static ValueUnit Quotient(ValueUnit left, ValueUnit right)
    {
        double factor = left.Factor / right.Factor;
        bool isSame = left.Kind == right.Kind;
        if (isSame && left.IsRate == right.IsRate)
            return left.Kind == UnitKind.Timestamp ? ValueUnit.None
                : new ValueUnit(left.Kind is UnitKind.None or UnitKind.Quotient ? UnitKind.Quotient : UnitKind.Ratio, Factor: factor);
        if (isSame)
            return left.IsRate ? new ValueUnit(UnitKind.None, true) : new ValueUnit(UnitKind.Seconds, Factor: factor);
        // So much of each: of seconds a second by requests a second, the seconds of a request.
        return right.Kind == UnitKind.None && (left.IsRate || !right.IsRate)
            ? left with { IsRate = left.IsRate && !right.IsRate, Factor = factor }
            : ValueUnit.None;
    }
}
