using System.Buffers;
using System.Globalization;
using System.Text;
using Metrics.Model;

namespace Metrics.Formats.Loki;

/// <summary>Labels as they stand in the binary form of a push: <c>{app="nova-api", host="ctl-1"}</c>, values quoted as Go does.</summary>
public static class LokiLabels
{
    /// <summary>Labels of one stream, and what is said of one line. Loki itself takes 15 and 128 where nobody sets more.</summary>
    public const int MaxLabels = EventBounds.MaxFields;

    /// <summary>What is wrong with a stream or line that has more.</summary>
    public static readonly string TooMany = $"has more than {MaxLabels} labels";

    private const string NoLabels = "has labels that are not like {name=\"value\"}";

    private static readonly SearchValues<byte> s_endOfName = SearchValues.Create("= \t\"{},"u8);

    /// <summary>Reads them.</summary>
    /// <param name="text">All of them.</param>
    /// <param name="labels">Gets them in the place of what it holds.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? Read(ReadOnlySpan<byte> text, List<EventField> labels)
    {
        labels.Clear();
        text = text.Trim(" \t"u8);
        if (text is not [(byte)'{', .., (byte)'}'])
            return NoLabels;
        text = text[1..^1];
        byte[] scratch = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            while (!(text = text.TrimStart(" \t,"u8)).IsEmpty)
            {
                if (labels.Count == MaxLabels)
                    return TooMany;
                if (!TryTake(ref text, scratch, labels))
                    return NoLabels;
            }
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static bool TryTake(ref ReadOnlySpan<byte> text, Span<byte> scratch, List<EventField> labels)
    {
        int end = text.IndexOfAny(s_endOfName);
        if (end <= 0)
            return false;
        string name = TextPool.Shared.Get(text[..end]);
        text = text[end..].TrimStart(" \t"u8);
        if (text is not [(byte)'=', ..])
            return false;
        text = text[1..].TrimStart(" \t"u8);
        if (text is not [(byte)'"', ..] || !TryUnquote(ref text, scratch, out int length))
            return false;
        labels.Add(new EventField(name, TextPool.Shared.Get(scratch[..length])));
        return text.IsEmpty || text[0] is (byte)',' or (byte)' ' or (byte)'\t';
    }

    /// <summary>Takes a quoted text off the start; what it holds is never longer than how it is written.</summary>
    /// <remarks>https://pkg.go.dev/strconv#Quote</remarks>
    private static bool TryUnquote(ref ReadOnlySpan<byte> text, Span<byte> to, out int length)
    {
        length = 0;
        text = text[1..];
        while (true)
        {
            int plain = text.IndexOfAny((byte)'"', (byte)'\\');
            if (plain < 0)
                return false;
            text[..plain].CopyTo(to[length..]);
            length += plain;
            bool isEnd = text[plain] == '"';
            text = text[(plain + 1)..];
            if (isEnd)
                return true;
            if (!TryEscape(ref text, to[length..], out int written))
                return false;
            length += written;
        }
    }

    private static bool TryEscape(ref ReadOnlySpan<byte> text, Span<byte> to, out int written)
    {
        written = 1;
        if (text.IsEmpty)
            return false;
        byte kind = text[0];
        int digits = kind switch { (byte)'x' => 2, (byte)'u' => 4, (byte)'U' => 8, _ => 0 };
        text = text[1..];
        if (digits > 0)
            return TryCode(ref text, digits, to, out written);
        to[0] = kind switch
        {
            (byte)'a' => 7, (byte)'b' => 8, (byte)'f' => 12, (byte)'n' => 10, (byte)'r' => 13, (byte)'t' => 9, (byte)'v' => 11,
            (byte)'\\' or (byte)'"' or (byte)'\'' => kind,
            _ => 0,
        };
        return to[0] != 0;
    }

    private static bool TryCode(ref ReadOnlySpan<byte> text, int digits, Span<byte> to, out int written)
    {
        written = 1;
        if (text.Length < digits
            || !uint.TryParse(text[..digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code))
        {
            return false;
        }
        text = text[digits..];
        if (digits == 2)
            to[0] = (byte)code;
        else if (Rune.TryCreate(code, out Rune rune))
            written = rune.EncodeToUtf8(to);
        else
            return false;
        return true;
    }
}
