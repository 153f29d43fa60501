using Metrics.Model;
using Metrics.Series;

namespace Metrics.Query.Syntax;

/// <summary>Selectors, and what may follow an expression: ranges, offsets, moments.</summary>
internal sealed partial class Parser
{
    private SelectorExpr ReadSelector()
    {
        int start = Current.Start;
        var matchers = new List<LabelMatcher>();
        string? name = null;
        if (Current.Kind == TokenKind.Name)
            matchers.Add(new LabelMatcher(Labels.MetricName, MatchKind.Equal, name = Take().Text));
        if (TryTake(TokenKind.LeftBrace))
            ReadMatchers(matchers, name);
        if (matchers.TrueForAll(m => m.MatchesEmpty))
            throw new SyntaxException(start, "vector selector must contain at least one non-empty matcher");
        return new SelectorExpr(new TextSpan(start, Behind), new VectorSelector(matchers));
    }

    private void ReadMatchers(List<LabelMatcher> matchers, string? name)
    {
        const string Context = "label matching";
        bool first = true;
        while (!TryTake(TokenKind.RightBrace))
        {
            if (!first)
            {
                Expect(TokenKind.Comma, Context, "\",\" or \"}\"");
                if (TryTake(TokenKind.RightBrace))
                    return;
            }
            first = false;
            if (Current.Kind is not (TokenKind.Name or TokenKind.Text))
                throw Unexpected(Context, "identifier or \"}\"");
            Token label = Take();
            if (label.Kind == TokenKind.Text && Current.Kind is TokenKind.Comma or TokenKind.RightBrace)
            {
                if (name is not null)
                    throw new SyntaxException(
                        label.Start, $"metric name must not be set twice: {Labels.Quote(name)} or {Labels.Quote(label.Text)}");
                matchers.Add(new LabelMatcher(Labels.MetricName, MatchKind.Equal, name = label.Text));
                continue;
            }
            matchers.Add(ReadMatcher(label, name));
        }
    }

    private LabelMatcher ReadMatcher(Token label, string? name)
    {
        MatchKind kind = Current.Kind switch
        {
            TokenKind.Assign => MatchKind.Equal,
            TokenKind.NotEqual => MatchKind.NotEqual,
            TokenKind.MatchRegex => MatchKind.Regex,
            TokenKind.MatchNotRegex => MatchKind.NotRegex,
            _ => throw Unexpected("label matching", "label matching operator: =, !=, =~ or !~"),
        };
        Take();
        Token value = Expect(TokenKind.Text, "label matching", "string");
        if (label.Text == Labels.MetricName && name is not null && kind == MatchKind.Equal)
            throw new SyntaxException(
                label.Start, $"metric name must not be set twice: {Labels.Quote(name)} or {Labels.Quote(value.Text)}");
        if (label.Text.Length == 0)
            throw new SyntaxException(label.Start, "invalid label name: \"\"");
        try
        {
            return new LabelMatcher(label.Text, kind, value.Text);
        }
        catch (ArgumentException e)
        {
            throw new SyntaxException(value.Start, $"error parsing regexp: {e.Message}");
        }
    }

    private Expr ReadPostfix(Expr expr)
    {
        while (true)
        {
            if (Current.Kind == TokenKind.LeftBracket)
                expr = ReadRange(expr);
            else if (Current.Is("offset"))
                expr = ReadOffset(expr);
            else if (Current.Kind == TokenKind.At)
                expr = ReadAt(expr);
            else if (Current.Is("anchored") || Current.Is("smoothed"))
                expr = ReadEdge(expr);
            else
                return expr;
        }
    }

    private Expr ReadRange(Expr expr)
    {
        Take();
        DurationExpr range = ReadDuration(0);
        if (TryTake(TokenKind.Colon))
        {
            DurationExpr? step = Current.Kind == TokenKind.RightBracket ? null : ReadDuration(0);
            Expect(TokenKind.RightBracket, "subquery selector", "\"]\"");
            CheckPositive(range);
            CheckPositive(step);
            return Checked(new SubqueryExpr(new TextSpan(expr.Span.Start, Behind), expr, range, step));
        }
        Expect(TokenKind.RightBracket, "subquery or range selector", "\":\" or \"]\"");
        CheckPositive(range);
        if (expr is not SelectorExpr selector)
            throw Fault(
                expr, $"ranges only allowed for vector selectors; for any other expression write a subquery, such as [{range.Seconds}s:]");
        if (selector.Time.Offset is not null)
            throw Fault(expr, "no offset modifiers allowed before range");
        if (selector.Time.At != AtKind.Step)
            throw Fault(expr, "no @ modifiers allowed before range");
        return Checked(new MatrixExpr(new TextSpan(expr.Span.Start, Behind), selector, range));
    }

