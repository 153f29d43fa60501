using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Metrics.Configuration;

/// <summary>
/// Text of files that others write and that are read while the daemon runs: a pipe, a device or a file without end in their place must not
/// hold up whoever reads.
/// </summary>
/// <remarks>open(2): a pipe without a writer opens at once with O_NONBLOCK; regular files do not know it.</remarks>
internal static partial class TextFile
{
    /// <summary>Largest file, bytes.</summary>
    public const int MaxBytes = 64 << 20;

    private const int ReadOnly = 0;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    /// <summary>Reads a regular file whole, as UTF-8 or what its byte order mark says.</summary>
    /// <exception cref="IOException">It is not there, is not a regular file, is too large, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string Read(string path)
    {
        using FileStream stream = Open(path);
        if (!stream.CanSeek)
            throw new IOException($"{path} is not a regular file");
        var bytes = new MemoryStream((int)Math.Clamp(stream.Length, 0, MaxBytes));
        byte[] buffer = new byte[16 << 10];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            if (bytes.Length + read > MaxBytes)
                throw new IOException($"{path} is larger than {MaxBytes >> 20} MiB");
            bytes.Write(buffer, 0, read);
        }
        bytes.Position = 0;
        using var reader = new StreamReader(bytes, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Whether it can be opened as a file, a pipe without a writer included; a socket cannot.</summary>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static bool CanBeOpened(string path)
    {
        try
        {
            using FileStream opened = Open(path);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static FileStream Open(string path)
    {
        int descriptor = OperatingSystem.IsLinux() ? Open(Path.GetFullPath(path), ReadOnly | NonBlocking | CloseOnExec) : -1;
        // What cannot be opened is left to the framework, which says why.
        return descriptor < 0
            ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
            : new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read, bufferSize: 0);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);
}
