using System.Globalization;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Cli.Charts;

/// <summary>
/// Numbers of an answer for people: those with a unit as messages have them, those without as they are, and moments as moments.
/// </summary>
internal static class ShownNumber
{
    /// <summary>A number.</summary>
    /// <param name="value">The number.</param>
    /// <param name="unit">Its unit; null is as it was sent.</param>
    public static string Text(double value, ValueUnit? unit)
    {
        if (unit is not { } known)
            return value.ToString("R", CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        return IsMoment(known) ? MomentText(value) : IsBare(known) ? Number(value) : known.Format(value);
    }

    /// <summary>A number at an axis: all of one axis have the same unit and as many digits as tell them apart.</summary>
    /// <param name="value">The number.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="step">The distance of two of them.</param>
    /// <param name="most">The largest of them, without its sign.</param>
    public static string AxisText(double value, ValueUnit unit, double step, double most)
    {
        if (IsMoment(unit))
            return MomentText(value);
        if (most is >= 1e21 or < 1e-9)
            return value.ToString("G4", CultureInfo.InvariantCulture);
        (double size, string name) = unit.ScaleOf(most);
        int digits = Math.Clamp((int)Math.Ceiling(-Math.Log10(step / size) - 1e-9), 0, 12);
        return ValueUnit.Join((value / size).ToString($"F{digits}", CultureInfo.InvariantCulture), name);
    }

    /// <summary>Whether numbers are moments.</summary>
    public static bool IsMoment(ValueUnit unit) => unit.Kind == UnitKind.Timestamp;

    /// <summary>Whether numbers are things, or nobody knows what.</summary>
    private static bool IsBare(ValueUnit unit) => unit is { Kind: UnitKind.None } or { Kind: UnitKind.Quotient, Factor: not 100 };

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

    private static string MomentText(double seconds) => Math.Abs(seconds) < 1e12
        ? new Timestamp((long)(seconds * 1000)).ToSecondsText()
        : Number(seconds);
}
