using System.Globalization;
using Metrics.Query;

namespace Metrics.Alerting;

/// <summary>Ticks of a picture: at round numbers of the unit that is written beside them, so that no label is there twice.</summary>
/// <param name="Positions">Where they are.</param>
/// <param name="Labels">What is written there.</param>
internal sealed record PictureAxis(double[] Positions, string[] Labels)
{
    private const int MaxTimes = 6;
    private const double Rounding = 1e-6;

    private static readonly TimeSpan[] s_steps =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(3), TimeSpan.FromHours(6),
        TimeSpan.FromHours(12), TimeSpan.FromDays(1), TimeSpan.FromDays(2), TimeSpan.FromDays(5), TimeSpan.FromDays(10),
        TimeSpan.FromDays(30), TimeSpan.FromDays(90), TimeSpan.FromDays(365),
    ];

    /// <summary>Ticks of values.</summary>
    /// <param name="least">The least.</param>
    /// <param name="greatest">The greatest; more than the least.</param>
    /// <param name="unit">Their unit.</param>
    /// <param name="max">How many ticks there may be.</param>
    public static PictureAxis OfValues(double least, double greatest, ValueUnit unit, int max)
    {
        (double size, string name) = unit.ScaleOf(Math.Max(Math.Abs(least), Math.Abs(greatest)));
        (double from, double to) = (least / size, greatest / size);
        double step = ValueUnit.RoundStep((to - from) / max);
        int decimals = Math.Clamp((int)-Math.Floor(Math.Log10(step) + Rounding), 0, 15);
        var positions = new List<double>();
        var labels = new List<string>();
        double first = Math.Ceiling((from / step) - Rounding);
        for (int i = 0; i <= 2 * max && first + i <= (to / step) + Rounding; i++)
        {
            double n = first + i;
            // A zero has no sign.
            string number = ((n * step) + 0.0).ToString($"F{decimals}", CultureInfo.InvariantCulture);
            if (labels.Count > 0 && labels[^1] == ValueUnit.Join(number, name))
                continue;
            positions.Add(n * step * size);
            labels.Add(ValueUnit.Join(number, name));
        }
        return new PictureAxis([.. positions], [.. labels]);
    }

    /// <summary>Ticks of times, UTC: hours of a day, and days where there are several.</summary>
    /// <param name="from">The first moment, milliseconds since 1970 UTC.</param>
    /// <param name="to">The last moment.</param>
    public static PictureAxis OfTimes(long from, long to)
    {
        long step = (long)s_steps.FirstOrDefault(s => (to - from) / s.TotalMilliseconds <= MaxTimes, s_steps[^1]).TotalMilliseconds;
        string format = step >= TimeSpan.FromDays(30).TotalMilliseconds ? "yyyy-MM-dd"
            : step >= TimeSpan.FromDays(1).TotalMilliseconds ? "MM-dd"
            : to - from > TimeSpan.FromDays(1).TotalMilliseconds ? "d. HH:mm" : "HH:mm";
        var times = new List<long>();
        for (long at = (from + step - 1) / step * step; at <= to; at += step)
            times.Add(at);
        return new PictureAxis(
            [.. times.Select(DateOf)],
            [.. times.Select(t => DateTimeOffset.FromUnixTimeMilliseconds(t).UtcDateTime.ToString(format, CultureInfo.InvariantCulture))]);
    }

    /// <summary>A moment as the picture counts time.</summary>
    public static double DateOf(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime.ToOADate();
}
