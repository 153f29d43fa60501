using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Metrics.Inputs.Logs;

/// <summary>What the kernel says of a file: by device and inode it is the same file, whatever its name.</summary>
/// <param name="Device">Its file system.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">When it was last written, seconds since 1970.</param>
/// <param name="Born">When it was made, seconds since 1970; 0 where the file system does not say.</param>
/// <param name="IsRegular">Whether it is a file of bytes: no folder, pipe, socket or device.</param>
internal readonly partial record struct FileStat(long Device, long Inode, long Size, long Modified, long Born, bool IsRegular)
{
    private const int CurrentFolder = -100;
    private const int EmptyPath = 0x1000;

    /// <summary>Type, times of writing and birth, inode and size.</summary>
    private const uint Wanted = 0x1 | 0x40 | 0x100 | 0x200 | 0x800;

    private const int Length = 256;
    private const ushort TypeMask = 0xF000;
    private const ushort RegularType = 0x8000;

    /// <summary>Of a path; links are followed.</summary>
    /// <returns>Whether something is there that we may look at.</returns>
    public static bool TryOf(string path, out FileStat stat) => TryRead(CurrentFolder, path, 0, out stat);

    /// <summary>Of an open file, whatever has become of its name.</summary>
    /// <exception cref="IOException">The file system is gone.</exception>
    public static FileStat Of(SafeFileHandle file) => TryRead((int)file.DangerousGetHandle(), "", EmptyPath, out FileStat stat)
        ? stat
        : throw new IOException($"statx failed with error {Marshal.GetLastPInvokeError()}");

    /// <remarks>https://man7.org/linux/man-pages/man2/statx.2.html: the layout is the same on all machines.</remarks>
    private static bool TryRead(int folder, string path, int flags, out FileStat stat)
    {
        stat = default;
        Span<byte> answer = stackalloc byte[Length];
        if (StatX(folder, path, flags, Wanted, answer) != 0)
            return false;
        stat = new FileStat(
            ((long)BinaryPrimitives.ReadUInt32LittleEndian(answer[136..]) << 32) | BinaryPrimitives.ReadUInt32LittleEndian(answer[140..]),
            BinaryPrimitives.ReadInt64LittleEndian(answer[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(answer[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(answer[112..]),
            BinaryPrimitives.ReadInt64LittleEndian(answer[80..]),
            (BinaryPrimitives.ReadUInt16LittleEndian(answer[28..]) & TypeMask) == RegularType);
        return true;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> answer);
}
