using System.Text;

namespace Metrics.Formats.LineProtocol;

/// <summary>The type of a field's value.</summary>
public enum FieldKind
{
    /// <summary>A 64-bit float: <c>1</c>, <c>1.5</c>, <c>-1e3</c></summary>
    Float,

    /// <summary>A signed integer: <c>1i</c></summary>
    Integer,

    /// <summary>An unsigned integer: <c>1u</c></summary>
    Unsigned,

    /// <summary>A truth value: <c>t</c>, <c>true</c>, <c>F</c> …</summary>
    Boolean,

    /// <summary>A text in double quotes; it has no number.</summary>
    String,
}

/// <summary>A piece of the body that was read, escapes and all.</summary>
/// <param name="Start">Offset of its first byte in the body.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Escaped">Whether it holds an escape; without one its bytes are its text.</param>
public readonly record struct Token(int Start, int Length, bool Escaped)
{
    /// <summary>The raw bytes.</summary>
    public ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> body) => body.Slice(Start, Length);

    /// <summary>The text with its escapes resolved.</summary>
    /// <param name="body">What the reader was given.</param>
    /// <param name="escapable">The characters that a backslash escapes there: <c>", "</c> in a measurement, <c>",= "</c> in a key.</param>
    public string Text(ReadOnlySpan<byte> body, string escapable)
    {
        ReadOnlySpan<byte> raw = Raw(body);
        if (!Escaped)
            return Model.TextPool.Shared.Get(raw);
        var text = new byte[raw.Length];
        int length = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '\\' && i + 1 < raw.Length && Resolve(raw[i + 1], escapable) is var resolved and not 0)
            {
                text[length++] = resolved;
                i++;
            }
            else
            {
                text[length++] = raw[i];
            }
        }
        return Encoding.UTF8.GetString(text, 0, length);
    }

    private static byte Resolve(byte next, string escapable)
    {
        if (!escapable.Contains((char)next, StringComparison.Ordinal))
            return 0;
        return ReferenceEquals(escapable, LineProtocolReader.StringEscapes)
            ? next switch { (byte)'n' => (byte)'\n', (byte)'r' => (byte)'\r', (byte)'t' => (byte)'\t', _ => next }
            : next;
    }
}

/// <summary>A tag of a point.</summary>
public readonly record struct TagToken(Token Key, Token Value);

/// <summary>A field of a point.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Kind">Its type.</param>
/// <param name="Value">Its text, without quotes and without the suffix of an integer.</param>
/// <param name="Number">Its value as a double: integers rounded, true 1 and false 0; 0 for a text.</param>
public readonly record struct FieldToken(Token Key, FieldKind Kind, Token Value, double Number);

/// <summary>One line as it was read; reused from line to line.</summary>
public sealed class LineProtocolPoint
{
    /// <summary>Measurement.</summary>
    public Token Measurement { get; internal set; }

    /// <summary>Measurement and tags together, as written: the same bytes are the same series.</summary>
    public Token Series { get; internal set; }

    /// <summary>Tags in the order of the line.</summary>
    public List<TagToken> Tags { get; } = [];

    /// <summary>Fields in the order of the line; at least one.</summary>
    public List<FieldToken> Fields { get; } = [];

    /// <summary>Timestamp in the precision of the request, or null.</summary>
    public long? Timestamp { get; internal set; }

    internal void Clear()
    {
        Tags.Clear();
        Fields.Clear();
        Timestamp = null;
    }
}
