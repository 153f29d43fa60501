using System.Buffers.Binary;

namespace Metrics.Formats.Logs;

/// <summary>
/// Reads entries of a journal in its export format, from pieces of any size. Unlike JSON it has messages of any bytes and length as they
/// are, and journalctl writes it four times as fast. Not safe for use by two threads at once.
/// </summary>
/// <remarks>
/// <code>
/// __CURSOR=s=…;i=1
/// MESSAGE=text             a field on a line
/// MESSAGE                  or, with any bytes: its name, 8 bytes of its length (little endian), its bytes, a line end
/// …
///                          an empty line ends the entry
/// </code>
/// https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format
/// </remarks>
public sealed class JournalExport
{
    /// <summary>Longest name that is believed; journald allows 64 characters.</summary>
    private const int MaxNameLength = 256;

    private readonly byte[] _name = new byte[MaxNameLength];
    private readonly byte[] _size = new byte[sizeof(long)];
    private State _state;
    private int _nameLength;
    private int _sizeLength;
    private ulong _left;
    private JournalField? _field;
    private bool _hasFields;
    private bool _isWhole;

    private enum State
    {
        Name,
        Text,
        Size,
        Binary,
        LineEnd,
    }

    /// <summary>The entry that was read last.</summary>
    public JournalEntry Entry { get; } = new();

    /// <summary>Reads up to the end of an entry.</summary>
    /// <param name="bytes">What comes next; what was read is taken from its start.</param>
    /// <returns>Whether <see cref="Entry"/> is whole; false is all was read, and the entry goes on.</returns>
    /// <exception cref="InvalidDataException">This is no journal.</exception>
    public bool Read(ref ReadOnlySpan<byte> bytes)
    {
        if (_isWhole)
        {
            Entry.Clear();
            _isWhole = _hasFields = false;
        }
        while (!bytes.IsEmpty && !_isWhole)
        {
            int taken = _state switch
            {
                State.Name => TakeName(bytes),
                State.Text => TakeText(bytes),
                State.Size => TakeSize(bytes),
                State.Binary => TakeBinary(bytes),
                _ => TakeLineEnd(bytes),
            };
            bytes = bytes[taken..];
        }
        return _isWhole;
    }

    private int TakeName(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOfAny((byte)'=', (byte)'\n');
        ReadOnlySpan<byte> part = end < 0 ? bytes : bytes[..end];
        if (part.Length > MaxNameLength - _nameLength)
            throw new InvalidDataException("the journal has a field without a name");
        part.CopyTo(_name.AsSpan(_nameLength));
        _nameLength += part.Length;
        if (end < 0)
            return bytes.Length;
        if (_nameLength > 0)
            BeginValue(isText: bytes[end] == '=');
        else if (bytes[end] == '=')
            throw new InvalidDataException("the journal has a field without a name");
        else
            _isWhole = _hasFields;
        return end + 1;
    }

    private void BeginValue(bool isText)
    {
        _field = JournalFields.Find(_name.AsSpan(0, _nameLength));
        if (_field is { } field && !Entry.Begin(field))
            _field = null;
        _hasFields = true;
        _nameLength = _sizeLength = 0;
        _state = isText ? State.Text : State.Size;
    }

    private int TakeText(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)'\n');
        Append(end < 0 ? bytes : bytes[..end]);
        if (end < 0)
            return bytes.Length;
        _state = State.Name;
        return end + 1;
    }

    private int TakeSize(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(_size.Length - _sizeLength, bytes.Length);
        bytes[..count].CopyTo(_size.AsSpan(_sizeLength));
        _sizeLength += count;
        if (_sizeLength == _size.Length)
        {
            _left = BinaryPrimitives.ReadUInt64LittleEndian(_size);
            _state = _left == 0 ? State.LineEnd : State.Binary;
        }
        return count;
    }

    private int TakeBinary(ReadOnlySpan<byte> bytes)
    {
        int count = (int)Math.Min(_left, (ulong)bytes.Length);
        Append(bytes[..count]);
        _left -= (ulong)count;
        if (_left == 0)
            _state = State.LineEnd;
        return count;
    }

    private int TakeLineEnd(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] != '\n')
            throw new InvalidDataException("the journal has a field that is longer than it says");
        _state = State.Name;
        return 1;
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        if (_field is { } field)
            Entry.Append(field, part);
    }
}
