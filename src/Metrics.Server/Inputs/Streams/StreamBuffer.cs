using System.Buffers;

namespace Metrics.Inputs.Streams;

/// <summary>
/// Bytes of one connection that were read and not yet taken, in an array from a pool that grows with what comes, up to a bound.
/// </summary>
/// <param name="max">Bytes of its greatest size.</param>
internal sealed class StreamBuffer(int max) : IDisposable
{
    /// <summary>What an idle connection holds.</summary>
    private const int MinSize = 4 * 1024;

    /// <summary>A busy connection is read in pieces of up to this size, so that many messages make one batch.</summary>
    private const int BusySize = 64 * 1024;

    private readonly int _max = Math.Max(max, BusySize);
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(MinSize);
    private int _start;
    private int _end;

    /// <summary>What was read and not taken.</summary>
    public ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start.._end);

    /// <summary>Room to read into; never empty while fewer than the bound are unread.</summary>
    public Memory<byte> Free()
    {
        if (_start == _end)
            (_start, _end) = (0, 0);
        else if (_end == _bytes.Length && _start > 0)
            Move(_bytes);
        if (_end == _bytes.Length)
            Move(ArrayPool<byte>.Shared.Rent(Math.Min(_bytes.Length * 2, Math.Max(_max, _bytes.Length + 1))));
        return _bytes.AsMemory(_end);
    }

    /// <summary>Says how much was read into <see cref="Free"/>; a full read asks for more room the next time.</summary>
    public void Filled(int count) => _end += count;

    /// <summary>Says how much is left of <see cref="Unread"/>, at its end.</summary>
    public void KeepLast(int count)
    {
        bool wasFull = _end == _bytes.Length;
        _start = _end - count;
        if (wasFull && _bytes.Length < BusySize)
            Move(ArrayPool<byte>.Shared.Rent(_bytes.Length * 2));
        else if (count == 0 && _bytes.Length > BusySize * 2)
            Move(ArrayPool<byte>.Shared.Rent(BusySize));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _start = _end = 0;
    }

    private void Move(byte[] to)
    {
        Unread.CopyTo(to);
        _end -= _start;
        _start = 0;
        if (ReferenceEquals(to, _bytes))
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = to;
    }
}
