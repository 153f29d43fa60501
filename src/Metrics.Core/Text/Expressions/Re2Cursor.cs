using System.Text;

namespace Metrics.Text.Expressions;

/// <summary>A place in an expression while it is read.</summary>
internal sealed class Re2Cursor(string pattern)
{
    /// <summary>Where it is.</summary>
    public int At { get; private set; }

    /// <summary>Whether nothing is left.</summary>
    public bool IsAtEnd => At == pattern.Length;

    /// <summary>What is left.</summary>
    public ReadOnlySpan<char> Rest => pattern.AsSpan(At);

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

    /// <summary>The expression from a place to here.</summary>
    public string Since(int start) => pattern[start..At];

    /// <summary>What is wrong with the expression.</summary>
    public ArgumentException Wrong(string reason) => new($"'{pattern}': it {reason}");
}
