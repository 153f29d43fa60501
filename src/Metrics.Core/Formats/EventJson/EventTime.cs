using System.Globalization;

namespace Metrics.Formats.EventJson;

/// <summary>Times of events as text: RFC 3339 with up to nine digits of a second, which .NET's own types cannot hold.</summary>
/// <remarks>https://www.rfc-editor.org/rfc/rfc3339#section-5.6</remarks>
public static class EventTime
{
    private const long NanosecondsASecond = 1_000_000_000;
    private const int Digits = 9;

    /// <summary>Reads a time with its offset, such as <c>2026-01-31T12:00:00.123456789Z</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="nanoseconds">Since 1970 UTC.</param>
    /// <returns>False when it is no such time or lies beyond the years 1678 to 2261.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long nanoseconds)
    {
        nanoseconds = 0;
        if (text.Length is < 20 or > 40 || text[10] is not ('T' or 't' or ' '))
            return false;
        ReadOnlySpan<char> zone = text[19..];
        long fraction = 0;
        if (zone[0] is '.' or ',')
        {
            int end = zone[1..].IndexOfAnyExceptInRange('0', '9') + 1;
            if (end <= 1)
                return false;
            ReadOnlySpan<char> digits = zone[1..Math.Min(end, Digits + 1)];
            fraction = long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
            for (int i = digits.Length; i < Digits; i++)
                fraction *= 10;
            zone = zone[end..];
        }
        if (!TryParseOffset(zone, out TimeSpan offset) || !TryParseSeconds(text[..19], out DateTime whole))
            return false;
        long seconds = (whole.Ticks - DateTime.UnixEpoch.Ticks - offset.Ticks) / TimeSpan.TicksPerSecond;
        if (Math.Abs(seconds) >= long.MaxValue / NanosecondsASecond)
            return false;
        nanoseconds = (seconds * NanosecondsASecond) + fraction;
        return true;
    }

    /// <summary>A time in UTC with nine digits of a second.</summary>
    public static string Format(long nanoseconds)
    {
        (long seconds, long rest) = Math.DivRem(nanoseconds, NanosecondsASecond);
        if (rest < 0)
            (seconds, rest) = (seconds - 1, rest + NanosecondsASecond);
        DateTime whole = DateTime.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond);
        return string.Create(CultureInfo.InvariantCulture, $"{whole:yyyy-MM-dd'T'HH:mm:ss}.{rest:D9}Z");
    }

    private static bool TryParseSeconds(ReadOnlySpan<char> text, out DateTime whole)
    {
        Span<char> plain = stackalloc char[19];
        text.CopyTo(plain);
        plain[10] = 'T';
        return DateTime.TryParseExact(plain, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out whole);
    }

    private static bool TryParseOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is "Z" or "z")
            return true;
        if (text.Length != 6 || text[0] is not ('+' or '-') || text[3] != ':'
            || !TimeSpan.TryParseExact(text[1..], "hh\\:mm", CultureInfo.InvariantCulture, out offset))
        {
            return false;
        }
        if (text[0] == '-')
            offset = -offset;
        return true;
    }
}
