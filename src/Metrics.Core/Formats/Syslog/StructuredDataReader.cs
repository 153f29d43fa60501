namespace Metrics.Formats.Syslog;

/// <summary>Takes structured data apart, one parameter a call: <c>[ID NAME="VALUE" …][ID …]</c>. Allocates nothing.</summary>
/// <param name="text">What <see cref="Measure"/> has found to be well formed.</param>
/// <remarks>
/// <code>
/// SD-ELEMENT = "[" SD-ID *(SP PARAM-NAME "=" %d34 PARAM-VALUE %d34) "]"     in a value \" \\ \] stand for " \ ]
/// </code>
/// https://www.rfc-editor.org/rfc/rfc5424#section-6.3
/// </remarks>
public ref struct StructuredDataReader(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    /// <summary>Name of the element that the parameter stands in.</summary>
    public ReadOnlySpan<byte> Id { get; private set; }

    /// <summary>Name of the parameter; empty for an element without any, which is reported once.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Its value, escapes and all.</summary>
    public ReadOnlySpan<byte> RawValue { get; private set; }

    /// <summary>Length of the elements at the start of a text; 0 when there are none or one is broken.</summary>
    public static int Measure(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length && text[at] == '[')
        {
            int length = MeasureElement(text[at..]);
            if (length == 0)
                return 0;
            at += length;
        }
        return at;
    }

    /// <summary>Goes on to the next parameter; false at the end.</summary>
    public bool Read()
    {
        bool isFirst = false;
        if (!_rest.IsEmpty && _rest[0] == '[')
        {
            int end = NameLength(_rest[1..]) + 1;
            Id = _rest[1..end];
            _rest = _rest[end..];
            isFirst = true;
        }
        _rest = _rest.TrimStart((byte)' ');
        if (_rest.IsEmpty)
            return false;
        if (_rest[0] == ']')
        {
            _rest = _rest[1..];
            Name = default;
            RawValue = default;
            return isFirst || Read();
        }
        int name = NameLength(_rest);
        int value = ValueLength(_rest[(name + 2)..]);
        Name = _rest[..name];
        RawValue = _rest.Slice(name + 2, value);
        _rest = _rest[(name + value + 3)..];
        return true;
    }

    /// <summary>Writes a value without its escapes.</summary>
    /// <param name="raw">The value as sent.</param>
    /// <param name="to">At least as long.</param>
    /// <returns>Bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> to)
    {
        int length = 0;
        for (int at = 0; at < raw.Length; at++)
        {
            if (raw[at] == '\\' && at + 1 < raw.Length && raw[at + 1] is (byte)'"' or (byte)'\\' or (byte)']')
                at++;
            to[length++] = raw[at];
        }
        return length;
    }

    private static int MeasureElement(ReadOnlySpan<byte> text)
    {
        int at = NameLength(text[1..]) + 1;
        if (at == 1)
            return 0;
        while (true)
        {
            int blanks = 0;
            for (; at < text.Length && text[at] == ' '; at++)
                blanks++;
            if (at == text.Length)
                return 0;
            if (text[at] == ']')
                return at + 1;
            int name = NameLength(text[at..]);
            if (blanks == 0 || name == 0 || !text[(at + name)..].StartsWith("=\""u8))
                return 0;
            at += name + 2;
            int value = ValueLength(text[at..]);
            if (value < 0)
                return 0;
            at += value + 1;
        }
    }

    /// <summary>Printable ASCII without blank, <c>=</c>, <c>]</c> and <c>"</c>.</summary>
    private static int NameLength(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length && text[at] is > (byte)' ' and < 127 and not ((byte)'=' or (byte)']' or (byte)'"'))
            at++;
        return at;
    }

    /// <summary>
    /// Length up to the quote that ends a value; -1 when there is none. A bare <c>]</c> is let pass, as most receivers do.
    /// </summary>
    private static int ValueLength(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (true)
        {
            int found = text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (found < 0)
                return -1;
            at += found;
            if (text[at] == '"')
                return at;
            // Whatever follows a backslash is no end; of a backslash at the very end nothing follows.
            at += 2;
            if (at > text.Length)
                return -1;
        }
    }
}
