using System.Runtime.InteropServices;
using Metrics.Scheduling;

namespace Metrics.Inputs.Logs;

/// <summary>
/// Wakes a loop when something changes in folders (inotify), once for each time that it waits. Only a hint: what it misses, as on file
/// systems of other machines, is found by looking each second.
/// </summary>
internal sealed partial class FolderWatch : IDisposable
{
    private const int CloseOnExec = 0x80000;

    /// <summary>Written, moved here or away, made, deleted.</summary>
    private const uint Changes = 0x2 | 0x40 | 0x80 | 0x100 | 0x200;

    private const short Readable = 0x1;
    private const int TimeoutMilliseconds = 1000;

    private readonly int _handle = Open(CloseOnExec);
    private readonly AutoResetEvent _armed = new(false);
    private readonly HashSet<string> _folders = [];
    private readonly WakeSignal _wake;
    private volatile bool _isDisposed;

    /// <param name="wake">Woken by changes.</param>
    public FolderWatch(WakeSignal wake)
    {
        _wake = wake;
        if (_handle < 0)
            return;
        new Thread(Run) { IsBackground = true, Name = "log folders" }.Start();
    }

    /// <summary>Watches these folders, too; one that cannot be watched is looked at each second all the same.</summary>
    public void Watch(IEnumerable<string> folders)
    {
        if (_handle < 0)
            return;
        foreach (string folder in folders)
        {
            if (_folders.Add(folder))
                _ = AddWatch(_handle, folder, Changes);
        }
    }

    /// <summary>Says that the loop waits: the next change wakes it.</summary>
    public void Arm() => _armed.Set();

    /// <summary>Ends it; its thread closes the handle a moment later.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _armed.Set();
    }

    private void Run()
    {
        Span<byte> changes = stackalloc byte[16 * 1024];
        while (!_isDisposed)
        {
            _armed.WaitOne();
            var wanted = new PollHandle { Handle = _handle, Events = Readable };
            if (Poll(ref wanted, 1, TimeoutMilliseconds) <= 0)
                continue;
            _ = Read(_handle, changes, changes.Length);
            _wake.Wake();
        }
        _ = Close(_handle);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollHandle
    {
        public int Handle;
        public short Events;
        public short Found;
    }

    // https://man7.org/linux/man-pages/man7/inotify.7.html
    [LibraryImport("libc", EntryPoint = "inotify_init1")]
    private static partial int Open(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddWatch(int handle, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollHandle handles, uint count, int timeout);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int handle, Span<byte> into, nint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
