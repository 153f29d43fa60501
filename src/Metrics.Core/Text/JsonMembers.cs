using System.Text.Json;

namespace Metrics.Text;

/// <summary>
/// Walks over the members of one JSON object, as bytes: what is inside of them is passed over, and can be walked over in its turn. Throws
/// nothing; ends where the JSON is broken. Allocates nothing.
/// </summary>
/// <param name="json">Begins with the object; what stands behind it is not looked at.</param>
public ref struct JsonMembers(ReadOnlySpan<byte> json)
{
    private readonly ReadOnlySpan<byte> _json = json;
    private Utf8JsonReader _reader = new(json);
    private ReadOnlySpan<byte> _name;
    private ReadOnlySpan<byte> _value;
    private bool _isInside;

    /// <summary>Whether it was walked to its end: false before, and where the JSON is broken.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The member's name, as it is written between its quotes.</summary>
    public readonly ReadOnlySpan<byte> Name => _name;

    /// <summary>The member's value, as it is written: texts with their quotes.</summary>
    public readonly ReadOnlySpan<byte> Value => _value;

    /// <summary>Goes to the next member.</summary>
    public bool MoveNext()
    {
        // What is no object has no members; the reader would throw at the end of nothing, which takes long.
        if (_json.IsEmpty || (!_isInside && _json[0] is not ((byte)'{' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')))
            return false;
        try
        {
            if (!_isInside && !(_isInside = _reader.Read() && _reader.TokenType == JsonTokenType.StartObject))
                return false;
            if (!_reader.Read() || _reader.TokenType != JsonTokenType.PropertyName)
            {
                IsComplete = true;
                return false;
            }
            _name = _reader.ValueSpan;
            _reader.Read();
            int start = (int)_reader.TokenStartIndex;
            _reader.Skip();
            _value = _json[start..(int)_reader.BytesConsumed];
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Finds a member by name.</summary>
    /// <param name="json">Begins with the object.</param>
    /// <param name="name">As it is written between its quotes.</param>
    /// <param name="value">Its value, as it is written.</param>
    public static bool TryFind(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var members = new JsonMembers(json);
        while (members.MoveNext())
        {
            if (!members.Name.SequenceEqual(name))
                continue;
            value = members.Value;
            return true;
        }
        value = default;
        return false;
    }

    /// <summary>The characters of a text, or a number or word as it is written; empty for <c>null</c>, objects and arrays.</summary>
    /// <param name="value">As <see cref="Value"/> has it.</param>
    /// <param name="scratch">Where escapes are taken out to; a text with escapes that is longer is empty too.</param>
    public static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> value, Span<byte> scratch)
    {
        if (value.IsEmpty || value[0] is (byte)'{' or (byte)'[' or (byte)'n')
            return default;
        if (value[0] != '"')
            return value;
        ReadOnlySpan<byte> inner = value[1..^1];
        if (!inner.Contains((byte)'\\'))
            return inner;
        if (inner.Length > scratch.Length)
            return default;
        try
        {
            var reader = new Utf8JsonReader(value);
            reader.Read();
            return scratch[..reader.CopyString(scratch)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half of a character that takes two: as it is written.
            return inner;
        }
    }

    /// <summary>Whether a value is a text of these characters, or a number or word so written.</summary>
    public static bool Is(ReadOnlySpan<byte> value, ReadOnlySpan<byte> text) =>
        value.Length > 1 && value[0] == '"' ? value[1..^1].SequenceEqual(text) : value.SequenceEqual(text);
}
