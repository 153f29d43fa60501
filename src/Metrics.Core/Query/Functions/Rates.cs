using System.Runtime.CompilerServices;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query.Functions;

/// <summary>How fast a value changes.</summary>
internal static class Rates
{
    /// <summary>
    /// <c>rate</c>, <c>increase</c> and <c>delta</c>: the change between first and last sample, extended to the edges of the range as far
    /// as the series may be supposed to reach: to an edge that is no further than 1.1 times the usual distance of samples, else by half of
    /// that distance; never to before a counter was 0.
    /// </summary>
    public static double Extrapolated(in Window w, bool isCounter, bool isRate)
    {
        if (w.Edge != RangeEdge.None)
            return ExtendedRate.Compute(w, isCounter, isRate);
        int last = w.Count - 1;
        double change = w.Values[last] - w.Values[0];
        if (isCounter && !w.Starts.IsEmpty)
            change += StartResets(w);
        else if (isCounter && w.Resets > 0)
            change += ValueResets(w.Values);
        if (isCounter && !w.Starts.IsEmpty && w.Starts[0] != 0 && w.Starts[0] > w.RangeStart && w.Starts[0] < w.Times[0])
            return FromStart(w, change, isRate);
        return last == 0
            ? NoValue.Value
            : Extrapolate(change, w.Values[0], w.Times[0], w.Times[last], last, w.RangeStart, w.RangeEnd, isCounter, isRate);
    }

