using System.Text;

namespace Metrics.Text.Expressions;

/// <summary>A place in an expression while it is read.</summary>
internal sealed class Re2Cursor(string pattern)
{
    /// <summary>The most code points, places and empty texts of an expression: .NET's linear-time engine takes no more.</summary>
    public const int MaxNodes = 10_000;

    /// <summary>The most ranges that the classes of an expression have together.</summary>
    private const int MaxRanges = 100_000;

    /// <summary>Signs that are shown of an expression that is too large.</summary>
    private const int Shown = 200;

    private int _nodes;

    /// <summary>Where it is.</summary>
    public int At { get; private set; }

    /// <summary>Whether nothing is left.</summary>
    public bool IsAtEnd => At == pattern.Length;

    /// <summary>What is left.</summary>
    public ReadOnlySpan<char> Rest => pattern.AsSpan(At);

    /// <summary>Ranges that the classes so far have together.</summary>
    public int Ranges { get; private set; }

    /// <summary>Takes a text where it comes next.</summary>
    public bool Takes(string text)
    {
        if (!Rest.StartsWith(text, StringComparison.Ordinal))
            return false;
        At += text.Length;
        return true;
    }

    /// <summary>Goes on.</summary>
    public void Skip(int count) => At += count;

    /// <summary>The next code point.</summary>
    public int Next()
    {
        if (Rune.DecodeFromUtf16(Rest, out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
            throw Wrong(IsAtEnd ? "ends too early" : "is no text: it holds half a pair of UTF-16");
        At += length;
        return rune.Value;
    }

    /// <summary>The same place, where what comes next is tried.</summary>
    public void Return(int at) => At = at;

    /// <summary>Counts a part that is to be kept.</summary>
    /// <exception cref="ArgumentException">There are too many.</exception>
    public void CountNode()
    {
        if (++_nodes > MaxNodes)
            throw TooLarge();
    }

    /// <summary>Counts ranges of a class that are to be kept.</summary>
    /// <exception cref="ArgumentException">There are too many.</exception>
    public void CountRanges(int ranges)
    {
        Ranges += ranges;
        if (Ranges > MaxRanges)
            throw TooLarge();
    }

    /// <summary>The expression from a place to here.</summary>
    public string Since(int start) => pattern[start..At];

    /// <summary>What is wrong with the expression.</summary>
    public ArgumentException Wrong(string reason) => new($"'{pattern}': it {reason}");

    /// <summary>What is said of an expression that is too large: not all of it.</summary>
    public ArgumentException TooLarge() => TooLarge(pattern);

    /// <inheritdoc cref="TooLarge()" />
    public static ArgumentException TooLarge(string pattern) =>
        new($"'{(pattern.Length > Shown ? pattern[..Shown] + "…" : pattern)}': it is too large");
}