    private static void CheckPositive(DurationExpr? duration)
    {
        if (duration is { Operator: DurationOperator.Literal, Seconds: <= 0 })
            throw new SyntaxException(duration.Span.Start, "duration must be greater than 0");
    }

    private Expr ReadOffset(Expr expr)
    {
        Token keyword = Take();
        DurationExpr offset = ReadDurationOperand(withinBrackets: false);
        return Timed(expr, keyword, "offset", t => t.Offset is not null, t => t with { Offset = offset });
    }

    private Expr ReadAt(Expr expr)
    {
        Token keyword = Take();
        if (Current.Is("start") || Current.Is("end"))
        {
            AtKind kind = Take().Is("start") ? AtKind.Start : AtKind.End;
            Expect(TokenKind.LeftParen, "@", "\"(\"");
            Expect(TokenKind.RightParen, "@", "\")\"");
            return Timed(expr, keyword, "@ <timestamp>", t => t.At != AtKind.Step, t => t with { At = kind });
        }
        bool negative = Current.Kind == TokenKind.Sub;
        if (Current.Kind is TokenKind.Sub or TokenKind.Add)
            Take();
        Token number = Current.Kind == TokenKind.Duration ? Take() : Expect(TokenKind.Number, "@", "timestamp, start() or end()");
        double seconds = number.Kind == TokenKind.Duration ? Duration.Parse(number.Text).TotalSeconds : Number(number);
        seconds = negative ? -seconds : seconds;
        if (!(Math.Abs(seconds) < long.MaxValue / 1000.0))
            throw new SyntaxException(number.Start, $"timestamp out of bounds for @ modifier: {number.Text}");
        return Timed(
            expr, keyword, "@ <timestamp>", t =>
            t.At != AtKind.Step, t => t with { At = AtKind.Fixed, Time = (long)Math.Floor((seconds * 1000) + 0.5) });
    }

    private Expr Timed(Expr expr, Token keyword, string what, Predicate<SelectorTime> isSet, Func<SelectorTime, SelectorTime> set)
    {
        SelectorTime? time = expr switch { SelectorExpr s => s.Time, MatrixExpr m => m.Selector.Time, SubqueryExpr q => q.Time, _ => null };
        if (time is null)
            throw new SyntaxException(
                expr.Span.Start,
                $"{(what == "offset" ? "offset" : "@")} modifier must be preceded by an instant vector selector or range vector selector "
                    + $"or a subquery");
        if (isSet(time))
            throw new SyntaxException(keyword.Start, $"{what} may not be set multiple times");
        var span = new TextSpan(expr.Span.Start, Behind);
        return expr switch
        {
            SelectorExpr s => s with { Time = set(time), Span = span },
            MatrixExpr m => m with { Selector = m.Selector with { Time = set(time) }, Span = span },
            SubqueryExpr q => q with { Time = set(time), Span = span },
            _ => expr,
        };
    }

    private Expr ReadEdge(Expr expr)
    {
        Token keyword = Take();
        RangeEdge edge = keyword.Is("anchored") ? RangeEdge.Anchored : RangeEdge.Smoothed;
        SelectorExpr selector = expr switch
        {
            SelectorExpr s when edge == RangeEdge.Smoothed => s,
            MatrixExpr m => m.Selector,
            _ => throw new SyntaxException(expr.Span.Start, edge == RangeEdge.Smoothed
                ? "smoothed modifier must be preceded by an instant or range selector"
                : "anchored modifier must be preceded by a range selector"),
        };
        if (selector.Edge != RangeEdge.None)
            throw new SyntaxException(keyword.Start, "anchored and smoothed may not be set multiple times or together");
        selector = selector with { Edge = edge };
        var span = new TextSpan(expr.Span.Start, Behind);
        return expr is MatrixExpr range ? range with { Selector = selector, Span = span } : selector with { Span = span };
    }
}
