using System.Text;

namespace Metrics.Model;

/// <summary>
/// Makes strings out of UTF-8 and gives the same string again for the same bytes, most of the time: label names and values repeat by the
/// thousand. Bounded: a fixed number of places, the newer text takes the place. Safe for use by several threads; a race costs a copy.
/// </summary>
public sealed class TextPool
{
    /// <summary>Longest text, in bytes, that is kept.</summary>
    private const int MaxLength = 128;

    /// <summary>The pool that the formats use.</summary>
    public static readonly TextPool Shared = new(1 << 16);

    private readonly string?[] _places;

    /// <param name="places">How many texts it keeps at most; a power of two.</param>
    public TextPool(int places) => _places = new string?[places];

    /// <summary>The text of valid UTF-8.</summary>
    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
            return "";
        if (utf8.Length > MaxLength)
            return Encoding.UTF8.GetString(utf8);
        ref string? place = ref _places[Hash(utf8) & (_places.Length - 1)];
        string? kept = place;
        if (kept is not null && IsSame(kept, utf8))
            return kept;
        return place = Encoding.UTF8.GetString(utf8);
    }

    /// <summary>Most texts are short: all their bytes are in the first and the last eight.</summary>
    private static int Hash(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is >= sizeof(ulong) and <= 2 * sizeof(ulong))
            return HashCode.Combine(BitConverter.ToUInt64(utf8), BitConverter.ToUInt64(utf8[^sizeof(ulong)..]));
        if (utf8.Length is >= sizeof(uint) and < sizeof(ulong))
            return HashCode.Combine(BitConverter.ToUInt32(utf8), BitConverter.ToUInt32(utf8[^sizeof(uint)..]));
        HashCode hash = default;
        hash.AddBytes(utf8);
        return hash.ToHashCode();
    }

    private static bool IsSame(string kept, ReadOnlySpan<byte> utf8)
    {
        if (kept.Length == utf8.Length && Ascii.Equals(utf8, kept))
            return true;
        Span<char> text = stackalloc char[MaxLength];
        return kept.Length < utf8.Length
            && Encoding.UTF8.TryGetChars(utf8, text, out int length) && kept.AsSpan().SequenceEqual(text[..length]);
    }
}
