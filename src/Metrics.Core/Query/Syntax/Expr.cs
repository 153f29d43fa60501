using Metrics.Query.Functions;
using Metrics.Series;

namespace Metrics.Query.Syntax;

/// <summary>What an expression gives.</summary>
public enum ExprType
{
    /// <summary>One number a step.</summary>
    Scalar,

    /// <summary>A text.</summary>
    String,

    /// <summary>One number a series and step.</summary>
    Vector,

    /// <summary>A span of samples a series and step.</summary>
    Matrix,
}

/// <summary>Where a part of an expression stands in its text, in characters.</summary>
/// <param name="Start">First character.</param>
/// <param name="End">Behind the last.</param>
public readonly record struct TextSpan(int Start, int End);

/// <summary>A part of an expression. Immutable.</summary>
/// <param name="Span">Its place in the text.</param>
public abstract record Expr(TextSpan Span)
{
    /// <summary>What it gives.</summary>
    public abstract ExprType Type { get; }

    /// <summary>The parts that it is made of.</summary>
    public virtual IEnumerable<Expr> Children => [];

    /// <summary>Levels of parts below it.</summary>
    internal int Depth { get; init; }

    /// <summary>This part and all below it.</summary>
    public IEnumerable<Expr> All()
    {
        var open = new Stack<Expr>([this]);
        while (open.TryPop(out Expr? next))
        {
            yield return next;
            foreach (Expr child in next.Children)
                open.Push(child);
        }
    }

    /// <summary>The expression in canonical form on one line.</summary>
    public sealed override string ToString() => Printer.Print(this);
}

/// <summary>A number, or a duration that stands for its seconds.</summary>
public sealed record NumberExpr(TextSpan Span, double Value, bool IsDuration) : Expr(Span)
{
    /// <inheritdoc />
    public override ExprType Type => ExprType.Scalar;
}

/// <summary>A text.</summary>
public sealed record StringExpr(TextSpan Span, string Value) : Expr(Span)
{
    /// <inheritdoc />
    public override ExprType Type => ExprType.String;
}

/// <summary>How samples beyond the edges of a range are used.</summary>
public enum RangeEdge
{
    /// <summary>Not at all; rates are extrapolated.</summary>
    None,

    /// <summary>The last sample before the range stands at its beginning.</summary>
    Anchored,

    /// <summary>Values at both edges are interpolated.</summary>
    Smoothed,
}

/// <summary>Which moment a selector or subquery looks at.</summary>
public enum AtKind
{
    /// <summary>The step's own.</summary>
    Step,

    /// <summary>A given one.</summary>
    Fixed,

    /// <summary>The query's first.</summary>
    Start,

    /// <summary>The query's last.</summary>
    End,
}

/// <summary>The modifiers <c>offset</c> and <c>@</c>.</summary>
/// <param name="Offset">How far back; null is not at all.</param>
/// <param name="At">Which moment.</param>
/// <param name="Time">The moment for <see cref="AtKind.Fixed"/>, milliseconds since 1970 UTC.</param>
public sealed record SelectorTime(DurationExpr? Offset = null, AtKind At = AtKind.Step, long Time = 0)
{
    /// <summary>Neither offset nor @.</summary>
    public static readonly SelectorTime None = new();
}

/// <summary>An instant vector selector.</summary>
public sealed record SelectorExpr(TextSpan Span, VectorSelector Selector) : Expr(Span)
{
    /// <summary>Its moment.</summary>
    public SelectorTime Time { get; init; } = SelectorTime.None;

    /// <summary><c>anchored</c> or <c>smoothed</c>.</summary>
    public RangeEdge Edge { get; init; }

    /// <inheritdoc />
    public override ExprType Type => ExprType.Vector;
}

/// <summary>A range vector selector.</summary>
public sealed record MatrixExpr(TextSpan Span, SelectorExpr Selector, DurationExpr Range) : Expr(Span)
{
    /// <inheritdoc />
    public override ExprType Type => ExprType.Matrix;

