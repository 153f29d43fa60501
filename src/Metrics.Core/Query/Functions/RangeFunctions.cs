using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query.Functions;

internal delegate double WindowFunction(in Window window);

/// <summary>A function of the samples within a span of time.</summary>
/// <param name="Compute">Its value, or a gap.</param>
/// <param name="KeepsName">Whether the result still is the metric that it was.</param>
/// <param name="Review">What to say about a series that gave a result.</param>
/// <param name="Fill">Computes all steps of a plain range at once, where that is faster than window by window.</param>
internal sealed record RangeFunction(
    WindowFunction Compute, bool KeepsName = false, Action<Evaluator, CallExpr, Labels>? Review = null, RowFunction? Fill = null);

/// <summary>Computes a row; false when no step has a value.</summary>
/// <param name="samples">The series' samples, without start times.</param>
/// <param name="row">Receives a value or gap a step.</param>
/// <param name="end">Where the range of the first step ends, milliseconds.</param>
/// <param name="step">How far it moves from step to step; 0 where it stands still.</param>
/// <param name="length">Its length, milliseconds.</param>
internal delegate bool RowFunction(SampleBuffer samples, Span<double> row, long end, long step, long length);

/// <summary>Functions over windows of samples.</summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/querying/functions/#aggregation_over_time</remarks>
internal static class RangeFunctions
{
    private static readonly Dictionary<string, RangeFunction> s_functions = new()
    {
        ["rate"] =
            new((in Window w) => Rates.Extrapolated(w, isCounter: true, isRate: true), Review: Rates.Review,
                Fill: (s, row, end, step, length) => Rates.Fill(s, row, end, step, length, isCounter: true, isRate: true)),
        ["increase"] =
            new((in Window w) => Rates.Extrapolated(w, isCounter: true, isRate: false), Review: Rates.Review,
                Fill: (s, row, end, step, length) => Rates.Fill(s, row, end, step, length, isCounter: true, isRate: false)),
        ["delta"] =
            new((in Window w) => Rates.Extrapolated(w, isCounter: false, isRate: false),
                Fill: (s, row, end, step, length) => Rates.Fill(s, row, end, step, length, isCounter: false, isRate: false)),
        ["irate"] = new((in Window w) => Rates.Instant(w, isRate: true)),
        ["idelta"] = new((in Window w) => Rates.Instant(w, isRate: false)),
        ["resets"] = new(Rates.Resets),
        ["changes"] = new(Rates.Changes),
        ["deriv"] = new((in Window w) => w.Count < 2 ? NoValue.Value : Regression.Line(w, w.Times[0]).Slope),
        ["predict_linear"] = new(Regression.Predict),
        ["double_exponential_smoothing"] = new(Regression.Smooth),
        ["holt_winters"] = new(Regression.Smooth),
        ["avg_over_time"] = new(Average),
        ["sum_over_time"] = new(Sum),
        ["count_over_time"] = new((in Window w) => w.Count),
        ["min_over_time"] = new((in Window w) => w.Values[Extreme(w, (v, best) => v < best)]),
        ["max_over_time"] = new((in Window w) => w.Values[Extreme(w, (v, best) => v > best)]),
        ["ts_of_min_over_time"] = new((in Window w) => w.Times[Extreme(w, (v, best) => v <= best)] / 1000.0),
        ["ts_of_max_over_time"] = new((in Window w) => w.Times[Extreme(w, (v, best) => v >= best)] / 1000.0),
        ["first_over_time"] = new((in Window w) => w.Values[0], KeepsName: true),
        ["last_over_time"] = new((in Window w) => w.Values[^1], KeepsName: true),
        ["ts_of_first_over_time"] = new((in Window w) => w.Times[0] / 1000.0),
        ["ts_of_last_over_time"] = new((in Window w) => w.Times[^1] / 1000.0),
        ["present_over_time"] = new((in Window _) => 1),
        ["absent_over_time"] = new((in Window _) => 1),
        ["stddev_over_time"] = new((in Window w) => Math.Sqrt(Variance(w))),
        ["stdvar_over_time"] = new((in Window w) => Variance(w)),
        ["quantile_over_time"] = new(Quantile),
        ["mad_over_time"] = new(MedianDeviation),
    };

    /// <summary>The function of a name, or null.</summary>
    public static RangeFunction? Find(string name) => s_functions.GetValueOrDefault(name);

    private static double Average(in Window w)
    {
        var mean = new Mean();
        foreach (double value in w.Values)
            mean.Add(value);
        return mean.Value;
    }

    private static double Sum(in Window w)
    {
        var sum = new Kahan();
        foreach (double value in w.Values)
            sum.Add(value);
        return sum.Total;
    }

    private static int Extreme(in Window w, Func<double, double, bool> beats)
    {
        int best = 0;
        for (int i = 0; i < w.Count; i++)
        {
            if (beats(w.Values[i], w.Values[best]) || double.IsNaN(w.Values[best]))
                best = i;
        }
        return best;
    }

    private static double Variance(in Window w)
    {
        double count = 0;
        Kahan mean = default, squares = default;
        foreach (double value in w.Values)
        {
            count++;
            double delta = value - (mean.Sum + mean.Lost);
            mean.Add(delta / count);
            squares.Add(delta * (value - (mean.Sum + mean.Lost)));
        }
        return (squares.Sum + squares.Lost) / count;
    }

    private static double Quantile(in Window w)
    {
        if (Quantiles.Complain(w.First) is { } complaint)
            w.Notes.Warn(w.Call.Arguments[0], complaint);
        return Quantiles.Of(w.First, w.Values.ToArray());
    }

    private static double MedianDeviation(in Window w)
    {
        double[] values = w.Values.ToArray();
        if (Array.Exists(values, double.IsNaN))
            return double.NaN;
        double median = Quantiles.Of(0.5, values);
        for (int i = 0; i < values.Length; i++)
            values[i] = Math.Abs(values[i] - median);
        return Quantiles.Of(0.5, values);
    }
}
