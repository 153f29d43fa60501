using System.Text.Json;

namespace Metrics.Text;

/// <summary>
/// Walks over the items of one JSON array, as bytes, as <see cref="JsonMembers"/> does over the members of an object. Throws nothing; ends
/// where the JSON is broken. Allocates nothing.
/// </summary>
/// <param name="json">The array, as <see cref="JsonMembers.Value"/> has it; anything else has no items.</param>
public ref struct JsonItems(ReadOnlySpan<byte> json)
{
    private readonly ReadOnlySpan<byte> _json = json;
    private Utf8JsonReader _reader = new(json);
    private ReadOnlySpan<byte> _value;
    private bool _isInside;

    /// <summary>The item, as it is written: texts with their quotes.</summary>
    public readonly ReadOnlySpan<byte> Value => _value;

    /// <summary>Goes to the next item.</summary>
    public bool MoveNext()
    {
        if (_json.IsEmpty || _json[0] != '[')
            return false;
        try
        {
            if (!_isInside && !(_isInside = _reader.Read()))
                return false;
            if (!_reader.Read() || _reader.TokenType == JsonTokenType.EndArray)
                return false;
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
}
