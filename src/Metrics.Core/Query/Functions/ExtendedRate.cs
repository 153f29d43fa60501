using Metrics.Query.Engine;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query.Functions;

/// <summary>
/// Changes over ranges that are <c>anchored</c> or <c>smoothed</c>: the values at both edges are known or interpolated, nothing is
/// extrapolated.
/// </summary>
/// <remarks>https://github.com/prometheus/proposals/blob/main/proposals/0052-extended-range-selectors-semantics.md</remarks>
internal static class ExtendedRate
{
    public static double Compute(in Window w, bool isCounter, bool isRate)
    {
        bool smoothed = w.Edge == RangeEdge.Smoothed;
        int first = FirstIndex(w.Times, w.RangeStart);
        int last = LastIndex(w.Times, w.RangeEnd, smoothed);
        if (w.Times[last] <= w.RangeStart || (smoothed && w.Times[first] > w.RangeEnd))
            return NoValue.Value;
        double left = Left(w.Times, w.Values, first, w.RangeStart, smoothed, isCounter);
        double right = Right(w.Times, w.Values, last, w.RangeEnd, smoothed, isCounter);
        double change = right - left;
        if (isCounter)
        {
            // Resets between an edge and its neighbour are within the interpolation already.
            int from = w.Times[first] <= w.RangeStart ? first + 1 : first;
            int to = w.Times[last] >= w.RangeEnd ? last - 1 : last;
            double previous = left;
            for (int i = from; i <= to; i++)
            {
                if (w.Values[i] < previous)
                    change += previous;
                previous = w.Values[i];
            }
            if (right < previous)
                change += previous;
        }
        return isRate ? change / w.RangeSeconds : change;
    }

    /// <summary>The samples of a range with both edges made up.</summary>
    public static SampleBuffer Extend(SampleBuffer samples, long start, long end, bool smoothed)
    {
        var extended = new SampleBuffer();
        int first = FirstIndex(samples.Times, start);
        int last = LastIndex(samples.Times, end, smoothed);
        if (samples.Times[last] <= start || (smoothed && samples.Times[first] > end))
            return extended;
        double left = Left(samples.Times, samples.Values, first, start, smoothed, isCounter: false);
        double right = Right(samples.Times, samples.Values, last, end, smoothed, isCounter: false);
        extended.Add(start, left);
        for (int i = first; i <= last; i++)
        {
            if (samples.Times[i] > start && samples.Times[i] < end)
                extended.Add(samples.Times[i], samples.Values[i]);
        }
        extended.Add(end, right);
        return extended;
    }

    /// <summary>The last sample not after the beginning, else the first.</summary>
    public static int FirstIndex(ReadOnlySpan<long> times, long start)
    {
        int i = 0;
        while (i < times.Length - 1 && times[i] <= start)
            i++;
        return Math.Max(0, i - 1);
    }

    private static int LastIndex(ReadOnlySpan<long> times, long end, bool smoothed)
    {
        int last = times.Length - 1;
        if (!smoothed)
            return last;
        int i = 0;
        while (i < last && times[i] < end)
            i++;
        return i;
    }

    private static double Left(
        ReadOnlySpan<long> times, ReadOnlySpan<double> values, int first, long start, bool smoothed, bool isCounter) =>
        smoothed && times[first] < start ? Interpolate(times, values, first, start, isCounter) : values[first];

    private static double Right(ReadOnlySpan<long> times, ReadOnlySpan<double> values, int last, long end, bool smoothed, bool isCounter) =>
        smoothed && last > 0 && times[last] > end ? Interpolate(times, values, last - 1, end, isCounter) : values[last];

    /// <summary>The value between a sample and the next; a counter that was reset between them is taken to have begun at 0.</summary>
    public static double Interpolate(ReadOnlySpan<long> times, ReadOnlySpan<double> values, int at, long time, bool isCounter)
    {
        double from = values[at], to = values[at + 1];
        if (isCounter && to < from)
            from = 0;
        return from + ((to - from) * (time - times[at]) / (times[at + 1] - times[at]));
    }
}
