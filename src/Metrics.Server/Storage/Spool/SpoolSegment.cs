using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Metrics.Storage.Spool;

/// <summary>Reads records of a segment of the spool, and finds the next sound one behind damage.</summary>
internal static class SpoolSegment
{
    /// <summary>Bytes before the body of a record.</summary>
    public const int HeaderSize = 20;

    /// <summary>Milliseconds since 1970 within which a record was written, if it is one: the years 2000 to 2200.</summary>
    private const long MinTime = 946_684_800_000;
    private const long MaxTime = 7_258_118_400_000;

    /// <summary>The record at an offset, or else the first sound one behind it; null when there is none.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DiskSpool.Record? Find(string path, long number, long offset)
    {
        using SafeFileHandle file = Open(path);
        long rest = RandomAccess.GetLength(file) - offset;
        if (rest < HeaderSize)
            return null;
        if (LengthAt(file, offset) is { } length && length <= rest - HeaderSize
            && TryRead(Read(file, offset, HeaderSize + (int)length), 0, number, offset) is { } record)
            return record;
        // A segment is some tens of megabytes at most.
        byte[] bytes = Read(file, offset, (int)Math.Min(rest, int.MaxValue));
        for (int at = 1; at <= bytes.Length - HeaderSize; at++)
        {
            if (IsPlausible(bytes.AsSpan(at)) && TryRead(bytes, at, number, offset) is { } next)
                return next;
        }
        return null;
    }

    /// <summary>Whether what is at an offset is a record that was not written to its end.</summary>
    public static bool IsTorn(string path, long offset)
    {
        using SafeFileHandle file = Open(path);
        long rest = RandomAccess.GetLength(file) - offset;
        return rest < HeaderSize || LengthAt(file, offset) > rest - HeaderSize;
    }

    private static SafeFileHandle Open(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

    private static uint? LengthAt(SafeFileHandle file, long offset)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        return RandomAccess.Read(file, length, offset) < length.Length ? null : BinaryPrimitives.ReadUInt32LittleEndian(length);
    }

    private static byte[] Read(SafeFileHandle file, long offset, int count)
    {
        byte[] bytes = new byte[count];
        int read = 0;
        while (read < count && RandomAccess.Read(file, bytes.AsSpan(read), offset + read) is > 0 and var more)
            read += more;
        return read == count ? bytes : bytes[..read];
    }

    /// <summary>Cheap to ask: few places that are no record pass.</summary>
    private static bool IsPlausible(ReadOnlySpan<byte> at)
    {
        long time = BinaryPrimitives.ReadInt64LittleEndian(at[8..]);
        int lines = BinaryPrimitives.ReadInt32LittleEndian(at[16..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(at);
        return time is >= MinTime and < MaxTime && lines > 0 && lines <= length && length <= at.Length - HeaderSize;
    }

    private static DiskSpool.Record? TryRead(byte[] bytes, int at, long number, long offset)
    {
        if (bytes.Length - at < HeaderSize)
            return null;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
        if (length > bytes.Length - at - HeaderSize)
            return null;
        ReadOnlySpan<byte> record = bytes.AsSpan(at, HeaderSize + (int)length);
        if (Crc32C.Compute(record[8..]) != BinaryPrimitives.ReadUInt32LittleEndian(record[4..]))
            return null;
        long start = offset + at;
        return new DiskSpool.Record(
            BinaryPrimitives.ReadInt64LittleEndian(record[8..]), BinaryPrimitives.ReadInt32LittleEndian(record[16..]),
            record[HeaderSize..].ToArray(), number, start, start + record.Length);
    }
}
