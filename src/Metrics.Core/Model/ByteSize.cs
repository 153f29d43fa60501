using System.Globalization;

namespace Metrics.Model;

/// <summary>Sizes as people write them: <c>65536</c>, <c>10MB</c> (10⁷ bytes), <c>64MiB</c> (2²⁶ bytes).</summary>
public static class ByteSize
{
    private static readonly (string Unit, long Size)[] s_units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000),
        ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1), ("", 1),
    ];

    /// <summary>Reads a size; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long bytes)
    {
        bytes = 0;
        foreach ((string unit, long size) in s_units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal))
                continue;
            ReadOnlySpan<char> digits = text[..^unit.Length].TrimEnd(' ');
            if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > long.MaxValue / size)
                return false;
            bytes = number * size;
            return true;
        }
        return false;
    }
}
