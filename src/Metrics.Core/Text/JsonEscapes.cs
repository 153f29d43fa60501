using System.Globalization;
using System.Text;

namespace Metrics.Text;

/// <summary>Looks at the escaped characters of JSON, which a parser takes as they are.</summary>
public static class JsonEscapes
{
    private const int Length = 6;

    /// <summary>Finds half of a character that takes two (<c>\ud800</c>), and NUL, which many databases and programs do not take.</summary>
    /// <param name="json">Well-formed JSON.</param>
    /// <returns>What is wrong, or null.</returns>
    /// <remarks>RFC 8259, section 7.</remarks>
    public static string? FaultOf(ReadOnlySpan<byte> json)
    {
        while (json.IndexOf((byte)'\\') is >= 0 and var at)
        {
            json = json[at..];
            if (!TryRead(json, out char first))
            {
                // Another escape, of two characters; the second may be a backslash.
                json = json[Math.Min(2, json.Length)..];
                continue;
            }
            json = json[Length..];
            if (first == 0)
                return "a text holds NUL";
            if (!char.IsSurrogate(first))
                continue;
            if (!char.IsHighSurrogate(first) || !TryRead(json, out char second) || !char.IsLowSurrogate(second))
                return $"a text holds half of a character: \\u{(int)first:x4}";
            json = json[Length..];
        }
        return null;
    }

    private static bool TryRead(ReadOnlySpan<byte> json, out char c)
    {
        c = default;
        if (json.Length < Length || json[0] != '\\' || json[1] != 'u')
            return false;
        bool read = ushort.TryParse(json[2..Length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code);
        c = (char)code;
        return read;
    }
}
