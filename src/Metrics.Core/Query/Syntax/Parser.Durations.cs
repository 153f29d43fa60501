using Metrics.Model;

namespace Metrics.Query.Syntax;

/// <summary>Durations, which may be arithmetic over literals, <c>step()</c> and <c>range()</c>.</summary>
internal sealed partial class Parser
{
    private DurationExpr ReadDuration(int tightness)
    {
        if (++_depth > MaxDepth)
            throw new SyntaxException(Current.Start, $"the expression nests deeper than {MaxDepth} levels");
        DurationExpr left = ReadDurationOperand();
        int length = 0;
        while (OperatorOf(Current.Kind) is ({ } op, var precedence) && precedence >= tightness)
        {
            if (++length > MaxDepth)
                throw new SyntaxException(Current.Start, $"a duration has more than {MaxDepth} operators");
            Take();
            DurationExpr right = ReadDuration(precedence + (op == DurationOperator.Pow ? 0 : 1));
            left = new DurationExpr(new TextSpan(left.Span.Start, right.Span.End), op, 0, left, right);
        }
        _depth--;
        return left;
    }

    private static (DurationOperator?, int) OperatorOf(TokenKind kind) => kind switch
    {
        TokenKind.Add => (DurationOperator.Add, 1),
        TokenKind.Sub => (DurationOperator.Sub, 1),
        TokenKind.Mul => (DurationOperator.Mul, 2),
        TokenKind.Div => (DurationOperator.Div, 2),
        TokenKind.Mod => (DurationOperator.Mod, 2),
        TokenKind.Pow => (DurationOperator.Pow, 3),
        _ => (null, 0),
    };

    private DurationExpr ReadDurationOperand(bool withinBrackets = true)
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                Take();
                double seconds = Number(token);
                return double.IsFinite(seconds)
                    ? new DurationExpr(SpanOf(token), DurationOperator.Literal, seconds) { IsNumber = true }
                    : throw new SyntaxException(token.Start, "duration out of range");
            case TokenKind.Duration:
                Take();
                return new DurationExpr(SpanOf(token), DurationOperator.Literal, Duration.Parse(token.Text).TotalSeconds);
            case TokenKind.Sub or TokenKind.Add:
                Take();
                // Behind 'offset' a sign takes the one duration that follows; what else follows belongs to the expression.
                DurationExpr inner = withinBrackets ? ReadDuration(3) : ReadDurationOperand(withinBrackets: false);
                if (inner is { Operator: DurationOperator.Literal, Wrapped: false })
                    return inner with { Span = new TextSpan(token.Start, inner.Span.End),
                        Seconds = token.Kind == TokenKind.Sub ? -inner.Seconds : inner.Seconds };
                return new DurationExpr(
                    new TextSpan(token.Start, inner.Span.End), token.Kind == TokenKind.Sub ? DurationOperator.Sub : DurationOperator.Add, 0,
                    null, inner);
            case TokenKind.LeftParen:
                Take();
                DurationExpr wrapped = ReadDuration(0);
                Expect(TokenKind.RightParen, "duration expression", "\")\"");
                return wrapped with { Wrapped = true };
            case TokenKind.Name when DurationFunction(token) is { } function:
                return ReadDurationCall(function);
            default:
                throw Unexpected("duration expression", "duration");
        }
    }

    private static DurationOperator? DurationFunction(Token token) => token.Text.ToLowerInvariant() switch
    {
        "step" => DurationOperator.Step,
        "range" => DurationOperator.Range,
        "min" or "min_of" => DurationOperator.Min,
        "max" or "max_of" => DurationOperator.Max,
        _ => null,
    };

    private DurationExpr ReadDurationCall(DurationOperator function)
    {
        Token name = Take();
        Expect(TokenKind.LeftParen, "duration expression", "\"(\"");
        (DurationExpr? left, DurationExpr? right) = (null, null);
        if (function is DurationOperator.Min or DurationOperator.Max)
        {
            left = ReadDuration(0);
            Expect(TokenKind.Comma, "duration expression", "\",\"");
            right = ReadDuration(0);
        }
        Expect(TokenKind.RightParen, "duration expression", "\")\"");
        return new DurationExpr(new TextSpan(name.Start, Behind), function, 0, left, right);
    }
}
