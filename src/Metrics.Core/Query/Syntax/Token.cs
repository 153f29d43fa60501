namespace Metrics.Query.Syntax;

internal enum TokenKind
{
    End, Number, Duration, Text, Name,
    LeftParen, RightParen, LeftBrace, RightBrace, LeftBracket, RightBracket, Comma, Colon, At,
    Add, Sub, Mul, Div, Mod, Pow, Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, TrimUpper, TrimLower,
    Assign, MatchRegex, MatchNotRegex,
}

/// <summary>A word of an expression.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Characters before it.</param>
/// <param name="Text">As it is written; for <see cref="TokenKind.Text"/> its content, unescaped.</param>
/// <param name="End">Position behind it.</param>
internal readonly record struct Token(TokenKind Kind, int Start, string Text, int End)
{
    /// <summary>Whether it is a keyword; keywords are the same in any case.</summary>
    public bool Is(string keyword) => Kind == TokenKind.Name && Text.Equals(keyword, StringComparison.OrdinalIgnoreCase);

    /// <summary>The token as error messages name it.</summary>
    public string Described => Kind switch
    {
        TokenKind.End => "end of input",
        TokenKind.Number => $"number \"{Text}\"",
        TokenKind.Duration => $"duration \"{Text}\"",
        TokenKind.Text => $"string {Model.Labels.Quote(Text.Length > 20 ? Text[..20] + "..." : Text)}",
        TokenKind.Name => Grammar.IsReserved(Text) ? $"<{Text}>" : $"identifier \"{Text}\"",
        TokenKind.Add or TokenKind.Sub or TokenKind.Mul or TokenKind.Div or TokenKind.Mod or TokenKind.Pow
            or TokenKind.Equal or TokenKind.NotEqual or TokenKind.Less or TokenKind.LessOrEqual
            or TokenKind.Greater or TokenKind.GreaterOrEqual or TokenKind.TrimUpper or TokenKind.TrimLower => $"<op:{Text}>",
        _ => $"\"{Text}\"",
    };
}
