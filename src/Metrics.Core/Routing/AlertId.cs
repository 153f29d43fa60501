using System.Globalization;

namespace Metrics.Routing;

/// <summary>
/// A number that stands for an alert, also over restarts (<see cref="AlertKey.ToId"/>). Stored and shown as 32 hex digits.
/// </summary>
public readonly record struct AlertId(UInt128 Value)
{
    /// <summary>Reads the stored form.</summary>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static AlertId Parse(ReadOnlySpan<char> text) => new(UInt128.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    /// <summary>Reads many, with blanks between.</summary>
    /// <exception cref="FormatException">One is not of this form.</exception>
    public static HashSet<AlertId> ParseAll(string text)
    {
        var ids = new HashSet<AlertId>();
        ReadOnlySpan<char> all = text;
        foreach (Range part in all.Split(' '))
        {
            if (!all[part].IsEmpty)
                ids.Add(Parse(all[part]));
        }
        return ids;
    }

    /// <summary>Writes many, with blanks between: half a hundred thousand are one text.</summary>
    public static string Write(IEnumerable<AlertId> ids) => string.Join(' ', ids);

    /// <summary>The stored form.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
