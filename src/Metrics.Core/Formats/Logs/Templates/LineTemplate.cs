using System.Text;

namespace Metrics.Formats.Logs.Templates;

/// <summary>A kind of line: the words that its lines share, and a mask where they differ.</summary>
public sealed class LineTemplate
{
    /// <summary>What an object costs beside its texts, bytes; a measure for bounds, not exact.</summary>
    private const int Overhead = 200, OverheadOfWord = 40;

    private static readonly string s_any = ((char)LineMask.Any).ToString();

    private readonly string[] _words;

    /// <summary>The numbers of the words; 0 where any word fits.</summary>
    private readonly ulong[] _hashes;

    internal LineTemplate(string masked, ulong[] hashes, string example)
    {
        (_words, _hashes, Example) = (masked.Split(' ')[..hashes.Length], hashes, example);
        Bytes = Overhead + (2 * example.Length) + (OverheadOfWord * _words.Length) + (2 * masked.Length);
    }

    /// <summary>Names it as long as it is known, also over restarts.</summary>
    public long Id { get; init; }

    /// <summary>The masked text.</summary>
    public string Masked => string.Join(' ', _words);

    /// <summary>The first line of this kind that was seen, as far as it is kept.</summary>
    public string Example { get; }

    /// <summary>When its first line was seen, nanoseconds since 1970 UTC.</summary>
    public long First { get; init; }

    /// <summary>When its last line was seen, nanoseconds since 1970 UTC.</summary>
    public long Last { get; private set; }

    /// <summary>How many lines of it were seen.</summary>
    public long Count { get; private set; }

    /// <summary>Whether something about it is not stored yet.</summary>
    public bool IsChanged { get; set; } = true;

    /// <summary>Whether it has been stored at all.</summary>
    public bool IsStored { get; set; }

    /// <summary>Whether it was dropped, and is no kind that is known.</summary>
    public bool IsGone { get; internal set; }

    /// <summary>Bytes that it takes in memory, about.</summary>
    public int Bytes { get; }

    /// <summary>The number of its first word, under which it stands in the tree; 0 where any fits.</summary>
    internal ulong FirstWord => _hashes[0];

    /// <summary>How many words it has.</summary>
    internal int Length => _hashes.Length;

    /// <summary>Counts lines of it.</summary>
    public void Note(long time, long lines = 1)
    {
        Count += lines;
        Last = Math.Max(Last, time);
        IsChanged = true;
    }

    /// <summary>How many words of a line of the same length are the same here, masks among them.</summary>
    internal int CountSame(ReadOnlySpan<ulong> line)
    {
        int same = 0;
        for (int at = 0; at < _hashes.Length; at++)
        {
            if (_hashes[at] == line[at])
                same++;
        }
        return same;
    }

    /// <summary>Masks the words that a line of it has otherwise.</summary>
    internal void Widen(ReadOnlySpan<ulong> line)
    {
        for (int at = 0; at < _hashes.Length; at++)
        {
            if (_hashes[at] != line[at])
                (_hashes[at], _words[at]) = (0, s_any);
        }
    }

    /// <summary>A line as it is kept as an example.</summary>
    internal static string ExampleOf(ReadOnlySpan<byte> line)
    {
        const int MaxLength = 256;
        int end = line.IndexOf((byte)'\n');
        string text = Encoding.UTF8.GetString(end < 0 ? line : line[..end]);
        return text.Length > MaxLength ? text[..(char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1 : MaxLength)] : text;
    }
}
