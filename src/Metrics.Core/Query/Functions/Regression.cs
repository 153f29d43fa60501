using System.Globalization;
using Metrics.Query.Engine;

namespace Metrics.Query.Functions;

/// <summary>Trends.</summary>
internal static class Regression
{
    /// <summary>The least-squares line through the samples: its slope a second, and its value at a moment.</summary>
    public static (double Slope, double Intercept) Line(in Window w, long at)
    {
        double count = 0, initial = w.Values[0];
        Kahan sumX = default, sumY = default, sumXY = default, sumX2 = default;
        bool constant = true;
        for (int i = 0; i < w.Count; i++)
        {
            double y = w.Values[i];
            constant &= i == 0 || y == initial;
            count++;
            double x = (w.Times[i] - at) / 1000.0;
            sumX.Add(x);
            sumY.Add(y);
            sumXY.Add(x * y);
            sumX2.Add(x * x);
        }
        if (constant)
            return double.IsInfinity(initial) ? (double.NaN, double.NaN) : (0, initial);
        double meanX = sumX.Sum + sumX.Lost, meanY = sumY.Sum + sumY.Lost;
        double covariance = sumXY.Sum + sumXY.Lost - (meanX * meanY / count);
        double variance = sumX2.Sum + sumX2.Lost - (meanX * meanX / count);
        double slope = covariance / variance;
        return (slope, (meanY / count) - (slope * meanX / count));
    }

    public static double Predict(in Window w)
    {
        if (w.Count < 2)
            return NoValue.Value;
        (double slope, double intercept) = Line(w, w.At);
        return (slope * w.First) + intercept;
    }

    /// <summary>Double exponential smoothing: a moving average that follows the trend.</summary>
    public static double Smooth(in Window w)
    {
        (double smoothing, double trend) = (w.First, w.Second);
        if (!(smoothing is > 0 and < 1))
            throw new QueryException(
                string.Create(CultureInfo.InvariantCulture, $"invalid smoothing factor. Expected: 0 < sf < 1, got: {smoothing:F6}"));
        if (!(trend is > 0 and < 1))
            throw new QueryException(
                string.Create(CultureInfo.InvariantCulture, $"invalid trend factor. Expected: 0 < tf < 1, got: {trend:F6}"));
        if (w.Count < 2)
            return NoValue.Value;
        double before = 0, level = w.Values[0], slope = w.Values[1] - w.Values[0];
        for (int i = 1; i < w.Count; i++)
        {
            if (i > 1)
                slope = (trend * (level - before)) + ((1 - trend) * slope);
            double next = (smoothing * w.Values[i]) + ((1 - smoothing) * (level + slope));
            (before, level) = (level, next);
        }
        return level;
    }
}
