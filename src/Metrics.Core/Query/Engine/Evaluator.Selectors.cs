using System.Runtime.CompilerServices;
using Metrics.Model;
using Metrics.Query.Functions;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query.Engine;

/// <summary>What of a sample is wanted.</summary>
internal enum SampleAspect
{
    Value,
    Time,
    Start,
}

/// <summary>Reading series: the newest sample at each step, and windows of samples.</summary>
internal sealed partial class Evaluator
{
    /// <summary>Samples of a window that take so long that one must be able to stop after each.</summary>
    private const int LongWindow = 1024;

    private readonly SampleBuffer _buffer = new();

    /// <summary>Which moments a selector looks at, for each step of a grid.</summary>
    private readonly record struct Moments(long? Fixed, long Offset, EvaluationSteps EvaluationSteps)
    {
        public long Of(int step) => (Fixed ?? EvaluationSteps.Time(step)) - Offset;

        public long First => Of(0);

        public long Last => Of(EvaluationSteps.Count - 1);

        public bool IsOne => Fixed is not null || EvaluationSteps.Count == 1;
    }

    private Moments MomentsOf(SelectorTime time, EvaluationSteps grid)
    {
        long offset = time.Offset?.Milliseconds(top.Step, QueryRange, positive: false) ?? 0;
        long? at = time.At switch { AtKind.Fixed => time.Time, AtKind.Start => top.Start, AtKind.End => top.End, _ => null };
        return new Moments(at, offset, grid);
    }

    /// <summary>Counts series that were found; as many as samples may be read are too many before any is.</summary>
    private void CountFound(int series)
    {
        Hold(2L * IntPtr.Size * series);
        if (series > options.MaxSamplesRead)
            Touch(series);
    }

