using System.IO.Compression;
using System.Runtime.InteropServices;
using Metrics.Model;
using Microsoft.Win32.SafeHandles;

namespace Metrics.Inputs.Logs;

/// <summary>An open file of a log: its bytes as they were written, packed or not.</summary>
internal abstract partial class LogBytes(SafeFileHandle file) : IDisposable
{
    /// <summary>How the files end that logrotate has packed and that can be read.</summary>
    public const string Packed = ".gz";

    private const int DoNotBlock = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int SeekData = 3;
    private const int WouldLoop = 40;

    /// <summary><c>O_NOFOLLOW</c>, which is one of the few that differ.</summary>
    private static readonly int s_noLinks =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    /// <summary>Whether it has to be read from its start to its end.</summary>
    public abstract bool IsPacked { get; }

    protected SafeFileHandle File => file;

    /// <summary>
    /// Opens a file beside those who write it, move it or delete it: takes no lock, for which they might wait, and waits for nobody.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="mayBeLink">Whether it may be a link; one that a pattern has found may lead anywhere.</param>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static LogBytes Open(string path, bool mayBeLink = false)
    {
        int handle = Open(path, DoNotBlock | CloseOnExec | (mayBeLink ? 0 : s_noLinks));
        if (handle < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            string what = error == WouldLoop ? "it is a link, and follow_links is not set" : Marshal.GetPInvokeErrorMessage(error);
            throw new IOException($"{path}: {what}");
        }
        var file = new SafeFileHandle(handle, ownsHandle: true);
        if (FileStat.Of(file).IsRegular)
            return path.EndsWith(Packed, StringComparison.Ordinal) ? new PackedBytes(file) : new PlainBytes(file);
        file.Dispose();
        throw new IOException($"{path}: it is no file of bytes");
    }

    /// <summary>Reads from a place on.</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    /// <exception cref="Exception">It cannot be read: <see cref="IOException"/>, <see cref="InvalidDataException"/>.</exception>
    public abstract int Read(long offset, Span<byte> into);

    /// <summary>Where the next bytes are that somebody has written, from a place on: what was never written reads as NULs.</summary>
    public virtual long NextWritten(long offset) => offset;

    /// <summary>What the kernel says of the file.</summary>
    public FileStat Stat() => FileStat.Of(file);

    /// <summary>Its first bytes.</summary>
    public byte[] Head()
    {
        byte[] head = new byte[FileStart.MaxLength];
        int length = 0;
        for (int read = -1; read != 0 && length < head.Length; length += read)
            read = Read(length, head.AsSpan(length));
        return head[..length];
    }

    /// <summary>Whether a line begins at a place.</summary>
    public bool IsStartOfLine(long offset)
    {
        Span<byte> before = stackalloc byte[1];
        return offset == 0 || (Read(offset - 1, before) == 1 && before[0] == '\n');
    }

    /// <summary>Where the line begins in which a place falls; the place itself where that is too far back.</summary>
    public long StartOfLine(long offset)
    {
        byte[] before = new byte[Math.Min(offset, EventBounds.MaxBodyLength)];
        int length = Read(offset - before.Length, before);
        int end = before.AsSpan(0, length).LastIndexOf((byte)'\n');
        return end < 0 ? offset : offset - length + end + 1;
    }

    /// <inheritdoc />
    public virtual void Dispose() => file.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "lseek")]
    private static partial long Seek(int file, long offset, int from);

    /// <summary>A file as it is.</summary>
    private sealed class PlainBytes(SafeFileHandle file) : LogBytes(file)
    {
        public override bool IsPacked => false;

        public override int Read(long offset, Span<byte> into) => RandomAccess.Read(File, into, offset);

        public override long NextWritten(long offset) => Math.Max(offset, Seek((int)File.DangerousGetHandle(), offset, SeekData));
    }

    /// <summary>A file that is packed: read forward; to go back it begins anew.</summary>
    private sealed class PackedBytes(SafeFileHandle file) : LogBytes(file)
    {
        private readonly FileStream _packed = new(file, FileAccess.Read);
        private GZipStream? _stream;

        /// <summary>What was unpacked last, of which some may be asked for again.</summary>
        private byte[] _window = [];
        private int _length;
        private long _start;

        public override bool IsPacked => true;

        public override int Read(long offset, Span<byte> into)
        {
            if (_stream is null || offset < _start)
                Begin();
            Fill(offset, into.Length);
            int at = (int)Math.Min(offset - _start, _length);
            int count = Math.Min(into.Length, _length - at);
            _window.AsSpan(at, count).CopyTo(into);
            return count;
        }

        public override void Dispose()
        {
            _stream?.Dispose();
            _packed.Dispose();
            base.Dispose();
        }

        private void Begin()
        {
            _stream?.Dispose();
            _packed.Position = 0;
            _stream = new GZipStream(_packed, CompressionMode.Decompress, leaveOpen: true);
            (_start, _length) = (0, 0);
        }

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
                int read = _stream!.Read(_window.AsSpan(_length));
                if (read == 0)
                    return;
                _length += read;
            }
        }
    }
}
