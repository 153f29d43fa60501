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
    private const int Hours = 168, FirstOfWeekend = 120;
    private const long HourMilliseconds = 3_600_000;
    private const long WeekMilliseconds = Hours * HourMilliseconds;

    /// <summary>Monday, 1970-01-05 00:00 UTC.</summary>
    private const long FirstMonday = 4 * 24 * HourMilliseconds;

    /// <summary>Bytes before the hours: the week, the silence, the pauses.</summary>
    private const int Head = 16 + PauseHistory.Bytes;

    /// <summary>Bytes of an hour, and behind the hours of the pause that goes on.</summary>
    private const int HourBytes = 13, PauseBytes = 16;

    private const double FadingPerWeek = 0.75;

    /// <summary>An hour with fewer windows than these is not known yet.</summary>
    private const double Enough = 6;

    /// <summary>What comes in larger numbers is counted in larger units: so many scatter little, and each is a term of a sum.</summary>
    private const double MaxMean = 10_000;

    private readonly PauseHistory _pauses = new();

    /// <summary>The pause that goes on, in windows of usual worth.</summary>
    private double _silence;

    /// <summary>The logarithm of how probable it is that all windows of the pause are empty by chance.</summary>
    private double _allEmpty;

    /// <summary>Whether the pause was out of the ordinary: it is no measure of what is usual then.</summary>
    private bool _isUnusual;

    private readonly Hour[] _hours = new Hour[Hours];

    /// <summary>All hours together, and the quietest of them; null is to be looked for.</summary>
    private Hour _all;
    private Hour? _quietest;

    private long _week = long.MinValue;

    private struct Hour
    {
        public float Windows;
        public float Sum;
        public float Squares;

        public readonly double Mean => Windows > 0 ? Sum / Windows : 0;

        public void Add(Hour more) => (Windows, Sum, Squares) = (Windows + more.Windows, Sum + more.Sum, Squares + more.Squares);

        public void Fade(float by) => (Windows, Sum, Squares) = (Windows * by, Sum * by, Squares * by);
    }

    /// <summary>How many windows it has learned, faded ones counting less.</summary>
    public double Windows => _all.Windows;

    /// <summary>When something was last there, milliseconds since 1970 UTC; of what was never heard, when that was first asked.</summary>
    public long HeardAt { get; private set; } = long.MinValue;

    /// <summary>Notes whether something came in the window that ends then; windows may overlap.</summary>
    public void Hear(long at, double count)
    {
        if (count > 0 || HeardAt == long.MinValue)
            HeardAt = at;
    }

    /// <summary>Takes what came in one window; windows follow each other.</summary>
    /// <param name="at">End of the window, milliseconds since 1970 UTC.</param>
    /// <param name="count">What came.</param>
    /// <param name="learn">Whether it is learned as usual.</param>
    public void Take(long at, double count, bool learn = true)
    {
        double pause = Pause(at, count, 1);
        if (count > 0)
        {
            if (learn && !_isUnusual)
                _pauses.Add(_silence);
            (_allEmpty, _isUnusual) = (0, false);
        }
        else
        {
            _allEmpty += Math.Log(Math.Max(OfCount(at, 0), double.Epsilon));
            _isUnusual |= !learn;
        }
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
        var one = new Hour { Windows = 1, Sum = (float)count, Squares = (float)(count * count) };
        _hours[HourOf(at)].Add(one);
        _all.Add(one);
        _quietest = null;
    }

    /// <summary>What usually comes in a window that ends then.</summary>
    public double Expected(long at) => For(at).Mean;

    /// <summary>How probable no more than this is in a window that ends then, if all is as usual; 1 while nothing is known.</summary>
    /// <param name="at">End of the window, milliseconds since 1970 UTC.</param>
    /// <param name="count">What came.</param>
    /// <param name="share">How much of the window lies behind the one that was taken last, 0 to 1.</param>
    public double Probability(long at, double count, double share = 1)
    {
        // Windows do not begin when something comes: a pause may seem longer by one than it is.
        double pause = Pause(at, count, share) - 1, either = Math.Min(OfCount(at, count), _pauses.Probability(pause));
        // Empty windows in a row count together, unless pauses so long are known: what happens in bursts has them.
        return count <= 0 && _pauses.IsLongerThanEver(pause) ? Math.Min(either, Math.Exp(_allEmpty)) : either;
    }

    /// <summary>The pause that goes on when this comes in a window: the windows of usual worth since something came.</summary>
    private double Pause(long at, double count, double share) =>
        count > 0 ? 0 : _silence + (_all.Sum > 0 ? share * Math.Min(Rate(at) / _all.Mean, 4) : 0);

    /// <summary>What comes around then: of what is rare an hour alone has seen too little to measure by.</summary>
    private double Rate(long at)
    {
        Hour around = For(at);
        around.Add(For(at - HourMilliseconds));
        around.Add(For(at + HourMilliseconds));
        return around.Mean;
    }

    private double OfCount(long at, double count)
    {
        // What is usual an hour earlier or later is usual: people are late, and their clocks change twice a year.
        double own = OfHour(at, count);
        return own >= 0.5 ? own : Math.Max(own, Math.Max(OfHour(at - HourMilliseconds, count), OfHour(at + HourMilliseconds, count)));
    }

    private double OfHour(long at, double count)
    {
        Hour known = For(at);
        if (known.Windows < 1 || known.Sum <= 0)
            return 1;
        double mean = known.Mean;
        double variance = Math.Max(0, (known.Squares / known.Windows) - (mean * mean));
        // One part of the doubt is the bursts, the other how little we know: both widen the distribution.
        double doubt = 1 / (known.Sum + 0.5) + (variance > mean ? (variance - mean) / (mean * mean) : 0);
        double unit = Math.Max(1, mean / MaxMean);
        return NegativeBinomial(count / unit, mean / unit, 1 / doubt);
    }

    /// <summary>As bytes, for keeping.</summary>
    public byte[] ToBytes()
    {
        int used = _hours.Count(h => h.Windows > 0);
        byte[] bytes = new byte[Head + (used * HourBytes) + PauseBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, _week);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8), _silence);
        _pauses.Write(bytes.AsSpan(16));
        int at = Head;
        for (int i = 0; i < Hours; i++)
        {
            if (_hours[i].Windows <= 0)
                continue;
            bytes[at] = (byte)i;
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at + 1), _hours[i].Windows);
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at + 5), _hours[i].Sum);
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at + 9), _hours[i].Squares);
            at += HourBytes;
        }
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), HeardAt);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(at + 8), _allEmpty);
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
        model._pauses.Read(bytes[16..]);
        // Bytes that were kept before this was known end with the hours.
        if (bytes.Length - Head is >= PauseBytes and var rest && rest % HourBytes == PauseBytes % HourBytes)
        {
            model.HeardAt = BinaryPrimitives.ReadInt64LittleEndian(bytes[^PauseBytes..]);
            double allEmpty = BinaryPrimitives.ReadDoubleLittleEndian(bytes[^8..]);
            model._allEmpty = double.IsFinite(allEmpty) ? allEmpty : 0;
            bytes = bytes[..^PauseBytes];
        }
        for (ReadOnlySpan<byte> hours = bytes[Head..]; hours.Length >= HourBytes; hours = hours[HourBytes..])
        {
            if (hours[0] >= Hours)
                continue;
            var hour = new Hour
            {
                Windows = BinaryPrimitives.ReadSingleLittleEndian(hours[1..]),
                Sum = BinaryPrimitives.ReadSingleLittleEndian(hours[5..]),
                Squares = BinaryPrimitives.ReadSingleLittleEndian(hours[9..]),
            };
            if (!float.IsFinite(hour.Windows) || !float.IsFinite(hour.Sum) || !float.IsFinite(hour.Squares))
                continue;
            model._hours[hours[0]] = hour;
            model._all.Add(hour);
        }
        return model;
    }

    private void Fade(double by)
    {
        _pauses.Fade((float)by);
        _all = default;
        for (int i = 0; i < Hours; i++)
        {
            _hours[i].Fade((float)by);
            _all.Add(_hours[i]);
        }
    }

    /// <summary>
    /// The hour's own; before it is known the same hour of other days of its kind; else the quietest that is known, since a first weekend
    /// may be as quiet as the nights.
    /// </summary>
    private Hour For(long at)
    {
        int hour = HourOf(at);
        if (_hours[hour].Windows >= Enough)
            return _hours[hour];
        Hour alike = default;
        (int first, int end) = hour < FirstOfWeekend ? (0, FirstOfWeekend) : (FirstOfWeekend, Hours);
        for (int same = first + (hour % 24); same < end; same += 24)
            alike.Add(_hours[same]);
        return alike.Windows >= Enough ? alike : _quietest ??= Quietest();
    }

    private Hour Quietest()
    {
        Hour quietest = default;
        foreach (Hour any in _hours)
        {
            if (any.Windows > 0 && (quietest.Windows <= 0 || any.Mean < quietest.Mean))
                quietest = any;
        }
        return quietest;
    }

    private static int HourOf(long at) => (int)((((at - 1 - FirstMonday) / HourMilliseconds) % Hours + Hours) % Hours);

    /// <summary>
    /// P(N ≤ count) for a negative binomial of a mean and a size; the larger the size, the nearer to Poisson. Above the mean, where it is
    /// more than a half, it is that of the mean.
    /// </summary>
    private static double NegativeBinomial(double count, double mean, double size)
    {
        double p = size / (size + mean);
        double logTerm = size * Math.Log(p), total = Math.Exp(logTerm);
        long max = (long)Math.Min(count, mean + 1);
        for (long k = 1; k <= max; k++)
        {
            logTerm += Math.Log((k - 1 + size) / k) + Math.Log(1 - p);
            total += Math.Exp(logTerm);
        }
        return Math.Min(1, total);
    }
}