    /// <summary>An instant vector selector.</summary>
    private void Select(SelectorExpr selector, EvaluationSteps grid, SampleAspect aspect, RowSink sink)
    {
        Moments moments = MomentsOf(selector.Time, grid);
        if (selector.Edge == RangeEdge.Smoothed)
        {
            SelectSmoothed(selector, grid, moments, sink);
            return;
        }
        double[] row = NewRow(grid);
        IReadOnlyList<ISeries> found = source.Select(selector.Selector.Matchers, moments.First - Lookback, moments.Last);
        CountFound(found.Count);
        for (int s = 0; s < found.Count; s++)
        {
            ISeries series = found[s];
            if (moments.IsOne && aspect != SampleAspect.Start)
            {
                Touch(1);
                if (!series.TryLast(moments.First, moments.First - Lookback, out Sample last))
                    continue;
                Array.Fill(row, aspect == SampleAspect.Time ? last.Time / 1000.0 : last.Value);
                sink(series.Labels, false, row);
                continue;
            }
            _buffer.Clear();
            series.Read(moments.First - Lookback, moments.Last, _buffer);
            Touch(_buffer.Count);
            if (_buffer.Count > 0 && FillRow(row, moments, aspect))
                sink(series.Labels, false, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool FillRow(double[] row, Moments moments, SampleAspect aspect)
    {
        ReadOnlySpan<long> times = _buffer.Times;
        ReadOnlySpan<double> values = _buffer.Values;
        int last = -1;
        bool any = false;
        for (int i = 0; i < row.Length; i++)
        {
            long at = moments.Of(i);
            while (last + 1 < times.Length && times[last + 1] <= at)
                last++;
            if (last < 0 || times[last] <= at - Lookback || NoValue.Is(values[last]))
            {
                row[i] = NoValue.Value;
                continue;
            }
            row[i] = aspect switch
            {
                SampleAspect.Value => values[last],
                SampleAspect.Time => times[last] / 1000.0,
                _ => _buffer.Starts.IsEmpty ? 0 : _buffer.Starts[last] / 1000.0,
            };
            any = true;
        }
        return any;
    }

    /// <summary>Values interpolated between the samples around each step.</summary>
    private void SelectSmoothed(SelectorExpr selector, EvaluationSteps grid, Moments moments, RowSink sink)
    {
        double[] row = NewRow(grid);
        foreach (ISeries series in source.Select(selector.Selector.Matchers, moments.First - Lookback, moments.Last + Lookback))
        {
            _buffer.Clear();
            series.Read(moments.First - Lookback, moments.Last + Lookback, _buffer);
            _buffer.DropStale();
            Touch(_buffer.Count);
            int next = 0;
            for (int i = 0; i < row.Length; i++)
            {
                long at = moments.Of(i);
                while (next < _buffer.Count && _buffer.Times[next] < at)
                    next++;
                row[i] = Smooth(_buffer, next, at, Lookback);
            }
            if (!NoValue.IsAll(row))
                sink(series.Labels, false, row);
        }

        static double Smooth(SampleBuffer samples, int next, long at, long lookback)
        {
            bool hasNext = next < samples.Count && samples.Times[next] <= at + lookback;
            if (hasNext && samples.Times[next] == at)
                return samples.Values[next];
            if (next == 0 || samples.Times[next - 1] <= at - lookback)
                return NoValue.Value;
            return hasNext
                ? ExtendedRate.Interpolate(samples.Times, samples.Values, next - 1, at, isCounter: false)
                : samples.Values[next - 1];
        }
    }

    /// <summary>A function over windows of samples: of a range selector or a subquery.</summary>
    /// <param name="call">The call.</param>
    /// <param name="range">Its argument that is a range.</param>
    /// <param name="function">What it computes of a window.</param>
    /// <param name="first">Its first scalar argument, a value a step; null where it has none.</param>
    /// <param name="second">Its second.</param>
    /// <param name="grid">The steps.</param>
    /// <param name="sink">Receives the rows.</param>
    private void OverWindows(
        CallExpr call, Expr range, RangeFunction function, double[]? first, double[]? second, EvaluationSteps grid, RowSink sink)
    {
        double[] row = NewRow(grid);
        if (range is SubqueryExpr subquery)
        {
            OverSubquery(call, subquery, function, first, second, grid, row, sink);
            return;
        }
        var matrix = (MatrixExpr)range;
        RangeEdge edge = matrix.Selector.Edge;
        CheckEdge(call, edge);
        Moments moments = MomentsOf(matrix.Selector.Time, grid);
        long length = matrix.Range.Milliseconds(top.Step, QueryRange, positive: true);
        long before = edge == RangeEdge.None ? 0 : Lookback;
        long behind = edge == RangeEdge.Smoothed ? Lookback : 0;
        IReadOnlyList<ISeries> found =
            source.Select(matrix.Selector.Selector.Matchers, moments.First - length - before, moments.Last + behind);
        CountFound(found.Count);
        for (int s = 0; s < found.Count; s++)
        {
            ISeries series = found[s];
            _buffer.Clear();
            series.Read(moments.First - length - before, moments.Last + behind, _buffer);
            _buffer.DropStale();
            Touch(_buffer.Count);
            var windows = new Windows(_buffer, moments.Fixed is not null, length, before, behind, edge, series.Labels);
            bool any = function.Fill is not null && edge == RangeEdge.None && _buffer.Starts.IsEmpty
                ? function.Fill(_buffer, row, moments.First, moments.Fixed is null ? grid.Step : 0, length)
                : FillRow(row, moments, function, windows, call, first, second);
            if (any)
            {
                function.Review?.Invoke(this, call, series.Labels);
                sink(series.Labels, !function.KeepsName, row);
            }
        }
    }

    private void OverSubquery(
        CallExpr call, SubqueryExpr subquery, RangeFunction function, double[]? first, double[]? second, EvaluationSteps grid, double[] row,
        RowSink sink)
    {
        Moments moments = MomentsOf(subquery.Time, grid);
        long length = subquery.Range.Milliseconds(top.Step, QueryRange, positive: true);
        var buffer = new SampleBuffer();
        if (!TryInnerGrid(subquery, moments, length, out EvaluationSteps inner))
            return;
        // Times and values of one series, which grow by doubling.
        Hold(32L * inner.Count);
        Vector(subquery.Inner, inner, (labels, nameless, values) =>
        {
            buffer.Clear();
            for (int i = 0; i < values.Length; i++)
            {
                if (!NoValue.Is(values[i]))
                    buffer.Add(inner.Time(i), values[i]);
            }
            Touch(buffer.Count);
            var windows = new Windows(buffer, moments.Fixed is not null, length, 0, 0, RangeEdge.None, labels);
            if (FillRow(row, moments, function, windows, call, first, second))
                sink(labels, nameless || !function.KeepsName, row);
        });
    }

    /// <summary>The steps of a subquery: multiples of its resolution within (first - range, last].</summary>
    private bool TryInnerGrid(SubqueryExpr subquery, Moments moments, long length, out EvaluationSteps inner)
    {
        long step = subquery.Step?.Milliseconds(top.Step, QueryRange, positive: true) ?? (long)options.SubqueryStep.TotalMilliseconds;
        step = Math.Max(1, step);
        long after = moments.First - length;
        long start = after / step * step;
        if (start <= after)
            start += step;
        inner = default;
        if (start > moments.Last)
            return false;
        long count = ((moments.Last - start) / step) + 1;
        if (options.OnlyEnds && count > 2)
        {
            inner = new EvaluationSteps(start, (count - 1) * step, 2);
            return true;
        }
        if (count > options.MaxSamples)
            throw new QueryException($"a subquery has {count} steps, more than the limit of {options.MaxSamples} samples",
                QueryFailure.Limit);
        inner = new EvaluationSteps(start, step, (int)count);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool FillRow(
        double[] row, Moments moments, RangeFunction function, Windows windows, CallExpr call, double[]? first, double[]? second)
    {
        bool any = false;
        for (int i = 0; i < row.Length; i++)
        {
            Window window = windows.At(moments.Of(i));
            if (window.Values.IsEmpty)
            {
                row[i] = NoValue.Value;
                continue;
            }
            if (window.Values.Length > LongWindow)
                CheckStopped();
            window.At = moments.EvaluationSteps.Time(i);
            window.First = first is null ? 0 : first[i];
            window.Second = second is null ? 0 : second[i];
            window.Call = call;
            window.Notes = notes;
            double value = function.Compute(window);
            row[i] = value;
            any |= !NoValue.Is(value);
        }
        return any;
    }

    private static void CheckEdge(CallExpr call, RangeEdge edge)
    {
        string[] allowed = edge == RangeEdge.Anchored ? ["changes", "delta", "increase", "rate", "resets"] : ["delta", "increase", "rate"];
        if (edge != RangeEdge.None && !allowed.Contains(call.Function.Name))
            throw new QueryException($"{(edge == RangeEdge.Anchored ? "anchored" : "smoothed")} modifier can only be used with: "
                + $"{string.Join(", ", allowed)} - not with {call.Function.Name}");
    }

    /// <summary>A range selector or subquery that is the whole query: its samples as they are.</summary>
    public void Matrix(Expr expr, EvaluationSteps grid, Action<Labels, bool, SampleBuffer> take)
    {
        expr = Unwrap(expr);
        if (expr is SubqueryExpr subquery)
        {
            Moments at = MomentsOf(subquery.Time, grid);
            if (!TryInnerGrid(subquery, at, subquery.Range.Milliseconds(top.Step, QueryRange, positive: true), out EvaluationSteps inner))
                return;
            Vector(subquery.Inner, inner, (labels, nameless, values) =>
            {
                var samples = new SampleBuffer();
                for (int i = 0; i < values.Length; i++)
                {
                    if (!NoValue.Is(values[i]))
                        samples.Add(inner.Time(i), values[i]);
                }
                take(labels, nameless, samples);
            });
            return;
        }
        var matrix = (MatrixExpr)expr;
        Moments moments = MomentsOf(matrix.Selector.Time, grid);
        long length = matrix.Range.Milliseconds(top.Step, QueryRange, positive: true);
        long before = matrix.Selector.Edge == RangeEdge.None ? 0 : Lookback;
        long behind = matrix.Selector.Edge == RangeEdge.Smoothed ? Lookback : 0;
        foreach (ISeries series in source.Select(matrix.Selector.Selector.Matchers, moments.First - length - before, moments.Last + behind))
        {
            var samples = new SampleBuffer();
            series.Read(moments.First - length - before, moments.Last + behind, samples);
            samples.DropStale();
            Touch(samples.Count);
            if (samples.Count > 0 && matrix.Selector.Edge != RangeEdge.None)
                samples = ExtendedRate.Extend(samples, moments.First - length, moments.First, matrix.Selector.Edge == RangeEdge.Smoothed);
            Hold(16L * samples.Count);
            if (samples.Count > 0)
                take(series.Labels, false, samples);
        }
    }
}
