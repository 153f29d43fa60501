using System.Globalization;
using Metrics.Formats.EventJson;

namespace Metrics.Formats.Shippers;

/// <summary>Times as shippers write them: RFC 3339, or a number since 1970 whose size says its unit.</summary>
public static class ShippedTime
{
    private const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Up to here they are seconds, to the year 5138; thousand times as much are milliseconds, and so on.</summary>
    private const decimal MaxSeconds = 100_000_000_000;

    /// <summary>Reads one.</summary>
    /// <param name="text">Such as <c>2026-01-31T12:00:00.5Z</c>, <c>1769860800.5</c> or <c>1769860800500</c>.</param>
    /// <param name="nanoseconds">Since 1970 UTC.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out long nanoseconds)
    {
        if (EventTime.TryParse(text, out nanoseconds))
            return true;
        // The digits of more than 40 characters are nobody's clock.
        if (text.Length > 40 || !decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out decimal number))
            return false;
        decimal unit = 1_000_000_000;
        for (decimal max = MaxSeconds; number >= max && unit > 1; max *= 1000)
            unit /= 1000;
        if (number > long.MaxValue / unit)
            return false;
        nanoseconds = (long)(number * unit);
        return true;
    }
}
