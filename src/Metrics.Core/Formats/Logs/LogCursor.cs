namespace Metrics.Formats.Logs;

/// <summary>Goes through the text of a log from left to right; what does not fit leaves it where it was.</summary>
/// <param name="text">The text.</param>
internal ref struct LogCursor(ReadOnlySpan<byte> text)
{
    /// <summary>What was not taken yet.</summary>
    public ReadOnlySpan<byte> Rest { get; private set; } = text;

    /// <summary>Passes over a word that stands next.</summary>
    public bool Skip(ReadOnlySpan<byte> word)
    {
        if (!Rest.StartsWith(word))
            return false;
        Rest = Rest[word.Length..];
        return true;
    }

    /// <summary>Passes over blanks.</summary>
    public void SkipBlanks() => Rest = Rest.TrimStart((byte)' ');

    /// <summary>Cuts an ending off.</summary>
    public bool Drop(ReadOnlySpan<byte> ending)
    {
        if (!Rest.EndsWith(ending))
            return false;
        Rest = Rest[..^ending.Length];
        return true;
    }

    /// <summary>Takes what stands before a mark, and passes over the mark.</summary>
    public bool TryTakeUntil(ReadOnlySpan<byte> mark, out ReadOnlySpan<byte> before)
    {
        int at = Rest.IndexOf(mark);
        before = at < 0 ? default : Rest[..at];
        if (at >= 0)
            Rest = Rest[(at + mark.Length)..];
        return at >= 0;
    }

    /// <summary>Takes what stands up to the next blank, and passes over the blank; all where none is left.</summary>
    public ReadOnlySpan<byte> TakeWord()
    {
        int at = Rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = at < 0 ? Rest : Rest[..at];
        Rest = at < 0 ? default : Rest[(at + 1)..];
        return word;
    }

    /// <summary>Takes the digits that stand next; empty where there are none.</summary>
    public ReadOnlySpan<byte> TakeDigits()
    {
        int end = Rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        ReadOnlySpan<byte> digits = end < 0 ? Rest : Rest[..end];
        Rest = Rest[digits.Length..];
        return digits;
    }
}
