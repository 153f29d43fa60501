using System.Globalization;

namespace Metrics.Formats;

/// <summary>
/// Decimal numbers as the formats of this field write them: digits, point, exponent; <c>NaN</c> and <c>Inf</c> where allowed.
/// </summary>
public static class FloatText
{
    private const int MaxExactDigits = 19;
    private const ulong MaxExactMantissa = 1UL << 53;

    private static readonly double[] s_powersOfTen =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>
    /// Reads a number as Prometheus does (Go's ParseFloat without hexadecimal and underscores): also <c>NaN</c>, <c>Inf</c>,
    /// <c>Infinity</c>
    /// in any case with an optional sign. False for anything else, and for finite numbers beyond a double.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value) =>
        TryParseFinite(text, out value) || TryParseSpecial(text, out value);

    /// <summary>Reads digits, point and exponent only. Correctly rounded; never allocates.</summary>
    public static bool TryParseFinite(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        int i = 0;
        bool negative = false;
        if (i < text.Length && text[i] is (byte)'-' or (byte)'+')
        {
            negative = text[i] == '-';
            i++;
        }

        ulong mantissa = 0;
        int digits = 0;       // read at all: a number needs one
        int significant = 0;  // in the mantissa
        int exponent = 0;
        for (; i < text.Length && (uint)(text[i] - '0') <= 9; i++, digits++)
        {
            if (significant < MaxExactDigits)
            {
                mantissa = (mantissa * 10) + (ulong)(text[i] - '0');
                significant += mantissa == 0 ? 0 : 1;
            }
            else
            {
                significant++;
            }
        }
        if (i < text.Length && text[i] == '.')
        {
            for (i++; i < text.Length && (uint)(text[i] - '0') <= 9; i++, digits++)
            {
                if (significant < MaxExactDigits)
                {
                    mantissa = (mantissa * 10) + (ulong)(text[i] - '0');
                    significant += mantissa == 0 ? 0 : 1;
                    exponent--;
                }
                else
                {
                    significant++;
                }
            }
        }
        if (digits == 0)
            return false;
        if (i < text.Length && (text[i] | 0x20) == 'e')
        {
            if (!TryReadExponent(text[(i + 1)..], out int written))
                return false;
            exponent += written;
            i = text.Length;
        }
        if (i != text.Length)
            return false;

        // Exact: both factors are doubles without rounding, so the one operation rounds correctly (Clinger's fast path).
        if (significant <= MaxExactDigits && mantissa < MaxExactMantissa && exponent is >= -22 and <= 22)
        {
            value = exponent < 0 ? mantissa / s_powersOfTen[-exponent] : mantissa * s_powersOfTen[exponent];
            if (negative)
                value = -value;
            return true;
        }
        const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, Styles, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        bool negative = false;
        if (text is [(byte)'-' or (byte)'+', ..])
        {
            negative = text[0] == '-';
            text = text[1..];
        }
        if (text.IsEmpty)
            return false;
        foreach (byte b in text)
        {
            if ((uint)(b - '0') > 9)
                return false;
            exponent = Math.Min((exponent * 10) + (b - '0'), 100_000);
        }
        if (negative)
            exponent = -exponent;
        return true;
    }

    private static bool TryParseSpecial(ReadOnlySpan<byte> text, out double value)
    {
        value = double.NaN;
        bool negative = false;
        if (text is [(byte)'-' or (byte)'+', ..])
        {
            negative = text[0] == '-';
            text = text[1..];
            if (EqualsIgnoreCase(text, "nan"u8))
                return false;
        }
        if (EqualsIgnoreCase(text, "nan"u8))
            return true;
        if (!EqualsIgnoreCase(text, "inf"u8) && !EqualsIgnoreCase(text, "infinity"u8))
            return false;
        value = negative ? double.NegativeInfinity : double.PositiveInfinity;
        return true;
    }

    private static bool EqualsIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) =>
        System.Text.Ascii.EqualsIgnoreCase(text, lower);

    /// <summary>
    /// A number as Prometheus writes it in its text formats: shortest form that reads back, <c>NaN</c>, <c>+Inf</c>, <c>-Inf</c>.
    /// </summary>
    public static string Format(double value)
    {
        if (double.IsNaN(value))
            return "NaN";
        if (double.IsInfinity(value))
            return value > 0 ? "+Inf" : "-Inf";
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        int e = shortest.IndexOf('E', StringComparison.Ordinal);
        if (e < 0)
            return shortest;
        int exponent = int.Parse(shortest.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = shortest[..e];
        // .NET takes to exponents at 1e15 and 1e-5, Go (which Prometheus prints with) at 1e21 and 1e-5.
        return exponent is >= 0 and < 21
            ? Expand(mantissa, exponent)
            : string.Create(CultureInfo.InvariantCulture, $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <summary>A number with an exponent, as alerts' values are written: 1.5e+00.</summary>
    public static string FormatExponent(double value)
    {
        if (!double.IsFinite(value))
            return Format(value);
        string[] parts = value.ToString("E16", CultureInfo.InvariantCulture).Split('E');
        for (int digits = 0; digits < 16; digits++)
        {
            string shorter = value.ToString($"E{digits}", CultureInfo.InvariantCulture);
            if (double.Parse(shorter, CultureInfo.InvariantCulture).Equals(value))
            {
                parts = shorter.Split('E');
                break;
            }
        }
        int exponent = int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{parts[0]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <summary>A number as Go prints it (<c>%v</c>): with an exponent from a million on, and below a ten-thousandth.</summary>
    public static string FormatGeneral(double value)
    {
        if (!double.IsFinite(value) || value == 0)
            return Format(value);
        string exponent = FormatExponent(value);
        int power =
            int.Parse(
                exponent.AsSpan(exponent.IndexOf('e', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture);
        return power is < -4 or >= 6 ? exponent : FormatPlain(value);
    }

    /// <summary>A number in full, without an exponent however long that is: the shortest digits that read back.</summary>
    public static string FormatPlain(double value)
    {
        string shortest = Format(value);
        int e = shortest.IndexOf('e', StringComparison.Ordinal);
        if (e < 0)
            return shortest;
        int exponent = int.Parse(shortest.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent >= 0)
            return Expand(shortest[..e], exponent);
        string sign = value < 0 ? "-" : "";
        return $"{sign}0.{new string('0', -exponent - 1)}{shortest[sign.Length..e].Replace(".", "", StringComparison.Ordinal)}";
    }

    private static string Expand(string mantissa, int exponent)
    {
        string sign = mantissa[0] == '-' ? "-" : "";
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal)[sign.Length..];
        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0')
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }
}
