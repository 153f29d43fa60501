using System.Globalization;
using System.Text;

namespace Metrics.Model;

/// <summary>
/// The one syntax for spans of time in configuration, rules and queries: <c>15s</c>, <c>5m</c>, <c>1h30m</c>, <c>250ms</c>, <c>0</c>.
/// </summary>
/// <remarks>
/// Units y (365 d), w, d, h, m, s, ms, each at most once and in that order, as in
/// https://prometheus.io/docs/prometheus/latest/configuration/configuration/ (<c>duration</c>).
/// </remarks>
public static class Duration
{
    private static readonly (string Unit, long Milliseconds)[] s_units =
    [
        ("y", 365L * 86_400_000), ("w", 7L * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ];

    /// <summary>Reads a duration; false for anything else, a bare number other than 0 included, and for more than 290 years.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        if (text is "0")
            return true;
        if (text.IsEmpty)
            return false;
        long total = 0;
        int nextUnit = 0;
        while (!text.IsEmpty)
        {
            int digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0 || !long.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
                return false;
            text = text[digits..];
            int letters = text.IndexOfAnyInRange('0', '9');
            ReadOnlySpan<char> unit = letters < 0 ? text : text[..letters];
            int place = nextUnit;
            while (place < s_units.Length && !unit.SequenceEqual(s_units[place].Unit))
                place++;
            if (place == s_units.Length || number > long.MaxValue / 10_000 / s_units[place].Milliseconds)
                return false;
            total += number * s_units[place].Milliseconds;
            if (total is < 0 or > long.MaxValue / 10_000)
                return false;
            nextUnit = place + 1;
            text = text[unit.Length..];
        }
        duration = TimeSpan.FromMilliseconds(total);
        return true;
    }

    /// <summary>Reads a duration that is known to be well formed.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static TimeSpan Parse(string text) => TryParse(text, out TimeSpan duration)
        ? duration
        : throw new FormatException($"'{text}' is not a duration; write it like 15s, 5m or 1h30m.");

    /// <summary>The shortest form that reads back as the same duration; fractions of a millisecond are dropped.</summary>
    public static string Format(TimeSpan duration)
    {
        long rest = (long)Math.Abs(duration.TotalMilliseconds);
        if (rest == 0)
            return "0s";
        var text = new StringBuilder(duration < TimeSpan.Zero ? "-" : "");
        foreach ((string unit, long size) in s_units)
        {
            // Years and weeks only where they come out even: "10d" reads better than "1w3d".
            if (unit is "y" or "w" ? rest % size == 0 && rest > 0 : rest >= size)
            {
                text.Append(CultureInfo.InvariantCulture, $"{rest / size}{unit}");
                rest %= size;
            }
        }
        return text.ToString();
    }
}
