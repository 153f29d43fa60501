using System.Text;

namespace Metrics.Model;

/// <summary>Texts behind each other, as UTF-8 in one array: what comes by the thousand costs no object each.</summary>
/// <param name="capacity">Bytes to make room for; it grows when needed.</param>
/// <param name="isPooled">
/// Whether its arrays come from a pool. A span of a text is then good only until the next text is added, which may need a larger array.
/// </param>
internal sealed class TextBuffer(int capacity, bool isPooled)
{
    private byte[] _bytes = Get(capacity, isPooled);

    /// <summary>Bytes of all of them.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes of all of them, and of those that nobody refers to any more.</summary>
    public ReadOnlySpan<byte> All => _bytes.AsSpan(0, Length);

    /// <summary>The bytes of one.</summary>
    public ReadOnlySpan<byte> this[TextPart part] => _bytes.AsSpan(part.Start, part.Length);

    /// <summary>Adds one.</summary>
    public TextPart Add(ReadOnlySpan<byte> text)
    {
        byte[]? outgrown = MakeRoom(text.Length);
        // It may lie in the array that was outgrown.
        text.CopyTo(_bytes.AsSpan(Length));
        Return(outgrown);
        return Take(text.Length);
    }

    /// <summary>Adds one; halves of characters that take two become U+FFFD.</summary>
    public TextPart Add(string text)
    {
        Return(MakeRoom(Encoding.UTF8.GetByteCount(text)));
        return Take(Encoding.UTF8.GetBytes(text, _bytes.AsSpan(Length)));
    }

    /// <summary>Adds a number.</summary>
    public TextPart Add(long number)
    {
        const int Digits = 20;
        Return(MakeRoom(Digits));
        number.TryFormat(_bytes.AsSpan(Length), out int length);
        return Take(length);
    }

    /// <summary>Forgets all from a place on.</summary>
    public void CutAt(int length) => Length = length;

    /// <summary>Gives the array back; nothing may be asked of it afterwards.</summary>
    public void Return()
    {
        Return(_bytes);
        (_bytes, Length) = ([], 0);
    }

    private TextPart Take(int length)
    {
        var part = new TextPart(Length, length);
        Length += length;
        return part;
    }

    /// <returns>The array that was too small, where it was; whoever gets it returns it.</returns>
    private byte[]? MakeRoom(int length)
    {
        if (_bytes.Length - Length >= length)
            return null;
        byte[] outgrown = _bytes;
        int least = checked(Length + length);
        _bytes = Get((int)Math.Min(Math.Max(outgrown.Length * 2L, least), Array.MaxLength), isPooled);
        outgrown.AsSpan(0, Length).CopyTo(_bytes);
        return outgrown;
    }

    private void Return(byte[]? array)
    {
        if (isPooled && array is { Length: > 0 })
            BatchArrays<byte>.Return(array);
    }

    private static byte[] Get(int length, bool isPooled) => isPooled ? BatchArrays<byte>.Rent(length) : new byte[length];
}

/// <summary>Where a text of a <see cref="TextBuffer"/> lies.</summary>
internal readonly record struct TextPart(int Start, int Length);
