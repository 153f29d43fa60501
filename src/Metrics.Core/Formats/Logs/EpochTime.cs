using System.Buffers.Text;

namespace Metrics.Formats.Logs;

/// <summary>Seconds as a number: since 1970 UTC, or how long something took.</summary>
internal static class EpochTime
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Reads <c>SECONDS[.fraction]</c>.</summary>
    /// <param name="text">All of it.</param>
    /// <param name="time">Nanoseconds.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, out long time)
    {
        // Ten digits reach to the year 2286, about as far as nanoseconds in 64 bits do.
        if (!Utf8Parser.TryParse(text, out uint seconds, out int length) || length > 10)
        {
            time = 0;
            return false;
        }
        time = seconds * NanosecondsPerSecond;
        if (length == text.Length)
            return true;
        if (text[length] != '.')
            return false;
        long unit = NanosecondsPerSecond;
        foreach (byte digit in text[(length + 1)..])
        {
            if (!char.IsAsciiDigit((char)digit))
                return false;
            unit /= 10;
            time += (digit - '0') * unit;
        }
        return true;
    }
}
