using System.Buffers.Binary;

namespace Metrics.Formats.Logs.Templates;

/// <summary>
/// A number of 64 bits for a text: equal texts have the same, others nearly never. Whoever writes lines must not know the seed, or could
/// find two that have the same. Reads eight bytes at a time.
/// </summary>
public static class LineHash
{
    private const ulong Factor = 0x9E37_79B9_7F4A_7C15;
    private const ulong Other = 0xD6E8_FEB8_6659_FD93;

    /// <summary>The number of a text; never 0.</summary>
    public static ulong Of(ReadOnlySpan<byte> text, ulong seed)
    {
        ulong hash = seed ^ ((ulong)text.Length * Factor);
        for (; text.Length >= sizeof(ulong); text = text[sizeof(ulong)..])
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text));
        ulong rest = 0;
        foreach (byte c in text)
            rest = (rest << 8) | c;
        return Mix(hash ^ rest ^ Other) | 1;
    }

    private static ulong Mix(ulong value)
    {
        ulong high = Math.BigMul(value ^ Other, Factor, out ulong low);
        return high ^ low;
    }
}