    /// <summary>The counter began within the range: it was 0 then, nothing has to be guessed before it.</summary>
    private static double FromStart(in Window w, double change, bool isRate)
    {
        int last = w.Count - 1;
        double toEnd = (w.RangeEnd - w.Times[last]) / 1000.0;
        double distance = last > 0 ? (w.Times[last] - w.Times[0]) / 1000.0 / last : 0;
        if (toEnd >= distance * 1.1)
            toEnd = distance / 2;
        double sampled = (w.Times[last] - w.Starts[0]) / 1000.0;
        double factor = sampled == 0 ? 1 : (sampled + toEnd) / sampled;
        return (change + w.Values[0]) * (isRate ? factor / w.RangeSeconds : factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Extrapolate(
        double change, double first, long firstTime, long lastTime, int distances, long start, long end, bool isCounter, bool isRate)
    {
        double toStart = (firstTime - start) / 1000.0;
        double toEnd = (end - lastTime) / 1000.0;
        double sampled = (lastTime - firstTime) / 1000.0;
        double distance = sampled / distances;
        double near = distance * 1.1;
        if (toStart >= near)
            toStart = distance / 2;
        if (isCounter && change > 0 && first >= 0)
        {
            double toZero = sampled * (first / change);
            if (toZero < toStart)
                toStart = toZero;
        }
        if (toEnd >= near)
            toEnd = distance / 2;
        double factor = sampled == 0 ? 1 : (sampled + toStart + toEnd) / sampled;
        if (isRate)
            factor /= (end - start) / 1000.0;
        return change * factor;
    }

    /// <summary>The same as <see cref="Extrapolated"/> for all steps of a plain range, in one pass over the samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Fill(SampleBuffer samples, Span<double> row, long end, long step, long length, bool isCounter, bool isRate)
    {
        ReadOnlySpan<long> times = samples.Times;
        ReadOnlySpan<double> values = samples.Values;
        int first = 0, behind = 0, resets = 0;
        bool any = false;
        for (int i = 0; i < row.Length; i++, end += step)
        {
            long start = end - length;
            for (; behind < times.Length && times[behind] <= end; behind++)
            {
                if (behind > 0 && values[behind] < values[behind - 1])
                    resets++;
            }
            for (; first < behind && times[first] <= start; first++)
            {
                // A reset counts while both of its samples are within the window.
                if (first + 1 < behind && values[first + 1] < values[first])
                    resets--;
            }
            int distances = behind - first - 1;
            if (distances < 1)
            {
                row[i] = NoValue.Value;
                continue;
            }
            // The window may have run empty, and its first sample then have come in as a reset of one that is gone.
            double change = values[behind - 1] - values[first];
            if (isCounter && resets > 0)
                change += ValueResets(values[first..behind]);
            row[i] = Extrapolate(change, values[first], times[first], times[behind - 1], distances, start, end, isCounter, isRate);
            any = true;
        }
        return any;
    }

    private static double ValueResets(ReadOnlySpan<double> values)
    {
        double lost = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] < values[i - 1])
                lost += values[i - 1];
        }
        return lost;
    }

    private static double StartResets(in Window w)
    {
        double lost = 0;
        bool overlaps = false;
        for (int i = 1; i < w.Count; i++)
        {
            overlaps |= w.Starts[i] != 0 && w.Starts[i] < w.Times[i - 1] && w.Starts[i] != w.Starts[i - 1];
            if (w.Values[i] < w.Values[i - 1] || IsStartReset(w, i))
                lost += w.Values[i - 1];
        }
        if (overlaps)
            w.Notes.Warn(
                w.Call.Arguments[0],
                $"sample has start time that overlaps with previous sample timestamp for metric {Labels.Quote(w.Labels.Name)}");
        return lost;
    }

    /// <summary>Whether the start time of a sample says that the counter began anew after the sample before.</summary>
    private static bool IsStartReset(in Window w, int i)
    {
        if (w.Starts.IsEmpty)
            return false;
        (long start, long before, long startBefore) = (w.Starts[i], w.Times[i - 1], w.Starts[i - 1]);
        if (start == 0 || start >= w.Times[i] || start < before)
            return false;
        if (start > before)
            return true;
        // It began just at the sample before: a delta, unless that one did not know its own beginning.
        return startBefore <= before && startBefore != 0 && startBefore != before;
    }

    /// <summary><c>irate</c> and <c>idelta</c>: of the last two samples.</summary>
    public static double Instant(in Window w, bool isRate)
    {
        if (w.Count < 2)
            return NoValue.Value;
        int last = w.Count - 1;
        long interval = w.Times[last] - w.Times[last - 1];
        if (interval == 0)
            return NoValue.Value;
        bool reset = isRate && (w.Values[last] < w.Values[last - 1] || IsStartReset(w, last));
        double change = reset ? w.Values[last] : w.Values[last] - w.Values[last - 1];
        return isRate ? change / (interval / 1000.0) : change;
    }

    public static double Resets(in Window w)
    {
        if (!TryAnchor(w, out int first))
            return NoValue.Value;
        int resets = 0;
        for (int i = first + 1; i < w.Count; i++)
        {
            if (w.Values[i] < w.Values[i - 1] || IsStartReset(w, i))
                resets++;
        }
        return resets;
    }

    public static double Changes(in Window w)
    {
        if (!TryAnchor(w, out int first))
            return NoValue.Value;
        int changes = 0;
        for (int i = first + 1; i < w.Count; i++)
        {
            if (w.Values[i] != w.Values[i - 1] && !(double.IsNaN(w.Values[i]) && double.IsNaN(w.Values[i - 1])))
                changes++;
        }
        return changes;
    }

    /// <summary>The sample to begin with: where the range is anchored, the last one not after its beginning.</summary>
    private static bool TryAnchor(in Window w, out int first)
    {
        first = 0;
        if (w.Edge != RangeEdge.Anchored)
            return true;
        first = ExtendedRate.FirstIndex(w.Times, w.RangeStart);
        return w.Times[^1] > w.RangeStart;
    }

    /// <summary>Hints that a rate was taken of what, by its name, may be no counter.</summary>
    public static void Review(Evaluator evaluator, CallExpr call, Labels series)
    {
        string name = series.Name;
        if (name.Length > 0 && !name.EndsWith("_total", StringComparison.Ordinal) && !name.EndsWith("_sum", StringComparison.Ordinal)
            && !name.EndsWith("_count", StringComparison.Ordinal) && !name.EndsWith("_bucket", StringComparison.Ordinal))
        {
            evaluator.Notes.Inform(
                call.Arguments[0], $"metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {Labels.Quote(name)}");
        }
    }
}
