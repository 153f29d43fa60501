using Metrics.Query.Syntax;

namespace Metrics.Query;

/// <summary>
/// Finds the unit of what an expression gives: by the names of its metrics, which end in their unit, and by what is calculated with them.
/// </summary>
/// <remarks>https://prometheus.io/docs/practices/naming/#base-units</remarks>
/// <param name="ofMetric">The unit of a metric, by its name.</param>
public sealed class UnitReader(Func<string, ValueUnit> ofMetric)
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
        ["rpm"] = new(UnitKind.Rpm),
    };

    private static readonly HashSet<string> s_suffixesBehind = ["total", "sum", "bucket", "max", "min", "avg", "used", "free", "limit"];

    /// <summary>Functions that give moments.</summary>
    private static readonly HashSet<string> s_moments =
    [
        "time", "timestamp", "start", "end", "start_timestamp",
        "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time",
    ];

    /// <summary>Functions that give something else than what they are given.</summary>
    private static readonly HashSet<string> s_counting =
    [
        "absent", "absent_over_time", "changes", "count_over_time", "present_over_time", "resets", "stdvar_over_time", "sgn",
        "histogram_count", "histogram_fraction", "histogram_stdvar", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh",
        "deg", "exp", "ln", "log10", "log2", "rad", "sin", "sinh", "sqrt", "tan", "tanh", "pi", "range", "step",
        "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year",
    ];

    /// <summary>The unit of an expression by the names of its metrics; none where it is not known.</summary>
    public static ValueUnit Of(Expr expr) => new UnitReader(OfName).Read(expr);

    /// <summary>The unit of an expression; none where it is not known.</summary>
    public ValueUnit Read(Expr expr) => expr switch
    {
        ParenExpr paren => Read(paren.Inner),
        UnaryExpr unary => Read(unary.Inner),
        SelectorExpr selector => ofMetric(selector.Selector.MetricName ?? ""),
        MatrixExpr matrix => Read(matrix.Selector),
        SubqueryExpr subquery => Read(subquery.Inner),
        AggregateExpr { Operator: "count" or "count_values" or "group" or "stdvar" } => ValueUnit.None,
        AggregateExpr aggregate => Read(aggregate.Inner),
        CallExpr call => Read(call),
        BinaryExpr binary => Read(binary),
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
        string[] parts = name.Split(':');
        // Rules that record write level:metric:operations.
        bool isRate = parts.Length == 3 && parts[2].StartsWith("rate", StringComparison.Ordinal);
        foreach (string part in parts.Reverse())
        {
            List<string> words = [.. part.Split('_')];
            bool isPerSecond = words is [.., "per", "second"];
            if (isPerSecond)
                words.RemoveRange(words.Count - 2, 2);
            bool isCounter = words is [.., "total"];
            while (words.Count > 1 && s_suffixesBehind.Contains(words[^1]))
                words.RemoveAt(words.Count - 1);
            if (words.Count == 0 || OfWord(words[^1]) is not { Kind: not UnitKind.None } unit)
                continue;
            bool isMoment = !isCounter && words is [.., "timestamp" or "time", "seconds"];
            return isMoment ? new ValueUnit(UnitKind.Timestamp) : unit with { IsRate = isRate || isPerSecond };
        }
        return ValueUnit.None;
    }

    /// <summary>The unit that a word says, such as <c>bytes</c>: the end of a name, or what OpenMetrics declares.</summary>
    public static ValueUnit OfWord(string word) => s_suffixes.GetValueOrDefault(word.ToLowerInvariant(), ValueUnit.None);

    private ValueUnit Read(CallExpr call)
    {
        string name = call.Function.Name;
        if (s_moments.Contains(name))
            return new ValueUnit(UnitKind.Timestamp);
        if (s_counting.Contains(name) || call.Arguments.FirstOrDefault(a => a.Type is ExprType.Vector or ExprType.Matrix) is not { } of)
            return ValueUnit.None;
        ValueUnit unit = Read(of);
        // The quantile of what came in a second is none a second.
        return name is "rate" or "irate" or "deriv" ? unit with { IsRate = true }
            : name.StartsWith("histogram_", StringComparison.Ordinal) ? unit with { IsRate = false }
            : unit;
    }

    private ValueUnit Read(BinaryExpr binary)
    {
        (Expr left, Expr right) = (binary.Left, binary.Right);
        (ValueUnit one, ValueUnit other) = (Read(left), Read(right));
        if (binary.Operator.IsComparison())
            return binary.ReturnsBool ? ValueUnit.None : one;
        return binary.Operator switch
        {
            BinaryOperator.And or BinaryOperator.Unless or BinaryOperator.Mod => one,
            BinaryOperator.Or => one == other ? one : ValueUnit.None,
            BinaryOperator.Add => Sum(left, right, one, other),
            BinaryOperator.Sub => Difference(left, right, one, other),
            BinaryOperator.Mul => ConstantOf(left) is { } by ? Times(other, by)
                : ConstantOf(right) is { } factor ? Times(one, factor) : Product(one, other),
            BinaryOperator.Div => ConstantOf(right) is { } part ? Times(one, 1 / part)
                : ConstantOf(left) is not null ? ValueUnit.None : Quotient(one, other),
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
