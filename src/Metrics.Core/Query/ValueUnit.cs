using System.Globalization;

namespace Metrics.Query;

/// <summary>What a number is a number of.</summary>
public enum UnitKind
{
    /// <summary>Not known, or things that are counted.</summary>
    None,

    /// <summary>A part of a whole.</summary>
    Ratio,

    /// <summary>One unknown by another: a share where somebody has made percent of it, else a number.</summary>
    Quotient,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>Bits.</summary>
    Bits,

    /// <summary>A span of time.</summary>
    Seconds,

    /// <summary>Seconds since 1970 UTC.</summary>
    Timestamp,

    /// <summary>Degrees Celsius.</summary>
    Celsius,

    /// <summary>Volts.</summary>
    Volts,

    /// <summary>Amperes.</summary>
    Amperes,

    /// <summary>Watts.</summary>
    Watts,

    /// <summary>Joules.</summary>
    Joules,

    /// <summary>Hertz.</summary>
    Hertz,

    /// <summary>Turns a minute.</summary>
    Rpm,
}

/// <summary>The unit of a value, and how people read it: <c>93 %</c>, <c>23.0 GB</c>, <c>6 min</c>.</summary>
/// <param name="Kind">What it is a number of.</param>
/// <param name="IsRate">Whether it is so much a second.</param>
/// <param name="Factor">What the number was multiplied with; 100 makes percent of a ratio.</param>
public readonly record struct ValueUnit(UnitKind Kind, bool IsRate = false, double Factor = 1)
{
    private const string RateSuffix = "/s";

    /// <summary>From here on a number of three digits is one of the next unit: 999.6 kB are 1.0 MB.</summary>
    private const double NearlyOne = 0.9995;

    private static readonly (double Size, string Name)[] s_times =
        [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s"), (0.001, "ms"), (0.000_001, "µs")];

    private static readonly string[] s_prefixes = ["", "k", "M", "G", "T", "P", "E"];

    /// <summary>None that is known.</summary>
    public static ValueUnit None { get; } = new(UnitKind.None);

    private bool IsShare => Kind == UnitKind.Ratio || (Kind == UnitKind.Seconds && IsRate) || (Kind == UnitKind.Quotient && Factor == 100);

    private bool IsTime => Kind == UnitKind.Seconds && !IsRate;

    /// <summary>A value for people, short.</summary>
    public string Format(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "no value" : value > 0 ? "infinite" : "-infinite";
        if (Kind == UnitKind.Timestamp)
            return Formats.FloatText.Format(value);
        if (IsTime)
        {
            double seconds = Math.Abs(value / Factor);
            return (value / Factor < 0 ? "-" : "") + (seconds is >= 1 and < 59.95 ? $"{Significant(seconds)} s" : FormatTime(seconds));
        }
        (double size, string name) = ScaleOf(value);
        return Join(Digits(value / size, name), name);
    }

    /// <summary>The size and the name of the unit in which a value, and those that are less, are best written.</summary>
    /// <param name="greatest">The value.</param>
    public (double Size, string Name) ScaleOf(double greatest)
    {
        if (IsShare)
            return (Factor / 100, "%");
        if (IsTime)
        {
            double seconds = Math.Abs(greatest / Factor);
            (double size, string unit) = seconds == 0 ? (1, "s") : Array.Find(s_times, t => seconds >= t.Size * NearlyOne);
            return size == 0 ? (Factor, "s") : (Factor * size, unit);
        }
        string rate = IsRate ? RateSuffix : "";
        string name = Kind switch
        {
            UnitKind.Bytes => "B",
            UnitKind.Bits => "bit",
            UnitKind.Celsius => "°C",
            UnitKind.Volts => "V",
            UnitKind.Amperes => "A",
            UnitKind.Watts => "W",
            UnitKind.Joules => "J",
            UnitKind.Hertz => "Hz",
            UnitKind.Rpm => "rpm",
            _ => "",
        };
        bool isPlain = name.Length == 0;
        double factor = isPlain ? 1 : Factor, size1000 = 1, rest = Math.Abs(greatest / factor);
        // What is counted is written out as long as that is short; degrees and turns have no prefix.
        int prefix = 0;
        bool hasPrefix = Kind is not (UnitKind.Celsius or UnitKind.Rpm);
        for (double from = isPlain ? 100_000 : 1000 * NearlyOne;
            hasPrefix && rest / size1000 >= (prefix == 0 ? from : 1000 * NearlyOne) && prefix < s_prefixes.Length - 1;
            prefix++)
        {
            size1000 *= 1000;
        }
        return (factor * size1000, s_prefixes[prefix] + name + rate);
    }

    /// <summary>A span of time in two units at most: <c>42 s</c>, <c>6 min</c>, <c>2 h 5 min</c>, <c>3 d 4 h</c>.</summary>
    /// <param name="seconds">Not negative.</param>
    public static string FormatTime(double seconds)
    {
        if (!double.IsFinite(seconds))
            return "for ever";
        if (seconds < NearlyOne)
            return seconds == 0 ? "0 s" : seconds >= 0.001 ? $"{Significant(seconds * 1000)} ms" : $"{Significant(seconds * 1e6)} µs";
        if (seconds < 10)
            return $"{Math.Round(seconds, 1).ToString(CultureInfo.InvariantCulture)} s";
        var whole = TimeSpan.FromSeconds(Math.Min(Math.Round(seconds), 1e11));
        return whole switch
        {
            { TotalMinutes: < 1 } => Two(whole.Seconds, "s", 0, ""),
            { TotalMinutes: < 5 } => Two(whole.Minutes, "min", whole.Seconds, "s"),
            { TotalHours: < 1 } => Two(whole.Minutes, "min", 0, ""),
            { TotalDays: < 1 } => Two(whole.Hours, "h", whole.Minutes, "min"),
            _ => Two(whole.Days, "d", whole.Hours, "h"),
        };
    }

    /// <summary>The least step of an axis that reads well and is no less than one: 1, 2 or 5 times a power of ten.</summary>
    public static double RoundStep(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        // A little more, by what dividing costs, is no more.
        return power * ((least / power) - 1e-9) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
    }

    /// <summary>A number and its unit.</summary>
    public static string Join(string number, string name) =>
        name.Length == 0 || name.StartsWith('/') ? number + name : $"{number} {name}";

    private static string Two(int great, string name, int small, string smallName) => small == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{great} {name}")
        : string.Create(CultureInfo.InvariantCulture, $"{great} {name} {small} {smallName}");

    /// <summary>Bytes have one decimal, so that they line up; 99.95 % is not 100 %.</summary>
    private string Digits(double number, string name)
    {
        if (Kind is UnitKind.Bytes or UnitKind.Bits && !name.StartsWith('B') && !name.StartsWith('b') && Math.Abs(number) < 100)
            return number.ToString("F1", CultureInfo.InvariantCulture);
        bool isNearlyAll = name == "%" && number is > 99 and < 100;
        bool isCounted = number == Math.Round(number) && Math.Abs(number) < 1e6;
        return isCounted ? number.ToString("F0", CultureInfo.InvariantCulture)
            : isNearlyAll ? (Math.Floor(number * 100) / 100).ToString(CultureInfo.InvariantCulture)
            : Significant(number);
    }

    private static string Significant(double number)
    {
        if (number == 0)
            return "0";
        int power = (int)Math.Floor(Math.Log10(Math.Abs(number)));
        return power is < -6 or > 15
            ? number.ToString("0.##E+0", CultureInfo.InvariantCulture)
            : Math.Round(number, Math.Clamp(2 - power, 0, 8)).ToString("0.########", CultureInfo.InvariantCulture);
    }
}
