using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Metrics.Text;

/// <summary>
/// A quick look whether a text may hold a secret: three signs of each word with which one comes (<see cref="Redactor.Words"/>) are looked
/// for at sixteen places at a time. Three tables say by the low, three by the high half of a byte which words may have it as their first,
/// second and third sign: a bit is a word, or two. "Teddy" of Hyperscan, Wang et al., NSDI 2019
/// </summary>
internal static class SecretSigns
{
    /// <summary>Bytes that are looked at for sixteen places.</summary>
    private const int Window = 18;

    /// <summary>
    /// Of password, passphrase, passwd and adminpass; secret and credential; token; each kind of key; authorization; bearer; AKIA; ASIA;
    /// gAAAAA; eyJ; and an address.
    /// </summary>
    private static readonly string[] s_signs = ["pas", "cre", "tok", "key", "riz", "bea", "kia", "sia", "aaa", "eyj", "://"];

    private static readonly (Vector128<byte> Low, Vector128<byte> High) s_first = Tables(0), s_second = Tables(1), s_third = Tables(2);

    /// <summary>Whether some of them are in a text.</summary>
    /// <param name="utf8">The text.</param>
    /// <returns>False only where none of the words is in it, in whatever case.</returns>
    public static bool MayBeIn(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length < Window)
            return MayBeInShort(utf8);
        for (ReadOnlySpan<byte> rest = utf8; rest.Length > Window; rest = rest[Vector128<byte>.Count..])
        {
            if (AreIn(rest))
                return true;
        }
        return AreIn(utf8[^Window..]);
    }

    private static bool MayBeInShort(ReadOnlySpan<byte> utf8)
    {
        Span<byte> padded = stackalloc byte[Window];
        padded.Clear();
        utf8.CopyTo(padded);
        return AreIn(padded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreIn(ReadOnlySpan<byte> window)
    {
        Vector128<byte> found = Words(s_first, Vector128.Create(window)) & Words(s_second, Vector128.Create(window[1..]))
            & Words(s_third, Vector128.Create(window[2..]));
        return found != Vector128<byte>.Zero;
    }

    /// <summary>Which words have these bytes there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Words((Vector128<byte> Low, Vector128<byte> High) tables, Vector128<byte> bytes) =>
        Vector128.Shuffle(tables.Low, bytes & Vector128.Create((byte)0x0F)) & Vector128.Shuffle(tables.High, bytes >>> 4);

    private static (Vector128<byte> Low, Vector128<byte> High) Tables(int place)
    {
        byte[] low = new byte[Vector128<byte>.Count], high = new byte[Vector128<byte>.Count];
        for (int word = 0; word < s_signs.Length; word++)
        {
            byte bit = (byte)(1 << (word % 8));
            foreach (char sign in (char[])[s_signs[word][place], char.ToUpperInvariant(s_signs[word][place])])
            {
                low[sign & 0x0F] |= bit;
                high[sign >> 4] |= bit;
            }
        }
        return (Vector128.Create(low), Vector128.Create(high));
    }
}
