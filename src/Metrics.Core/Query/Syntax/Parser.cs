using System.Globalization;
using System.Text;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Query.Functions;
using Metrics.Series;

namespace Metrics.Query.Syntax;

/// <summary>
/// Reads PromQL: a Pratt parser over the words of <see cref="Lexer"/>. It throws nothing but <see cref="SyntaxException"/>, which its entry
/// points turn into a <see cref="QueryError"/>, and bounds how deep an expression may nest.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/basics/ and …/operators/</remarks>
internal sealed partial class Parser
{
    /// <summary>Levels that an expression may nest. Deeper ones are not written by people and would exhaust the stack.</summary>
    private const int MaxDepth = 400;

    private readonly List<Token> _tokens;
    private int _next;
    private int _depth;

    private Parser(List<Token> tokens) => _tokens = tokens;

    /// <summary>Reads an expression that is the whole text.</summary>
    public static Expr? TryParse(string text, out QueryError? error) => Try(text, out error, p => p.ReadAll());

    /// <summary>Reads an instant vector selector without modifiers that is the whole text.</summary>
    public static VectorSelector? TryParseSelector(string text, out QueryError? error) => Try(text, out error, p =>
        p.ReadAll() is SelectorExpr { Edge: RangeEdge.None } selector && selector.Time == SelectorTime.None
            ? selector.Selector
            : throw new SyntaxException(0, "expected a series selector, such as up{job=\"host\"}"));

    private static T? Try<T>(string text, out QueryError? error, Func<Parser, T> read)
        where T : class
    {
        try
        {
            error = null;
            return read(new Parser(Lexer.Read(text)));
        }
        catch (SyntaxException e)
        {
            error = QueryError.At(text, e.Position, e.Message);
            return null;
        }
    }

    private Token Current => _tokens[_next];

    private Token Following => _tokens[Math.Min(_next + 1, _tokens.Count - 1)];

    private int Behind => _next == 0 ? 0 : _tokens[_next - 1].End;

    private Token Take() => _tokens[_next++];

    private bool TryTake(TokenKind kind)
    {
        if (Current.Kind != kind)
            return false;
        _next++;
        return true;
    }

    private bool TryTake(string keyword)
    {
        if (!Current.Is(keyword))
            return false;
        _next++;
        return true;
    }

    private Token Expect(TokenKind kind, string context, string expected) =>
        Current.Kind == kind ? Take() : throw Unexpected(context, expected);

    private SyntaxException Unexpected(string context, string? expected = null) =>
        new(Current.Start, $"unexpected {Current.Described}"
            + (context.Length == 0 ? "" : $" in {context}") + (expected is null ? "" : $", expected {expected}"));

    private static SyntaxException Fault(Expr at, string message) => new(at.Span.Start, message);

    private Expr ReadAll()
    {
        if (Current.Kind == TokenKind.End)
            throw new SyntaxException(Current.Start, "no expression found in input");
        Expr expr = ReadExpr(0);
        return Current.Kind == TokenKind.End ? expr : throw Unexpected("", "an operator or end of input");
    }

    private Expr ReadExpr(int tightness)
    {
        if (++_depth > MaxDepth)
            throw new SyntaxException(Current.Start, $"the expression nests deeper than {MaxDepth} levels");
        Expr left = ReadUnary();
        while (Grammar.OperatorOf(Current) is { } op && op.Precedence() >= tightness)
        {
            Take();
            (bool returnsBool, VectorMatching matching) = ReadModifiers();
            Expr right = ReadExpr(op.Precedence() + (op == BinaryOperator.Pow ? 0 : 1));
            left = Checked(new BinaryExpr(new TextSpan(left.Span.Start, right.Span.End), op, left, right, matching, returnsBool));
        }
        _depth--;
        return left;
    }

    private static T Checked<T>(T expr)
        where T : Expr
    {
        int depth = 0;
        foreach (Expr child in expr.Children)
            depth = Math.Max(depth, child.Depth + 1);
        if (depth > MaxDepth)
            throw Fault(expr, $"the expression nests deeper than {MaxDepth} levels");
        return Check(expr with { Depth = depth }) is T checkedExpr ? checkedExpr : expr;
    }

    private Expr ReadUnary()
    {
        if (Current.Kind is not (TokenKind.Add or TokenKind.Sub))
            return ReadPostfix(ReadPrimary());
        Token sign = Take();
        Expr inner = ReadExpr(BinaryOperators.PowPrecedence);
        bool negative = sign.Kind == TokenKind.Sub;
        var span = new TextSpan(sign.Start, inner.Span.End);
        if (inner is NumberExpr number)
            return number with { Span = span, Value = negative ? -number.Value : number.Value };
        return Checked(new UnaryExpr(span, negative, inner));
    }

