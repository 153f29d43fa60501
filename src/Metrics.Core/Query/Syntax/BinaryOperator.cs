namespace Metrics.Query.Syntax;

/// <summary>An operator between two operands.</summary>
public enum BinaryOperator
{
    /// <summary><c>or</c></summary>
    Or,

    /// <summary><c>and</c></summary>
    And,

    /// <summary><c>unless</c></summary>
    Unless,

    /// <summary><c>==</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>&lt;</c></summary>
    Less,

    /// <summary><c>&lt;=</c></summary>
    LessOrEqual,

    /// <summary><c>&gt;</c></summary>
    Greater,

    /// <summary><c>&gt;=</c></summary>
    GreaterOrEqual,

    /// <summary><c>+</c></summary>
    Add,

    /// <summary><c>-</c></summary>
    Sub,

    /// <summary><c>*</c></summary>
    Mul,

    /// <summary><c>/</c></summary>
    Div,

    /// <summary><c>%</c></summary>
    Mod,

    /// <summary><c>atan2</c></summary>
    Atan2,

    /// <summary><c>^</c></summary>
    Pow,

    /// <summary><c>&lt;/</c>, of native histograms alone.</summary>
    TrimUpper,

    /// <summary><c>&gt;/</c>, of native histograms alone.</summary>
    TrimLower,
}

/// <summary>What is known of operators: how they are written, how tightly they bind, what they compute.</summary>
public static class BinaryOperators
{
    internal const int PowPrecedence = 6;

    /// <summary>As it is written.</summary>
    public static string Sign(this BinaryOperator op) => op switch
    {
        BinaryOperator.Or =>
            "or", BinaryOperator.And =>
                "and", BinaryOperator.Unless => "unless", BinaryOperator.Equal => "==", BinaryOperator.NotEqual => "!=",
        BinaryOperator.Less =>
            "<", BinaryOperator.LessOrEqual => "<=", BinaryOperator.Greater => ">", BinaryOperator.GreaterOrEqual => ">=",
        BinaryOperator.Add =>
            "+", BinaryOperator.Sub => "-", BinaryOperator.Mul => "*", BinaryOperator.Div => "/", BinaryOperator.Mod => "%",
        BinaryOperator.Atan2 => "atan2", BinaryOperator.Pow => "^", BinaryOperator.TrimUpper => "</", _ => ">/",
    };

    /// <summary>Whether it is <c>and</c>, <c>or</c> or <c>unless</c>.</summary>
    public static bool IsSet(this BinaryOperator op) => op <= BinaryOperator.Unless;

    /// <summary>Whether it compares.</summary>
    public static bool IsComparison(this BinaryOperator op) => op is >= BinaryOperator.Equal and <= BinaryOperator.GreaterOrEqual;

    /// <summary>Whether it is of native histograms alone.</summary>
    public static bool IsTrim(this BinaryOperator op) => op >= BinaryOperator.TrimUpper;

    internal static int Precedence(this BinaryOperator op) => op switch
    {
        BinaryOperator.Or => 1,
        BinaryOperator.And or BinaryOperator.Unless => 2,
        BinaryOperator.Add or BinaryOperator.Sub => 4,
        BinaryOperator.Mul or BinaryOperator.Div or BinaryOperator.Mod or BinaryOperator.Atan2 => 5,
        BinaryOperator.Pow => PowPrecedence,
        _ => 3,
    };

    /// <summary>Whether a comparison holds.</summary>
    internal static bool Compare(this BinaryOperator op, double left, double right) => op switch
    {
        BinaryOperator.Equal => left == right,
        BinaryOperator.NotEqual => left != right,
        BinaryOperator.Less => left < right,
        BinaryOperator.LessOrEqual => left <= right,
        BinaryOperator.Greater => left > right,
        _ => left >= right,
    };

    /// <summary>The result of arithmetic.</summary>
    internal static double Compute(this BinaryOperator op, double left, double right) => op switch
    {
        BinaryOperator.Add => left + right,
        BinaryOperator.Sub => left - right,
        BinaryOperator.Mul => left * right,
        BinaryOperator.Div => left / right,
        BinaryOperator.Mod => left % right,
        BinaryOperator.Atan2 => Math.Atan2(left, right),
        _ => Math.Pow(left, right),
    };
}
