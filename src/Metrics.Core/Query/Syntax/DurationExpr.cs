namespace Metrics.Query.Syntax;

/// <summary>What a part of a duration expression does.</summary>
public enum DurationOperator
{
    /// <summary>A given number of seconds.</summary>
    Literal,

    /// <summary>The query's step.</summary>
    Step,

    /// <summary>The query's range, from its first moment to its last.</summary>
    Range,

    /// <summary>The smaller.</summary>
    Min,

    /// <summary>The greater.</summary>
    Max,

    /// <summary>Sum.</summary>
    Add,

    /// <summary>Difference, or the negative of the right side alone.</summary>
    Sub,

    /// <summary>Product.</summary>
    Mul,

    /// <summary>Quotient.</summary>
    Div,

    /// <summary>Rest of a division.</summary>
    Mod,

    /// <summary>Power.</summary>
    Pow,
}

/// <summary>A span of time in a range, offset or resolution: a literal, or arithmetic over literals, the step and the range.</summary>
/// <param name="Span">Its place.</param>
/// <param name="Operator">What it does.</param>
/// <param name="Seconds">The value of a literal.</param>
/// <param name="Left">Left operand.</param>
/// <param name="Right">Right operand.</param>
/// <param name="Wrapped">Whether it stands in parentheses.</param>
/// <remarks>https://prometheus.io/docs/prometheus/latest/feature_flags/#promql-duration-expressions</remarks>
public sealed record DurationExpr(
    TextSpan Span, DurationOperator Operator, double Seconds = 0, DurationExpr? Left = null, DurationExpr? Right = null,
    bool Wrapped = false)
{
    /// <summary>Whether a literal was written without a unit; within arithmetic it may be a mere factor.</summary>
    public bool IsNumber { get; init; }

    /// <summary>Its milliseconds within a query.</summary>
    /// <param name="step">The query's step, milliseconds.</param>
    /// <param name="range">The query's range, milliseconds.</param>
    /// <param name="positive">Whether it must be greater than 0.</param>
    /// <exception cref="QueryException">It divides by zero, or the result is out of range.</exception>
    public long Milliseconds(long step, long range, bool positive)
    {
        double seconds = Evaluate(step / 1000.0, range / 1000.0);
        if (seconds <= 0 && positive)
            throw new QueryException($"{Span.Start}:{Span.End}: duration must be greater than 0");
        if (!(Math.Abs(seconds) < 292.0 * 365 * 86400))
            throw new QueryException($"{Span.Start}:{Span.End}: duration is out of range");
        return (long)Math.Round(seconds * 1000, 6);
    }

    private double Evaluate(double step, double range)
    {
        double left = Left?.Evaluate(step, range) ?? 0;
        double right = Right?.Evaluate(step, range) ?? 0;
        return Operator switch
        {
            DurationOperator.Literal => Seconds,
            DurationOperator.Step => step,
            DurationOperator.Range => range,
            DurationOperator.Min => Math.Min(left, right),
            DurationOperator.Max => Math.Max(left, right),
            DurationOperator.Add => left + right,
            DurationOperator.Sub => left - right,
            DurationOperator.Mul => left * right,
            DurationOperator.Div => right == 0 ? throw new QueryException($"{Span.Start}:{Span.End}: division by zero") : left / right,
            DurationOperator.Mod => right == 0 ? throw new QueryException($"{Span.Start}:{Span.End}: modulo by zero") : left % right,
            _ => Math.Pow(left, right),
        };
    }
}
