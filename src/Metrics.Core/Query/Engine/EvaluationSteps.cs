namespace Metrics.Query.Engine;

/// <summary>The moments at which an expression is evaluated.</summary>
/// <param name="Start">The first, milliseconds since 1970 UTC.</param>
/// <param name="Step">Milliseconds between two; of no meaning where there is only one.</param>
/// <param name="Count">How many; at least one.</param>
public readonly record struct EvaluationSteps(long Start, long Step, int Count)
{
    /// <summary>The last moment.</summary>
    public long End => Time(Count - 1);

    /// <summary>The first and the last moment alone.</summary>
    internal EvaluationSteps Ends => Count > 2 ? new(Start, End - Start, 2) : this;

    /// <summary>One moment alone.</summary>
    public static EvaluationSteps At(long time) => new(time, 0, 1);

    /// <summary>From a first moment to at most a last one.</summary>
    public static EvaluationSteps Between(long start, long end, long step) => new(start, step, (int)((end - start) / step) + 1);

    /// <summary>A moment by its number.</summary>
    public long Time(int index) => Start + (index * Step);
}
