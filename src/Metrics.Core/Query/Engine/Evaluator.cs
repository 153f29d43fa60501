using System.Runtime.CompilerServices;
using Metrics.Model;
using Metrics.Query.Functions;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query.Engine;

/// <summary>
/// One evaluation: walks the expression and lets series flow through it one at a time, each as a row of values over all steps. What needs
/// all series at once (matching, <c>topk</c>, quantiles) keeps them; sums, rates and the like never do.
/// </summary>
internal sealed partial class Evaluator(
    ISeriesSource source, EngineOptions options, EvaluationSteps top, Notes notes, QueryMemory memory, CancellationToken ct)
{
    private long _kept;
    private long _read;

    public Notes Notes => notes;

    /// <summary>Milliseconds from the query's first moment to its last.</summary>
    private long QueryRange => top.End - top.Start;

    private long Lookback { get; } = (long)options.Lookback.TotalMilliseconds;

    /// <summary>Counts values that are kept in memory until the end, and ends the evaluation at the limit.</summary>
    public void Count(int values)
    {
        ct.ThrowIfCancellationRequested();
        if ((_kept += values) > options.MaxSamples)
            throw new QueryException("query processing would load too many samples into memory in query execution (limit: "
                + $"{options.MaxSamples})", QueryFailure.Limit);
    }

    /// <summary>Holds memory until the end, in bytes; ends the evaluation where it may not, or nobody waits for it any more.</summary>
    public void Hold(long bytes)
    {
        ct.ThrowIfCancellationRequested();
        memory.Hold(bytes);
    }

    /// <summary>A row for the steps of a grid, as it comes from the heap.</summary>
    public double[] NewRow(EvaluationSteps grid)
    {
        Hold(sizeof(double) * (long)grid.Count);
        return new double[grid.Count];
    }

    /// <summary>The moments of a grid.</summary>
    public long[] TimesOf(EvaluationSteps grid)
    {
        Hold(sizeof(long) * (long)grid.Count);
        var times = new long[grid.Count];
        for (int i = 0; i < times.Length; i++)
            times[i] = grid.Time(i);
        return times;
    }

    /// <summary>Ends the evaluation when nobody waits for it any more: for loops that read nothing.</summary>
    public void CheckStopped() => ct.ThrowIfCancellationRequested();

    /// <summary>Counts samples that are read, and ends the evaluation at the limit or when nobody waits for it any more.</summary>
    public void Touch(int samples)
    {
        ct.ThrowIfCancellationRequested();
        if ((_read += samples) > options.MaxSamplesRead)
            throw new QueryException($"query reads too many samples (limit: {options.MaxSamplesRead}); narrow its selectors or its range",
                QueryFailure.Limit);
    }

    /// <summary>Samples read so far.</summary>
    public long Samples => _read;

    /// <summary>
    /// The labels of a row as others see them. By default a name goes at once where a function or operator drops it; with delayed removal
    /// it can still be seen by <c>label_replace</c>, <c>by (__name__)</c> and the like, and goes at the end.
    /// </summary>
    public Labels Identity(Labels labels, bool nameless) => nameless && !options.DelayedNameRemoval ? labels.WithoutIdentity() : labels;

    /// <summary>Whether the name of a row is gone for those who look at its labels.</summary>
    public bool HidesName(bool nameless) => nameless && !options.DelayedNameRemoval;

    /// <summary>Evaluates an expression that gives a vector.</summary>
    public void Vector(Expr expr, EvaluationSteps grid, RowSink sink)
    {
        EnsureStack();
        switch (expr)
        {
            case ParenExpr paren:
                Vector(paren.Inner, grid, sink);
                break;
            case SelectorExpr selector:
                Select(selector, grid, SampleAspect.Value, sink);
                break;
            case UnaryExpr { Negative: false } plus:
                Vector(plus.Inner, grid, sink);
                break;
            case UnaryExpr minus:
                DropNames(minus.Inner, grid, sink, (next, g) => Vector(minus.Inner, g, (labels, nameless, values) =>
                {
                    foreach (ref double value in values)
                        value = NoValue.Is(value) ? value : -value;
                    next(labels, nameless, values);
                }));
                break;
            case CallExpr call:
                Call(call, grid, sink);
                break;
            case AggregateExpr aggregate:
                Aggregations.Run(this, aggregate, grid, sink);
                break;
            case BinaryExpr binary:
                Binary(binary, grid, sink);
                break;
            default:
                throw new QueryException($"an expression of type {Parser.Name(expr.Type)} cannot stand here");
        }
    }

    /// <summary>Evaluates an expression that gives a scalar: one value a step.</summary>
    public double[] Scalar(Expr expr, EvaluationSteps grid)
    {
        EnsureStack();
        switch (expr)
        {
            case ParenExpr paren:
                return Scalar(paren.Inner, grid);
            case NumberExpr number:
                return Filled(grid, number.Value);
            case UnaryExpr unary:
                double[] inner = Scalar(unary.Inner, grid);
                foreach (ref double value in inner.AsSpan())
                    value = unary.Negative ? -value : value;
                return inner;
            case BinaryExpr binary:
                double[] left = Scalar(binary.Left, grid), right = Scalar(binary.Right, grid);
                for (int i = 0; i < left.Length; i++)
                    left[i] = binary.Operator.IsComparison()
                        ? (binary.Operator.Compare(left[i], right[i]) ? 1 : 0)
                        : binary.Operator.Compute(left[i], right[i]);
                return left;
            case CallExpr call:
                return ScalarCall(call, grid);
            default:
                throw new QueryException($"an expression of type {Parser.Name(expr.Type)} cannot stand here");
        }
    }

    private double[] ScalarCall(CallExpr call, EvaluationSteps grid)
    {
        switch (call.Function.Name)
        {
            case "time":
                double[] times = NewRow(grid);
                for (int i = 0; i < times.Length; i++)
                    times[i] = grid.Time(i) / 1000.0;
                return times;
            case "scalar":
                return OnlyValue(call.Arguments[0], grid);
            case "min_of" or "max_of":
                double[] left = Scalar(call.Arguments[0], grid), right = Scalar(call.Arguments[1], grid);
                for (int i = 0; i < left.Length; i++)
                    left[i] = call.Function.Name == "min_of" ? Math.Min(left[i], right[i]) : Math.Max(left[i], right[i]);
                return left;
            default:
                return Filled(grid, call.Function.Name switch
                {
                    "pi" => Math.PI,
                    "start" => top.Start / 1000.0,
                    "end" => top.End / 1000.0,
                    "step" => top.Step / 1000.0,
                    _ => QueryRange / 1000.0,
                });
        }
    }

    /// <summary>At each step the value of the only series, or NaN where there is none or more than one.</summary>
    private double[] OnlyValue(Expr vector, EvaluationSteps grid)
    {
        double[] result = Filled(grid, NoValue.Value);
        Vector(vector, grid, (_, _, values) =>
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (!NoValue.Is(values[i]))
                    result[i] = NoValue.Is(result[i]) ? values[i] : double.NaN;
            }
        });
        foreach (ref double value in result.AsSpan())
            value = NoValue.Is(value) ? double.NaN : value;
        return result;
    }

    private double[] Filled(EvaluationSteps grid, double value)
    {
        double[] values = NewRow(grid);
        Array.Fill(values, value);
        return values;
    }

    /// <summary>
    /// Lets rows go on without their metric names. Where series of different names may then be the same they are made one, or the
    /// evaluation ends if they have values at the same step.
    /// </summary>
    /// <param name="inner">Where the rows come from.</param>
    /// <param name="grid">The steps.</param>
    /// <param name="sink">Where they go.</param>
    /// <param name="run">Computes them.</param>
    /// <param name="disjoint">Whether equal labels are an error even at different steps.</param>
    private void DropNames(Expr inner, EvaluationSteps grid, RowSink sink, Action<RowSink, EvaluationSteps> run, bool disjoint = false)
    {
        if (options.DelayedNameRemoval || IsUniqueWithoutName(inner))
        {
            run((labels, _, values) => sink(labels, true, values), grid);
            return;
        }
        var merged = new MergedRows(this, grid.Count);
        run((labels, _, values) => merged.Add(labels.WithoutIdentity(), false, values, disjoint), grid);
        merged.Send(sink);
    }

    /// <summary>
    /// Whether the series of an expression differ in more than their metric names. False where that cannot be told from the expression.
    /// </summary>
    private static bool IsUniqueWithoutName(Expr expr) => expr switch
    {
        SelectorExpr s => s.Selector.MetricName is not null,
        MatrixExpr m => IsUniqueWithoutName(m.Selector),
        SubqueryExpr q => IsUniqueWithoutName(q.Inner),
        ParenExpr p => IsUniqueWithoutName(p.Inner),
        UnaryExpr u => u.Negative || IsUniqueWithoutName(u.Inner),
        AggregateExpr a => !a.Grouping.Contains(Labels.MetricName) && !Aggregations.KeepsSeries(a.Operator),
        BinaryExpr { Operator: var op } b => !op.IsSet() && !op.IsComparison() && b.Type == ExprType.Vector || b.ReturnsBool,
        CallExpr c =>
            MathFunctions.Find(c.Function.Name) is not null
                || c.Function.Name is "rate" or "increase" or "irate" or "delta" or "histogram_quantile" or "vector" or "absent",
        _ => false,
    };

    /// <summary>The text of an argument.</summary>
    private static string Text(Expr expr) => expr switch
    {
        ParenExpr paren => Text(paren.Inner),
        StringExpr text => text.Value,
        _ => throw new QueryException("expected a string"),
    };

    internal static Expr Unwrap(Expr expr) => expr is ParenExpr paren ? Unwrap(paren.Inner) : expr;

    private static void EnsureStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new QueryException("the expression nests too deeply to be evaluated", QueryFailure.Limit);
    }
}
