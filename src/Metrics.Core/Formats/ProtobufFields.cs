using System.Buffers.Binary;

namespace Metrics.Formats;

/// <summary>
/// Walks over the fields of one message of Protocol Buffers, as bytes; messages within it can be walked over in their turn. Throws
/// nothing; ends where the message is broken. Allocates nothing.
/// </summary>
/// <param name="message">The message.</param>
/// <remarks>https://protobuf.dev/programming-guides/encoding/</remarks>
public ref struct ProtobufFields(ReadOnlySpan<byte> message)
{
    private const int MaxVarintBytes = 10;

    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Whether it ended because it is no such message.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>The field's number.</summary>
    public int Number { get; private set; }

    /// <summary>The value of a text, of bytes or of a message within; empty of a number.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>The value of a number; 0 of anything else.</summary>
    public ulong Value { get; private set; }

    /// <summary>Goes to the next field.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty || IsBroken)
            return false;
        IsBroken = !TryVarint(out ulong key) || key >> 3 is 0 or > int.MaxValue >> 2 || !TryValue((int)key & 7);
        Number = (int)(key >> 3);
        return !IsBroken;
    }

    private bool TryValue(int wireType)
    {
        Bytes = default;
        Value = 0;
        switch (wireType)
        {
            case 0:
                bool isVarint = TryVarint(out ulong number);
                Value = number;
                return isVarint;
            case 1 when _rest.Length >= sizeof(ulong):
                Value = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
                _rest = _rest[sizeof(ulong)..];
                return true;
            case 5 when _rest.Length >= sizeof(uint):
                Value = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
                _rest = _rest[sizeof(uint)..];
                return true;
            case 2 when TryVarint(out ulong length) && length <= (ulong)_rest.Length:
                Bytes = _rest[..(int)length];
                _rest = _rest[(int)length..];
                return true;
            default:
                // Groups have gone out of use before anything that is read here came into it.
                return false;
        }
    }

    private bool TryVarint(out ulong value)
    {
        value = 0;
        for (int at = 0; at < Math.Min(_rest.Length, MaxVarintBytes); at++)
        {
            value |= (ulong)(_rest[at] & 0x7F) << (7 * at);
            if (_rest[at] >= 0x80)
                continue;
            _rest = _rest[(at + 1)..];
            return true;
        }
        return false;
    }
}