    /// <inheritdoc />
    public override IEnumerable<Expr> Children => [Selector];
}

/// <summary>An expression evaluated over a range at a resolution of its own.</summary>
public sealed record SubqueryExpr(TextSpan Span, Expr Inner, DurationExpr Range, DurationExpr? Step) : Expr(Span)
{
    /// <summary>Its moment.</summary>
    public SelectorTime Time { get; init; } = SelectorTime.None;

    /// <inheritdoc />
    public override ExprType Type => ExprType.Matrix;

    /// <inheritdoc />
    public override IEnumerable<Expr> Children => [Inner];
}

/// <summary>A function and its arguments.</summary>
public sealed record CallExpr(TextSpan Span, Function Function, IReadOnlyList<Expr> Arguments) : Expr(Span)
{
    /// <inheritdoc />
    public override ExprType Type => Function.Returns;

    /// <inheritdoc />
    public override IEnumerable<Expr> Children => Arguments;
}

/// <summary>An aggregation over groups of series.</summary>
/// <param name="Span">Its place.</param>
/// <param name="Operator">Its name, in lower case.</param>
/// <param name="Inner">What is aggregated.</param>
/// <param name="Parameter">The first argument of <c>topk</c> and others.</param>
/// <param name="Without">Whether <paramref name="Grouping"/> is what is left out.</param>
/// <param name="Grouping">Label names.</param>
public sealed record AggregateExpr(
    TextSpan Span, string Operator, Expr Inner, Expr? Parameter, bool Without, IReadOnlyList<string> Grouping) : Expr(Span)
{
    /// <inheritdoc />
    public override ExprType Type => ExprType.Vector;

    /// <inheritdoc />
    public override IEnumerable<Expr> Children => Parameter is null ? [Inner] : [Parameter, Inner];
}

/// <summary>How many series of one side meet how many of the other.</summary>
public enum MatchCardinality
{
    /// <summary>One and one.</summary>
    OneToOne,

    /// <summary><c>group_left</c>.</summary>
    ManyToOne,

    /// <summary><c>group_right</c>.</summary>
    OneToMany,

    /// <summary>Set operators.</summary>
    ManyToMany,
}

/// <summary>How the series of two vectors meet.</summary>
/// <param name="Cardinality">How many meet how many.</param>
/// <param name="On">Whether <paramref name="Labels"/> are the ones compared; else the ones ignored.</param>
/// <param name="Labels">Label names.</param>
/// <param name="Include">Labels that the "one" side gives to the result.</param>
/// <param name="FillLeft">Value for a missing left side.</param>
/// <param name="FillRight">Value for a missing right side.</param>
public sealed record VectorMatching(
    MatchCardinality Cardinality, bool On, IReadOnlyList<string> Labels, IReadOnlyList<string> Include, double? FillLeft,
    double? FillRight);

/// <summary>Two operands.</summary>
public sealed record BinaryExpr(TextSpan Span, BinaryOperator Operator, Expr Left, Expr Right, VectorMatching? Matching, bool ReturnsBool)
    : Expr(Span)
{
    /// <inheritdoc />
    public override ExprType Type => Left.Type == ExprType.Scalar && Right.Type == ExprType.Scalar ? ExprType.Scalar : ExprType.Vector;

    /// <inheritdoc />
    public override IEnumerable<Expr> Children => [Left, Right];
}

/// <summary>A sign.</summary>
public sealed record UnaryExpr(TextSpan Span, bool Negative, Expr Inner) : Expr(Span)
{
    /// <inheritdoc />
    public override ExprType Type => Inner.Type;

    /// <inheritdoc />
    public override IEnumerable<Expr> Children => [Inner];
}

/// <summary>Parentheses.</summary>
public sealed record ParenExpr(TextSpan Span, Expr Inner) : Expr(Span)
{
    /// <inheritdoc />
    public override ExprType Type => Inner.Type;

    /// <inheritdoc />
    public override IEnumerable<Expr> Children => [Inner];
}
