namespace Metrics.Query.Syntax;

/// <summary>The words that mean something.</summary>
internal static class Grammar
{
    /// <summary>Aggregation operators; a metric may have such a name where no parenthesis, <c>by</c> or <c>without</c> follows.</summary>
    public static readonly HashSet<string> Aggregators = new(StringComparer.OrdinalIgnoreCase)
    {
        "sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk", "count_values", "quantile", "limitk",
            "limit_ratio",
    };

    /// <summary>Those that take a parameter before the vector.</summary>
    public static readonly HashSet<string> WithParameter = ["topk", "bottomk", "count_values", "quantile", "limitk", "limit_ratio"];

    /// <summary>Words that cannot be the name of a metric.</summary>
    private static readonly HashSet<string> s_reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "atan2", "bool", "on", "ignoring", "group_left", "group_right",
    };

    private static readonly HashSet<string> s_keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        "and", "or", "unless", "by", "without", "offset", "anchored", "smoothed",
    };

    public static bool IsReserved(string word) => s_reserved.Contains(word) || s_keywords.Contains(word);

    public static bool CanNameMetric(string word) => !s_reserved.Contains(word);

    public static BinaryOperator? OperatorOf(Token token) => token.Kind switch
    {
        TokenKind.Add => BinaryOperator.Add,
        TokenKind.Sub => BinaryOperator.Sub,
        TokenKind.Mul => BinaryOperator.Mul,
        TokenKind.Div => BinaryOperator.Div,
        TokenKind.Mod => BinaryOperator.Mod,
        TokenKind.Pow => BinaryOperator.Pow,
        TokenKind.Equal => BinaryOperator.Equal,
        TokenKind.NotEqual => BinaryOperator.NotEqual,
        TokenKind.Less => BinaryOperator.Less,
        TokenKind.LessOrEqual => BinaryOperator.LessOrEqual,
        TokenKind.Greater => BinaryOperator.Greater,
        TokenKind.GreaterOrEqual => BinaryOperator.GreaterOrEqual,
        TokenKind.TrimUpper => BinaryOperator.TrimUpper,
        TokenKind.TrimLower => BinaryOperator.TrimLower,
        TokenKind.Name when token.Is("and") => BinaryOperator.And,
        TokenKind.Name when token.Is("or") => BinaryOperator.Or,
        TokenKind.Name when token.Is("unless") => BinaryOperator.Unless,
        TokenKind.Name when token.Is("atan2") => BinaryOperator.Atan2,
        _ => null,
    };
}
