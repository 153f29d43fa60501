using System.Globalization;
using Metrics.Model;

namespace Metrics.Cli.Charts;

/// <summary>What numbers count, as far as it changes how they are written for people.</summary>
internal enum Quantity
{
    /// <summary>Not known, or things.</summary>
    Number,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>A time that passes, in seconds.</summary>
    Seconds,

    /// <summary>A moment, in seconds since 1970.</summary>
    Moment,

    /// <summary>A part of 1, written as percent.</summary>
    Ratio,

    /// <summary>What is written behind the number as it is: percent, °C, W.</summary>
    Named,

    /// <summary>Numbers as they are sent.</summary>
    Raw,
}

/// <summary>The unit of numbers, and how people read them: <c>23.0 GB</c>, <c>12.3 %</c>, <c>3h 5m</c>.</summary>
/// <param name="Quantity">What they count.</param>
/// <param name="Symbol">Of <see cref="Charts.Quantity.Named"/>, its name.</param>
/// <param name="IsRate">Whether they are so many a second.</param>
internal readonly record struct ShownUnit(Quantity Quantity, string Symbol = "", bool IsRate = false)
{
    private static readonly (double Size, string Prefix)[] s_large =
        [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1, "")];

    private static readonly (double Size, string Unit)[] s_small = [(1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];

    /// <summary>Nothing is known of them.</summary>
    public static readonly ShownUnit Unknown = new(Quantity.Number);

    /// <summary>They are to be written as they are sent.</summary>
    public static readonly ShownUnit Raw = new(Quantity.Raw);

    /// <summary>The step between ticks of an axis should be one of minutes, hours or days where it is long.</summary>
    public bool IsTime => (Quantity == Quantity.Seconds && !IsRate) || Quantity == Quantity.Moment;

    /// <summary>A number for people.</summary>
    public string Text(double value)
    {
        if (Quantity == Quantity.Raw)
            return value.ToString("R", CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        return Quantity switch
        {
            Quantity.Bytes => $"{Large(value, "B")}{Rate}",
            Quantity.Seconds when !IsRate => SpanText(value),
            Quantity.Moment when !IsRate => MomentText(value),
            Quantity.Ratio when !IsRate => $"{Short(value * 100)} %",
            Quantity.Named => $"{Number(value)} {Symbol}{Rate}",
            _ => Number(value),
        };
    }

    /// <summary>A number at an axis: all of one axis have the same prefix and as many digits as tell them apart.</summary>
    /// <param name="value">The number.</param>
    /// <param name="step">The distance of two of them.</param>
    /// <param name="most">The largest of them, without its sign.</param>
    public string AxisText(double value, double step, double most)
    {
        if (Quantity == Quantity.Moment && !IsRate)
            return MomentText(value);
        if (Quantity == Quantity.Raw || most is >= 1e21 or < 1e-9)
            return value.ToString("G4", CultureInfo.InvariantCulture);
        if (Quantity == Quantity.Seconds && !IsRate)
            return most >= 60 && step >= 1
                ? SpanText(value, 3)
                : Scaled(value, step, s_small.FirstOrDefault(u => most >= u.Size, s_small[^1]));
        if (Quantity == Quantity.Ratio && !IsRate)
            return Scaled(value, step, (0.01, "%"));
        (double Size, string Prefix) scale = most >= 10_000 || Quantity == Quantity.Bytes
            ? s_large.FirstOrDefault(s => most >= s.Size, (1, ""))
            : (1, "");
        string name = Quantity switch { Quantity.Bytes => $"B{Rate}", Quantity.Named => $"{Symbol}{Rate}", _ => "" };
        return Scaled(value, step, (scale.Size, scale.Prefix + name));
    }

    private string Rate => IsRate ? "/s" : "";

    private static string Scaled(double value, double step, (double Size, string Unit) scale)
    {
        int digits = Math.Clamp((int)Math.Ceiling(-Math.Log10(step / scale.Size) - 1e-9), 0, 12);
        string number = (value / scale.Size).ToString($"F{digits}", CultureInfo.InvariantCulture);
        return scale.Unit.Length > 0 ? $"{number} {scale.Unit}" : number;
    }

    private static string Large(double value, string unit)
    {
        // What rounds to 1000 of a prefix is 1 of the next.
        (double size, string prefix) = s_large.FirstOrDefault(s => Math.Abs(value) >= s.Size * 0.9995, (1, ""));
        return prefix.Length == 0 ? $"{Short(value)} {unit}" : $"{Prefixed(value / size)} {prefix}{unit}";
    }

    /// <summary>Three digits that count, and one behind the point in any case: 1.50, 23.0, 999.4.</summary>
    private static string Prefixed(double value) =>
        value.ToString(Math.Abs(value) < 9.995 ? "F2" : "F1", CultureInfo.InvariantCulture);

    /// <summary>Three digits that count.</summary>
    private static string Short(double value)
    {
        int digits = value == 0 ? 0 : Math.Clamp(2 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 12);
        string text = value.ToString($"F{digits}", CultureInfo.InvariantCulture);
        return digits == 0 ? text : text.TrimEnd('0').TrimEnd('.');
    }

    /// <summary>Six digits that count, whole numbers whole; an exponent only where nobody could read the zeros.</summary>
    private static string Number(double value)
    {
        double size = Math.Abs(value);
        if (size is >= 1e18 or (> 0 and < 1e-9))
            return value.ToString("G6", CultureInfo.InvariantCulture);
        if (value == Math.Floor(value))
            return value.ToString("F0", CultureInfo.InvariantCulture);
        int digits = Math.Clamp(5 - (int)Math.Floor(Math.Log10(size)), 0, 15);
        string text = value.ToString($"F{digits}", CultureInfo.InvariantCulture);
        return digits == 0 ? text : text.TrimEnd('0').TrimEnd('.');
    }

    /// <summary>The two largest of days, hours, minutes and seconds; below a minute, seconds and their parts.</summary>
    private static string SpanText(double seconds, int parts = 2)
    {
        double size = Math.Abs(seconds);
        if (size == 0)
            return "0 s";
        if (size < 59.95)
        {
            (double unit, string name) = s_small.FirstOrDefault(u => size >= u.Size * 0.9995, s_small[^1]);
            return $"{Short(seconds / unit)} {name}";
        }
        if (size >= 1e13)
            return $"{Number(seconds)} s";
        long whole = (long)Math.Round(size);
        (long Count, string Unit)[] all =
            [(whole / 86_400, "d"), (whole / 3600 % 24, "h"), (whole / 60 % 60, "m"), (whole % 60, "s")];
        IEnumerable<string> shown = all.SkipWhile(p => p.Count == 0).Take(parts).Where(p => p.Count > 0).Select(p => $"{p.Count}{p.Unit}");
        return (seconds < 0 ? "-" : "") + string.Join(' ', shown);
    }

    private static string MomentText(double seconds) => Math.Abs(seconds) < 1e12
        ? new Timestamp((long)(seconds * 1000)).ToSecondsText()
        : Number(seconds);
}
