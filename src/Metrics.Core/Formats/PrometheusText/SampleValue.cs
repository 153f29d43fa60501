using System.Buffers.Text;

namespace Metrics.Formats.PrometheusText;

/// <summary>The part of a sample line behind its series: value, optional timestamp, in OpenMetrics an optional exemplar.</summary>
/// <param name="Value">The value.</param>
/// <param name="HasTime">Whether a timestamp stands in the line.</param>
/// <param name="Time">That timestamp in milliseconds since 1970 UTC (OpenMetrics seconds are rounded down), else 0.</param>
public readonly record struct SampleValue(double Value, bool HasTime, long Time)
{
    /// <summary>Reads what follows the series.</summary>
    /// <param name="rest">The line from the end of its series on, without the line feed.</param>
    /// <param name="format">Text: any blanks, integer milliseconds. OpenMetrics: single spaces, seconds with an optional fraction.</param>
    /// <param name="afterBrace">Whether the series ended with <c>}</c>; then the text format needs no blank before the value.</param>
    /// <param name="sample">What was read.</param>
    /// <param name="exemplar">What stands behind <c> # </c>, unread; see <see cref="ExemplarText"/>.</param>
    /// <param name="fault">What is wrong, with an offset into <paramref name="rest"/>.</param>
    public static bool TryRead(ReadOnlySpan<byte> rest, ExpositionFormat format, bool afterBrace, out SampleValue sample,
        out ReadOnlySpan<byte> exemplar, out ParseFault fault)
    {
        sample = default;
        exemplar = default;
        fault = default;
        return format == ExpositionFormat.Text
            ? TryReadText(rest, afterBrace, out sample, out fault)
            : TryReadOpenMetrics(rest, out sample, out exemplar, out fault);
    }

    private static bool TryReadText(ReadOnlySpan<byte> rest, bool afterBrace, out SampleValue sample, out ParseFault fault)
    {
        sample = default;
        fault = default;
        int i = SkipBlanks(rest, 0);
        if (i == 0 && !afterBrace)
            return Refuse("expected a blank after the metric name", i, out fault);
        int end = TokenEnd(rest, i);
        if (!FloatText.TryParse(rest[i..end], out double value))
            return Refuse("expected a number as value", i, out fault);
        i = SkipBlanks(rest, end);
        if (i == rest.Length)
        {
            sample = new SampleValue(value, false, 0);
            return true;
        }
        end = TokenEnd(rest, i);
        if (!TryReadInteger(rest[i..end], out long time))
            return Refuse("expected milliseconds as timestamp", i, out fault);
        i = SkipBlanks(rest, end);
        if (i != rest.Length)
            return Refuse("unexpected text after the timestamp", i, out fault);
        sample = new SampleValue(value, true, time);
        return true;
    }

    private static bool TryReadOpenMetrics(
        ReadOnlySpan<byte> rest, out SampleValue sample, out ReadOnlySpan<byte> exemplar, out ParseFault fault)
    {
        sample = default;
        exemplar = default;
        fault = default;
        if (rest is not [(byte)' ', ..])
            return Refuse("expected one space before the value", 0, out fault);
        int end = TokenEnd(rest, 1);
        if (!FloatText.TryParse(rest[1..end], out double value))
            return Refuse("expected a number as value", 1, out fault);
        sample = new SampleValue(value, false, 0);
        if (end == rest.Length)
            return true;
        if (rest[end] != ' ')
            return Refuse("expected one space after the value", end, out fault);
        int i = end + 1;
        if (i < rest.Length && rest[i] != '#')
        {
            end = TokenEnd(rest, i);
            if (!TryReadSeconds(rest[i..end], out long time))
                return Refuse("expected seconds as timestamp", i, out fault);
            sample = new SampleValue(value, true, time);
            if (end == rest.Length)
                return true;
            i = end + 1;
            if (rest[end] != ' ' || i == rest.Length || rest[i] != '#')
                return Refuse("unexpected text after the timestamp", end, out fault);
        }
        if (i + 1 >= rest.Length || rest[i + 1] != ' ')
            return Refuse("expected an exemplar after '#'", i, out fault);
        exemplar = rest[(i + 2)..];
        return ExemplarText.TryRead(exemplar, null, out _, out fault);
    }

    internal static bool TryReadSeconds(ReadOnlySpan<byte> text, out long milliseconds)
    {
        milliseconds = 0;
        if (!FloatText.TryParseFinite(text, out double seconds) || Math.Abs(seconds) > 9e15)
            return false;
        milliseconds = (long)Math.Floor((seconds * 1000) + 1e-6);
        return true;
    }

    private static bool TryReadInteger(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        bool negative = text is [(byte)'-', ..];
        ReadOnlySpan<byte> digits = negative ? text[1..] : text;
        if (digits.Length is 0 or > 18)
            return Utf8Parser.TryParse(text, out value, out int used) && used == text.Length;
        foreach (byte b in digits)
        {
            uint digit = (uint)(b - '0');
            if (digit > 9)
                return false;
            value = (value * 10) + digit;
        }
        if (negative)
            value = -value;
        return true;
    }

    private static int SkipBlanks(ReadOnlySpan<byte> text, int from)
    {
        while (from < text.Length && SeriesText.IsBlank(text[from]))
            from++;
        return from;
    }

    private static int TokenEnd(ReadOnlySpan<byte> text, int from)
    {
        while (from < text.Length && !SeriesText.IsBlank(text[from]))
            from++;
        return from;
    }

    private static bool Refuse(string reason, int offset, out ParseFault fault)
    {
        fault = new ParseFault(reason, offset);
        return false;
    }
}
