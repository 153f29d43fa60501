using System.Buffers.Binary;

namespace Metrics.Rules.Conditions;

/// <summary>
/// What is usual for a source: how much comes from it in a window of time, by hour of the week, and how long its pauses are. Counts are
/// taken as negative binomial: Poisson where they scatter no more than chance, wider where they come in bursts, and wider still while
/// little is known. A quiet night is therefore nothing special, and half of the usual rate by day is. Pauses are measured in what would
/// usually have come meanwhile, and compared with those of the past: what speaks rarely is silent when it has been so for longer than ever.
/// </summary>
/// <remarks>Everything is kept with weights that fade by a quarter a week, so that the model follows a changing cloud.</remarks>
public sealed class ArrivalModel
{
    private const int Hours = 168;
    private const long HourMilliseconds = 3_600_000;
    private const long WeekMilliseconds = Hours * HourMilliseconds;

    /// <summary>Monday, 1970-01-05 00:00 UTC.</summary>
    private const long FirstMonday = 4 * 24 * HourMilliseconds;

    /// <summary>Bytes before the hours: the week, the silence, the pauses.</summary>
    private const int Head = 16 + (Classes * 4);

    private const double FadingPerWeek = 0.75;

    /// <summary>An hour with fewer windows than these is helped out by the same hour of other days, then by all.</summary>
    private const double Enough = 6;

    /// <summary>Pauses are counted in classes that grow by half, from half a window on.</summary>
    private const int Classes = 40;
    private const double FirstClass = 0.5;
    private const double Growth = 1.5;

    /// <summary>Of fewer pauses than these nothing is concluded.</summary>
    private const double EnoughPauses = 10;

    private readonly float[] _pauses = new float[Classes];
    private double _silence;

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

    /// <summary>Takes what came in one window; windows follow each other.</summary>
    /// <param name="at">End of the window, milliseconds since 1970 UTC.</param>
    /// <param name="count">What came.</param>
    /// <param name="learn">Whether it is learned as usual.</param>
    public void Take(long at, double count, bool learn = true)
    {
        double pause = Pause(at, count);
        if (count > 0 && learn)
            _pauses[ClassOf(_silence)] += 1;
        _silence = pause;
        if (learn)
            Learn(at, count);
    }

    private void Learn(long at, double count)
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

    /// <summary>How probable no more than this is in a window that ends then, if all is as usual; 1 while nothing is known.</summary>
    /// <param name="at">End of the window, milliseconds since 1970 UTC.</param>
    /// <param name="count">What came.</param>
    public double Probability(long at, double count) => Math.Min(OfCount(at, count), OfPause(Pause(at, count)));

    /// <summary>The pause that goes on when this comes in a window: the windows of usual worth since something came.</summary>
    private double Pause(long at, double count)
    {
        if (count > 0)
            return 0;
        (double windows, double sum, _) = All();
        return _silence + (sum > 0 ? Math.Min(Expected(at) / (sum / windows), 4) : 0);
    }

    /// <summary>
    /// How probable so long a pause is. Beyond the longest ever it falls with the square of the length: pauses have long tails.
    /// </summary>
    private double OfPause(double pause)
    {
        if (pause <= 0)
            return 1;
        double all = _pauses.Sum();
        if (all < EnoughPauses)
            return 1;
        int last = Array.FindLastIndex(_pauses, p => p > 0), mine = ClassOf(pause);
        if (mine <= last)
            return Math.Min(1, (_pauses.Skip(mine).Sum() + 1) / (all + 1));
        double longest = FirstClass * Math.Pow(Growth, last + 1);
        return 1 / (all + 1) * Math.Min(1, longest * longest / (pause * pause));
    }

    private static int ClassOf(double pause) => pause < FirstClass
        ? 0
        : Math.Min(Classes - 1, 1 + (int)Math.Floor(Math.Log(pause / FirstClass) / Math.Log(Growth)));

    private double OfCount(long at, double count)
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
        byte[] bytes = new byte[Head + (used * 13)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, _week);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8), _silence);
        for (int i = 0; i < Classes; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(16 + (i * 4)), _pauses[i]);
        int at = Head;
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
        if (bytes.Length < Head)
            return model;
        model._week = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        model._silence = BinaryPrimitives.ReadDoubleLittleEndian(bytes[8..]) is var silence && double.IsFinite(silence) ? silence : 0;
        for (int i = 0; i < Classes; i++)
        {
            float pauses = BinaryPrimitives.ReadSingleLittleEndian(bytes[(16 + (i * 4))..]);
            model._pauses[i] = float.IsFinite(pauses) ? pauses : 0;
        }
        for (ReadOnlySpan<byte> rest = bytes[Head..]; rest.Length >= 13; rest = rest[13..])
        {
            if (rest[0] >= Hours)
                continue;
            var hour = new Hour
            {
                Windows = BinaryPrimitives.ReadSingleLittleEndian(rest[1..]),
                Sum = BinaryPrimitives.ReadSingleLittleEndian(rest[5..]),
                Squares = BinaryPrimitives.ReadSingleLittleEndian(rest[9..]),
            };
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
        for (int i = 0; i < Classes; i++)
            _pauses[i] *= (float)by;
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
        return All();
    }

    private (double Windows, double Sum, double Squares) All()
    {
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
        long max = Math.Min(count, (long)(mean + (40 * Math.Sqrt(mean + (mean * mean / size))) + 40));
        for (long k = 1; k <= max; k++)
        {
            logTerm += Math.Log((k - 1 + size) / k) + Math.Log(1 - p);
            total += Math.Exp(logTerm);
        }
        return Math.Min(1, total);
    }
}
