using System.Globalization;

namespace Metrics.Formats.LineProtocol;

/// <summary>What the reader came to.</summary>
public enum LineResult
{
    /// <summary>A point was read.</summary>
    Point,

    /// <summary>A line was refused; reading may go on with the next.</summary>
    Refused,

    /// <summary>The body is at its end.</summary>
    End,
}

/// <summary>Reads a body of InfluxDB line protocol point by point. Never throws; a warmed-up reader allocates nothing.</summary>
/// <remarks>
/// <code>
/// measurement[,tag=value …] field=value[,field=value …] [timestamp] LF
/// </code>
/// https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/ ; where that is silent, as InfluxData's own decoder
/// (github.com/influxdata/line-protocol) has it.
/// </remarks>
public ref struct LineProtocolReader(ReadOnlySpan<byte> body)
{
    /// <summary>What a backslash escapes in a measurement.</summary>
    public const string MeasurementEscapes = ", ";

    /// <summary>What a backslash escapes in tag keys, tag values and field keys.</summary>
    public const string KeyEscapes = ",= ";

    /// <summary>What a backslash escapes in a string value: quote, backslash, and n, r, t for control characters.</summary>
    public const string StringEscapes = "\\\"nrt";

    private readonly ReadOnlySpan<byte> _body = body;
    private int _position;

    /// <summary>Offset of the first byte not yet read.</summary>
    public readonly int Position => _position;

    /// <summary>Number of the line that was read or refused last, from 1 on.</summary>
    public int Line { get; private set; } = 1;

    private int _nextLine = 1;

    private readonly byte Current => _position < _body.Length ? _body[_position] : (byte)0;

    private readonly bool AtEnd => _position >= _body.Length;

    /// <summary>Reads the next point, passing over blank lines and comments.</summary>
    /// <param name="point">Filled when the answer is <see cref="LineResult.Point"/>.</param>
    /// <param name="fault">Why the line was refused, its offset counted from the start of that line.</param>
    public LineResult Read(LineProtocolPoint point, out ParseFault fault)
    {
        point.Clear();
        fault = default;
        if (!SkipToPoint(out string? reason))
            return LineResult.End;
        int start = _position;
        Line = _nextLine;
        reason ??= ReadPoint(point);
        if (reason is null)
            return LineResult.Point;
        fault = new ParseFault(reason, _position - start);
        SkipLine();
        return LineResult.Refused;
    }

    private bool SkipToPoint(out string? reason)
    {
        reason = null;
        while (true)
        {
            int start = _position;
            SkipSpaces();
            if (AtEnd)
                return false;
            switch (Current)
            {
                case (byte)'#':
                    while (!AtEnd && Current is >= 32 and not 127)
                        _position++;
                    if (!TakeEndOfLine())
                    {
                        _position = start;
                        reason = "control character in a comment";
                        return true;
                    }
                    break;
                case (byte)'\n':
                    TakeEndOfLine();
                    break;
                case (byte)'\r':
                    if (!TakeEndOfLine())
                        return true;
                    break;
                default:
                    return true;
            }
        }
    }

    private string? ReadPoint(LineProtocolPoint point)
    {
        int start = _position;
        if (!TryTake(stopAtEquals: false, out Token measurement))
            return "not valid UTF-8 in the measurement";
        if (measurement.Length == 0)
            return "expected a measurement";
        point.Measurement = measurement;
        while (Current == ',' && !AtEnd)
        {
            _position++;
            if (ReadTag(point) is { } reason)
                return reason;
        }
        point.Series = new Token(start, _position - start, false);
        if (AtEnd || Current != ' ')
            return "expected a space and fields after measurement and tags";
        SkipSpaces();
        bool more;
        do
        {
            if (ReadField(point, out more) is { } reason)
                return reason;
        }
        while (more);
        return ReadEnd(point);
    }

    private string? ReadTag(LineProtocolPoint point)
    {
        if (!TryTake(stopAtEquals: true, out Token key))
            return "not valid UTF-8 in a tag key";
        if (key.Length == 0)
            return "expected a tag key after ','";
        if (Current != '=')
            return "expected '=' after the tag key";
        _position++;
        if (!TryTake(stopAtEquals: true, out Token value))
            return "not valid UTF-8 in a tag value";
        if (value.Length == 0)
            return "expected a tag value after '='";
        if (!AtEnd && Current is not ((byte)',' or (byte)' '))
            return "unexpected character in a tag value";
        foreach (TagToken known in point.Tags)
        {
            if (IsSame(known.Key, key))
                return "the same tag twice";
        }
        point.Tags.Add(new TagToken(key, value));
        return null;
    }

    private readonly bool IsSame(Token a, Token b) => a.Escaped || b.Escaped
        ? a.Text(_body, KeyEscapes) == b.Text(_body, KeyEscapes)
        : a.Raw(_body).SequenceEqual(b.Raw(_body));

    private string? ReadField(LineProtocolPoint point, out bool more)
    {
        more = false;
        if (!TryTake(stopAtEquals: true, out Token key))
            return "not valid UTF-8 in a field key";
        if (key.Length == 0)
            return "expected a field key";
        if (Current != '=' || AtEnd)
            return "expected '=' after the field key";
        _position++;
        if (AtEnd)
            return "expected a field value";
        string? reason = Current == '"' ? ReadString(key, point) : ReadPlainValue(key, point);
        if (reason is not null)
            return reason;
        if (!AtEnd && Current == ',')
        {
            _position++;
            more = true;
            return null;
        }
        return AtEnd || Current is (byte)' ' or (byte)'\r' or (byte)'\n' ? null : "unexpected character after a field value";
    }

    private string? ReadString(Token key, LineProtocolPoint point)
    {
        int start = ++_position;
        bool escaped = false;
        while (true)
        {
            int step = _position > _body.Length ? -1 : _body[_position..].IndexOfAny((byte)'"', (byte)'\\');
            if (step < 0)
            {
                _position = start - 1;
                return "the double quote of a string is not closed";
            }
            _position += step;
            if (_body[_position] == '"')
                break;
            // A backslash before any other character stands for itself; only the quote it protects matters here.
            bool escapes = _position + 1 < _body.Length && StringEscapes.Contains((char)_body[_position + 1], StringComparison.Ordinal);
            escaped |= escapes;
            _position += escapes ? 2 : 1;
        }
        var value = new Token(start, _position - start, escaped);
        if (!System.Text.Unicode.Utf8.IsValid(value.Raw(_body)))
        {
            _position = start;
            return "not valid UTF-8 in a string";
        }
        _nextLine += value.Raw(_body).Count((byte)'\n');
        _position++;
        point.Fields.Add(new FieldToken(key, FieldKind.String, value, 0));
        return null;
    }

    private string? ReadPlainValue(Token key, LineProtocolPoint point)
    {
        int start = _position;
        int length = _body[start..].IndexOfAny(",\r\n "u8);
        if (length < 0)
            length = _body.Length - start;
        ReadOnlySpan<byte> text = _body.Slice(start, length);
        if (text.IsEmpty)
            return "expected a field value";
        FieldKind kind;
        double number;
        bool read;
        if (text[0] is (byte)'t' or (byte)'T' or (byte)'f' or (byte)'F')
        {
            kind = FieldKind.Boolean;
            number = text[0] is (byte)'t' or (byte)'T' ? 1 : 0;
            read = IsBoolean(text);
        }
        else if (text[0] is not ((byte)'-' or (byte)'.' or (>= (byte)'0' and <= (byte)'9')))
        {
            return "expected a number, a truth value or a string in double quotes as field value";
        }
        else if (text[^1] == 'i')
        {
            kind = FieldKind.Integer;
            length--;
            read = long.TryParse(text[..^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer);
            number = integer;
        }
        else if (text[^1] == 'u')
        {
            kind = FieldKind.Unsigned;
            length--;
            read = ulong.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong unsigned);
            number = unsigned;
        }
        else
        {
            kind = FieldKind.Float;
            read = FloatText.TryParseFinite(text, out number);
        }
        if (!read)
            return "the field value is not a number, or out of range";
        _position = start + text.Length;
        point.Fields.Add(new FieldToken(key, kind, new Token(start, length, false), number));
        return null;
    }

    private string? ReadEnd(LineProtocolPoint point)
    {
        SkipSpaces();
        if (TakeEndOfLine())
            return null;
        int start = _position;
        while (!AtEnd && Current is (byte)'-' or (>= (byte)'0' and <= (byte)'9'))
            _position++;
        ReadOnlySpan<byte> digits = _body[start.._position];
        if (digits.IsEmpty)
            return "expected a timestamp";
        if (!long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long timestamp))
            return "the timestamp is out of range";
        if (!AtEnd && Current is not ((byte)' ' or (byte)'\r' or (byte)'\n'))
            return "expected digits as timestamp";
        SkipSpaces();
        if (!TakeEndOfLine())
            return "unexpected text after the timestamp";
        point.Timestamp = timestamp;
        return null;
    }

    /// <summary>Takes bytes up to an unescaped comma, space, control character and, in keys and tag values, equals sign.</summary>
    private bool TryTake(bool stopAtEquals, out Token token)
    {
        int start = _position;
        bool escaped = false;
        byte bits = 0;
        ReadOnlySpan<byte> body = _body;
        while (_position < body.Length)
        {
            byte b = body[_position];
            if (b == '\\')
            {
                bool escapes = _position + 1 < body.Length
                    && (body[_position + 1] is (byte)',' or (byte)' ' || (body[_position + 1] == '=' && stopAtEquals));
                escaped |= escapes;
                _position += escapes ? 2 : 1;
                continue;
            }
            if (b is (byte)',' or <= 32 or 127 || (b == '=' && stopAtEquals))
                break;
            bits |= b;
            _position++;
        }
        token = new Token(start, _position - start, escaped);
        return bits < 0x80 || System.Text.Unicode.Utf8.IsValid(token.Raw(body));
    }

    private bool TakeEndOfLine()
    {
        if (AtEnd)
            return true;
        if (Current == '\r' && (_position + 1 == _body.Length || _body[_position + 1] == '\n'))
            _position++;
        if (AtEnd)
            return true;
        if (Current != '\n')
            return false;
        _position++;
        _nextLine++;
        return true;
    }

    private void SkipSpaces()
    {
        while (_position < _body.Length && _body[_position] == ' ')
            _position++;
    }

    private void SkipLine()
    {
        int step = _position >= _body.Length ? -1 : _body[_position..].IndexOf((byte)'\n');
        _position = step < 0 ? _body.Length : _position + step + 1;
        _nextLine++;
    }

    private static bool IsBoolean(ReadOnlySpan<byte> text) => text.Length == 1
        || text.SequenceEqual("true"u8) || text.SequenceEqual("True"u8) || text.SequenceEqual("TRUE"u8)
        || text.SequenceEqual("false"u8) || text.SequenceEqual("False"u8) || text.SequenceEqual("FALSE"u8);
}
