using System.Buffers.Binary;

namespace Metrics.Rules.Absence;

/// <summary>
/// What is usual for a source: how much comes from it in a window of time, by hour of the week. Counts are taken as negative binomial: Poisson where they
/// scatter no more than chance, wider where they come in bursts, and wider still while little is known. A quiet night is therefore nothing special,
/// and half of the usual rate by day is.
/// </summary>
/// <remarks>Means and squares are kept by hour of the week with weights that fade by a quarter a week, so that the model follows a changing cloud.</remarks>
public sealed class ArrivalModel
{
    private const int Hours = 168;
    private const long HourMilliseconds = 3_600_000;
    private const long WeekMilliseconds = Hours * HourMilliseconds;

    /// <summary>Monday, 1970-01-05 00:00 UTC.</summary>
    private const long FirstMonday = 4 * 24 * HourMilliseconds;

    private const double FadingPerWeek = 0.75;

    /// <summary>An hour with fewer windows than these is helped out by the same hour of other days, then by all.</summary>
    private const double Enough = 6;

    private readonly Hour[] _hours = new Hour[Hours];
    private long _week = long.MinValue;

    private struct Hour
    {
        public float Windows;
        public float Sum;
        public float Squares;
    }

    /// <summary>How many windows it has learned, faded ones counting less.</summary>
    public double Windows { get; private set; }

    /// <summary>Learns what came in one window.</summary>
    /// <param name="at">End of the window, milliseconds since 1970 UTC.</param>
    /// <param name="count">What came.</param>
    public void Learn(long at, double count)
    {
        long week = (at - FirstMonday) / WeekMilliseconds;
        if (_week != long.MinValue && week > _week)
            Fade(Math.Pow(FadingPerWeek, week - _week));
        _week = Math.Max(_week, week);
        ref Hour hour = ref _hours[HourOf(at)];
        hour.Windows += 1;
        hour.Sum += (float)count;
        hour.Squares += (float)(count * count);
        Windows += 1;
    }

    /// <summary>What usually comes in a window that ends then.</summary>
    public double Expected(long at) => For(at) is { Windows: > 0 } known ? known.Sum / known.Windows : 0;

    /// <summary>How probable it is that no more than this comes in a window that ends then, if all is as usual; 1 while nothing is known.</summary>
    /// <param name="at">End of the window, milliseconds since 1970 UTC.</param>
    /// <param name="count">What came.</param>
    public double Probability(long at, double count)
    {
        (double windows, double sum, double squares) = For(at);
        if (windows < 1 || sum <= 0)
            return 1;
        double mean = sum / windows;
        double variance = Math.Max(0, (squares / windows) - (mean * mean));
        // One part of the doubt is the bursts, the other how little we know: both widen the distribution.
        double doubt = 1 / (sum + 0.5) + (variance > mean ? (variance - mean) / (mean * mean) : 0);
        return NegativeBinomial((long)Math.Floor(count), mean, 1 / doubt);
    }

    /// <summary>As bytes, for keeping.</summary>
    public byte[] ToBytes()
    {
        int used = _hours.Count(h => h.Windows > 0);
        byte[] bytes = new byte[8 + (used * 13)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, _week);
        int at = 8;
        for (int i = 0; i < Hours; i++)
        {
            if (_hours[i].Windows <= 0)
                continue;
            bytes[at] = (byte)i;
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at + 1), _hours[i].Windows);
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at + 5), _hours[i].Sum);
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at + 9), _hours[i].Squares);
            at += 13;
        }
        return bytes;
    }

    /// <summary>Out of <see cref="ToBytes"/>; what makes no sense is left out.</summary>
    public static ArrivalModel FromBytes(ReadOnlySpan<byte> bytes)
    {
        var model = new ArrivalModel();
        if (bytes.Length < 8)
            return model;
        model._week = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        for (ReadOnlySpan<byte> rest = bytes[8..]; rest.Length >= 13; rest = rest[13..])
        {
            if (rest[0] >= Hours)
                continue;
            var hour = new Hour { Windows = BinaryPrimitives.ReadSingleLittleEndian(rest[1..]), Sum = BinaryPrimitives.ReadSingleLittleEndian(rest[5..]), Squares = BinaryPrimitives.ReadSingleLittleEndian(rest[9..]) };
            if (!float.IsFinite(hour.Windows) || !float.IsFinite(hour.Sum) || !float.IsFinite(hour.Squares))
                continue;
            model._hours[rest[0]] = hour;
            model.Windows += hour.Windows;
        }
        return model;
    }

    private void Fade(double by)
    {
        Windows = 0;
        for (int i = 0; i < Hours; i++)
        {
            _hours[i].Windows *= (float)by;
            _hours[i].Sum *= (float)by;
            _hours[i].Squares *= (float)by;
            Windows += _hours[i].Windows;
        }
    }

    /// <summary>The hour's own, or what stands in for it.</summary>
    private (double Windows, double Sum, double Squares) For(long at)
    {
        int hour = HourOf(at);
        Hour own = _hours[hour];
        if (own.Windows >= Enough)
            return (own.Windows, own.Sum, own.Squares);
        var sameHour = (Windows: 0.0, Sum: 0.0, Squares: 0.0);
        for (int day = 0; day < 7; day++)
            Add(ref sameHour, _hours[(day * 24) + (hour % 24)]);
        if (sameHour.Windows >= Enough)
            return sameHour;
        var all = (Windows: 0.0, Sum: 0.0, Squares: 0.0);
        foreach (Hour any in _hours)
            Add(ref all, any);
        return all;
    }

    private static void Add(ref (double Windows, double Sum, double Squares) total, Hour hour) =>
        total = (total.Windows + hour.Windows, total.Sum + hour.Sum, total.Squares + hour.Squares);

    private static int HourOf(long at) => (int)((((at - 1 - FirstMonday) / HourMilliseconds) % Hours + Hours) % Hours);

    /// <summary>P(N ≤ count) for a negative binomial of a mean and a size; the larger the size, the nearer to Poisson.</summary>
    private static double NegativeBinomial(long count, double mean, double size)
    {
        if (count < 0)
            return 0;
        double p = size / (size + mean);
        double logTerm = size * Math.Log(p), total = Math.Exp(logTerm);
        // Far above the mean nothing is left to add.
        long most = Math.Min(count, (long)(mean + (40 * Math.Sqrt(mean + (mean * mean / size))) + 40));
        for (long k = 1; k <= most; k++)
        {
            logTerm += Math.Log((k - 1 + size) / k) + Math.Log(1 - p);
            total += Math.Exp(logTerm);
        }
        return Math.Min(1, total);
    }
}
