using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Metrics.Inputs.Logs;

/// <summary>The bytes of a log's file, as they were written.</summary>
internal interface ILogBytes : IDisposable
{
    /// <summary>Reads from a place on; places only go forward, but for what was read last.</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    /// <exception cref="Exception">It cannot be read: <see cref="IOException"/>, <see cref="InvalidDataException"/>.</exception>
    int Read(long offset, Span<byte> into);

    /// <summary>What the kernel says of the file.</summary>
    FileStat Stat();
}

/// <summary>A file as it is.</summary>
internal sealed class PlainBytes(SafeFileHandle file) : ILogBytes
{
    public int Read(long offset, Span<byte> into) => RandomAccess.Read(file, into, offset);

    public FileStat Stat() => FileStat.Of(file);

    public void Dispose() => file.Dispose();
}

/// <summary>A file that logrotate has packed, read from its start to its end.</summary>
internal sealed class PackedBytes(SafeFileHandle file) : ILogBytes
{
    private readonly GZipStream _stream = new(new FileStream(file, FileAccess.Read), CompressionMode.Decompress);

    /// <summary>What was unpacked last, of which some may be asked for again.</summary>
    private byte[] _window = [];
    private int _length;
    private long _start;

    public int Read(long offset, Span<byte> into)
    {
        Fill(offset, into.Length);
        int at = (int)Math.Min(offset - _start, _length);
        int count = Math.Min(into.Length, _length - at);
        _window.AsSpan(at, count).CopyTo(into);
        return count;
    }

    public FileStat Stat() => FileStat.Of(file);

    public void Dispose() => _stream.Dispose();

    private void Fill(long offset, int count)
    {
        if (_window.Length < 2 * count)
            Array.Resize(ref _window, 2 * count);
        while (true)
        {
            int gone = (int)Math.Min(offset - _start, _length);
            _window.AsSpan(gone, _length - gone).CopyTo(_window);
            (_start, _length) = (_start + gone, _length - gone);
            if (_start == offset && _length >= count)
                return;
            int read = _stream.Read(_window.AsSpan(_length));
            if (read == 0)
                return;
            _length += read;
        }
    }
}
