using System.Buffers;
using Metrics.Model;

namespace Metrics.Formats.Logs.Audit;

/// <summary>Values of audit records as the texts that they stand for.</summary>
/// <param name="buffer">Where decoded texts go.</param>
internal ref struct AuditText(Span<byte> buffer)
{
    private static readonly SearchValues<byte> s_hexDigits = SearchValues.Create("0123456789ABCDEF"u8);

    private readonly Span<byte> _buffer = buffer;
    private int _length;

    /// <summary>What was appended so far.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    /// <summary>
    /// Sets a field to the text of a value that the kernel does not trust, such as a file's name: in quotes, or in hexadecimal. Nothing
    /// where it says that it knows none.
    /// </summary>
    public static void Set(LogRecord record, string field, ReadOnlySpan<byte> value)
    {
        if (IsNone(value))
            return;
        var text = new AuditText(stackalloc byte[Math.Min(value.Length, EventBounds.MaxValueLength)]);
        text.Append(value);
        record.Set(field, text.Written);
    }

    /// <summary>Whether a value says that there is none.</summary>
    public static bool IsNone(ReadOnlySpan<byte> value) =>
        value.IsEmpty || value.SequenceEqual("?"u8) || value.SequenceEqual("\"?\""u8) || value.StartsWith("(null)"u8)
        || value.SequenceEqual("(none)"u8);

    /// <summary>Without its quotes, where it has some.</summary>
    public static ReadOnlySpan<byte> Bare(ReadOnlySpan<byte> value) =>
        value.Length > 0 && value[0] == '"' ? value[1..].TrimEnd((byte)'"') : value;

    /// <summary>Appends a value's text; what has no room is left out.</summary>
    public void Append(ReadOnlySpan<byte> value)
    {
        Span<byte> room = _buffer[_length..];
        if (value.Length < 2 || value.Length % 2 != 0 || value.ContainsAnyExcept(s_hexDigits))
        {
            ReadOnlySpan<byte> bare = Bare(value);
            bare = bare[..Math.Min(bare.Length, room.Length)];
            bare.CopyTo(room);
            _length += bare.Length;
            return;
        }
        for (int at = 0; at < value.Length / 2 && at < room.Length; at++)
        {
            byte c = (byte)((Digit(value[2 * at]) << 4) | Digit(value[(2 * at) + 1]));
            // Between arguments there is NUL, between the keys of several rules a byte 1.
            room[at] = c switch { 0 => (byte)' ', 1 => (byte)',', _ => c };
            _length++;
        }
    }

    /// <summary>Appends a blank.</summary>
    public void AppendBlank()
    {
        if (_length < _buffer.Length)
            _buffer[_length++] = (byte)' ';
    }

    private static int Digit(byte c) => c <= '9' ? c - '0' : c - 'A' + 10;
}
