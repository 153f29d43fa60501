using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Metrics.Text;

/// <summary>Looks at the texts of JSON, which a parser takes as they are, and throws at when they are read.</summary>
public static class JsonTexts
{
    private const int Length = 6;

    /// <summary>
    /// Finds bytes that are no UTF-8, half of a character that takes two (<c>\ud800</c>), and NUL, which many databases and programs do not
    /// take.
    /// </summary>
    /// <param name="json">Well-formed JSON but for its texts.</param>
    /// <returns>What is wrong, or null.</returns>
    /// <remarks>RFC 8259, section 7.</remarks>
    public static string? FaultOf(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
            return "a text is no UTF-8";
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

    /// <summary>
    /// Puts U+FFFD for all that <see cref="FaultOf"/> finds: a name that somebody made up spoils no list.
    /// </summary>
    /// <param name="json">Well-formed JSON but for its texts.</param>
    public static byte[] Mend(ReadOnlySpan<byte> json)
    {
        byte[] mended = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json));
        for (int at = 0; mended.AsSpan(at).IndexOf((byte)'\\') is >= 0 and var step;)
        {
            at += step;
            if (!TryRead(mended.AsSpan(at), out char first))
            {
                at += 2;
                continue;
            }
            bool isPair = char.IsHighSurrogate(first)
                && TryRead(mended.AsSpan(at + Length), out char second) && char.IsLowSurrogate(second);
            if (first == 0 || (char.IsSurrogate(first) && !isPair))
                Replacement.CopyTo(mended.AsSpan(at));
            at += isPair ? 2 * Length : Length;
        }
        return mended;
    }

    private static ReadOnlySpan<byte> Replacement => "\\ufffd"u8;

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
