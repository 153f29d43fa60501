using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Metrics.Storage.Events.Evidence;

/// <summary>
/// What a table of the event log, that is a day or a part of one, held when it ended. Each seal holds the one before, so that none can be
/// changed or taken out without the ones behind it.
/// </summary>
/// <param name="Table">The table's name.</param>
/// <param name="FirstId">Its first event.</param>
/// <param name="LastId">Its last event.</param>
/// <param name="Count">How many events it holds.</param>
/// <param name="Hash">SHA-256 over the hashes of its parts, in hexadecimal.</param>
/// <param name="Parts">Its parts, to find what differs.</param>
/// <param name="Before">The chain's head before it; 64 zeros where there is none.</param>
/// <param name="SealedAt">When it was sealed, milliseconds since 1970 UTC.</param>
internal sealed record EventSeal(
    string Table, long FirstId, long LastId, long Count, string Hash, IReadOnlyList<SealPart> Parts, string Before, long SealedAt)
{
    private static readonly char[] s_between = [' ', ':'];

    /// <summary>The head before the first seal of all.</summary>
    public static string NoHead { get; } = new('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>The chain's head with it.</summary>
    public string Head => Hex(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{Before} {Table} {FirstId} {LastId} {Count} {Hash}"))));

    /// <summary>Whether a table is the one that was sealed; one that has its name by chance is not.</summary>
    public bool IsOf(EventTable table) => table.Name == Table && table.FirstId <= LastId && table.LastId >= FirstId;

    /// <summary>The parts as a text: the last id and the beginning of the hash of each.</summary>
    public string PartsText => string.Join(' ', Parts.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.LastId}:{p.Hash}")));

    /// <summary>Reads <see cref="PartsText"/>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static IReadOnlyList<SealPart> ReadParts(string text)
    {
        string[] words = text.Split(s_between, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length % 2 != 0)
            throw new FormatException("the parts of a seal are no pairs of an id and a hash");
        return [.. words.Chunk(2).Select(w => new SealPart(long.Parse(w[0], CultureInfo.InvariantCulture), w[1]))];
    }

    /// <summary>A hash as people read it.</summary>
    public static string Hex(ReadOnlySpan<byte> hash) => Convert.ToHexStringLower(hash);
}

/// <summary>A part of a sealed table.</summary>
/// <param name="LastId">Its last event; it begins behind the part before.</param>
/// <param name="Hash">The beginning of its SHA-256, in hexadecimal.</param>
internal sealed record SealPart(long LastId, string Hash);