    private Expr ReadPrimary()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                Take();
                return new NumberExpr(SpanOf(token), Number(token), false);
            case TokenKind.Duration:
                Take();
                return new NumberExpr(SpanOf(token), Duration.Parse(token.Text).TotalSeconds, true);
            case TokenKind.Text:
                Take();
                return new StringExpr(SpanOf(token), token.Text);
            case TokenKind.LeftParen:
                Take();
                Expr inner = ReadExpr(0);
                Expect(TokenKind.RightParen, "expression", "\")\"");
                return Checked(new ParenExpr(new TextSpan(token.Start, Behind), inner));
            case TokenKind.LeftBrace:
                return ReadSelector();
            case TokenKind.Name when Grammar.Aggregators.Contains(token.Text)
                && (Following.Kind == TokenKind.LeftParen || Following.Is("by") || Following.Is("without")):
                return ReadAggregation();
            case TokenKind.Name when Following.Kind == TokenKind.LeftParen && !Grammar.IsReserved(token.Text):
                return ReadCall();
            case TokenKind.Name when Grammar.CanNameMetric(token.Text):
                return ReadSelector();
            default:
                throw Unexpected("");
        }
    }

    private CallExpr ReadCall()
    {
        Token name = Take();
        Function function = FunctionCatalog.Find(name.Text)
            ?? throw new SyntaxException(name.Start, $"unknown function with name \"{name.Text}\"{FunctionCatalog.Suggest(name.Text)}");
        List<Expr> arguments = ReadArguments("call to function");
        return Checked(new CallExpr(new TextSpan(name.Start, Behind), function, arguments));
    }

    private List<Expr> ReadArguments(string context)
    {
        Expect(TokenKind.LeftParen, context, "\"(\"");
        var arguments = new List<Expr>();
        while (!TryTake(TokenKind.RightParen))
        {
            if (arguments.Count > 0)
            {
                Expect(TokenKind.Comma, context, "\",\" or \")\"");
                if (Current.Kind == TokenKind.RightParen)
                    throw new SyntaxException(Current.Start, $"trailing commas not allowed in {context}");
            }
            arguments.Add(ReadExpr(0));
        }
        return arguments;
    }

    private AggregateExpr ReadAggregation()
    {
        Token name = Take();
        string op = name.Text.ToLowerInvariant();
        (bool Without, List<string> Labels)? grouping = ReadGrouping();
        List<Expr> arguments = ReadArguments("aggregation");
        grouping ??= ReadGrouping();
        bool takesParameter = Grammar.WithParameter.Contains(op);
        if (arguments.Count == 0)
            throw new SyntaxException(name.Start, "no arguments for aggregate expression provided");
        int wanted = takesParameter ? 2 : 1;
        if (arguments.Count != wanted)
            throw new SyntaxException(
                name.Start, $"wrong number of arguments for aggregate expression provided, expected {wanted}, got {arguments.Count}");
        return Checked(
            new AggregateExpr(
            new TextSpan(name.Start, Behind), op, arguments[^1], takesParameter ? arguments[0] : null, grouping?.Without ?? false,
            grouping?.Labels ?? []));
    }

    private (bool Without, List<string> Labels)? ReadGrouping()
    {
        if (TryTake("by"))
            return (false, ReadLabels());
        return TryTake("without") ? (true, ReadLabels()) : null;
    }

    private List<string> ReadLabels()
    {
        const string Context = "grouping opts";
        Expect(TokenKind.LeftParen, Context, "\"(\"");
        var labels = new List<string>();
        while (!TryTake(TokenKind.RightParen))
        {
            if (labels.Count > 0)
            {
                Expect(TokenKind.Comma, Context, "\",\" or \")\"");
                if (TryTake(TokenKind.RightParen))
                    break;
            }
            bool isName = Current.Kind is TokenKind.Name or TokenKind.Text && !Current.Text.Contains(':', StringComparison.Ordinal);
            // Inf and NaN are labels like any other here.
            if (!isName && !(Current.Kind == TokenKind.Number && char.IsAsciiLetter(Current.Text[0])))
                throw Unexpected(Context, "label");
            if (Current.Text.Length == 0)
                throw new SyntaxException(Current.Start, "invalid label name for grouping: \"\"");
            labels.Add(Take().Text);
        }
        return labels;
    }

    private (bool ReturnsBool, VectorMatching Matching) ReadModifiers()
    {
        bool returnsBool = TryTake("bool");
        bool on = Current.Is("on");
        List<string> labels = [];
        if (on || Current.Is("ignoring"))
        {
            Take();
            labels = ReadLabels();
        }
        MatchCardinality cardinality = MatchCardinality.OneToOne;
        List<string> include = [];
        if (Current.Is("group_left") || Current.Is("group_right"))
        {
            cardinality = Take().Is("group_left") ? MatchCardinality.ManyToOne : MatchCardinality.OneToMany;
            if (Current.Kind == TokenKind.LeftParen)
                include = ReadLabels();
        }
        (double? left, double? right) = (null, null);
        while (Following.Kind == TokenKind.LeftParen && (Current.Is("fill") || Current.Is("fill_left") || Current.Is("fill_right")))
        {
            Token which = Take();
            double value = ReadFill();
            if (!which.Is("fill_right"))
                left = value;
            if (!which.Is("fill_left"))
                right = value;
        }
        return (returnsBool, new VectorMatching(cardinality, on, labels, include, left, right));
    }

    private double ReadFill()
    {
        Take();
        bool negative = Current.Kind == TokenKind.Sub;
        if (Current.Kind is TokenKind.Sub or TokenKind.Add)
            Take();
        double value = Number(Expect(TokenKind.Number, "fill modifier", "number"));
        Expect(TokenKind.RightParen, "fill modifier", "\")\"");
        return negative ? -value : value;
    }

    private static TextSpan SpanOf(Token token) => new(token.Start, token.End);

    /// <summary>
    /// Decimal with point and exponent, <c>0x</c> hexadecimal, a leading 0 octal, underscores between digits, Inf and NaN.
    /// </summary>
    private static double Number(Token token)
    {
        string digits = token.Text.Replace("_", "", StringComparison.Ordinal);
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong hex)
                ? hex
                : throw new SyntaxException(token.Start, $"error parsing number: \"{token.Text}\" is out of range");
        }
        if (digits.Length > 1 && digits[0] == '0' && digits.All(c => c is >= '0' and <= '7') && digits.Length <= 21)
            return digits.Aggregate(0.0, (value, c) => (value * 8) + (c - '0'));
        return FloatText.TryParse(Encoding.ASCII.GetBytes(digits), out double number)
            ? number
            : throw new SyntaxException(token.Start, $"error parsing number: \"{token.Text}\"");
    }
}
