using System.Buffers.Binary;

namespace Metrics.Storage.State;

/// <summary>Mends the first hundred bytes of a copy of a damaged file, without which SQLite reads nothing of it.</summary>
/// <remarks>https://www.sqlite.org/fileformat.html#the_database_header</remarks>
internal static class SqliteHeader
{
    private const int Size = 100;
    private const int PageSize = 4096;

    /// <summary>
    /// Puts what is the same in all our files where it should be, and a length that is that of the file: one that was cut off counts as
    /// whole, with pages that cannot be read.
    /// </summary>
    public static void Mend(string file)
    {
        using FileStream stream = File.Open(file, FileMode.Open, FileAccess.ReadWrite);
        byte[] header = new byte[Size];
        stream.ReadAtLeast(header, Size, throwOnEndOfStream: false);
        bool isSound = header.AsSpan().StartsWith("SQLite format 3\0"u8)
            && header.AsSpan(16, 2).SequenceEqual((ReadOnlySpan<byte>)[0x10, 0]);
        long pages = (stream.Length + PageSize - 1) / PageSize;
        if (isSound)
            pages = Math.Max(pages, Math.Min(BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(28)), 2 * pages + 1));
        else
            Write(header);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(28), (uint)pages);
        // The length counts only where these two are the same.
        header.AsSpan(24, 4).CopyTo(header.AsSpan(92));
        stream.Position = 0;
        stream.Write(header);
        stream.SetLength(pages * PageSize);
    }

    private static void Write(Span<byte> header)
    {
        header.Clear();
        "SQLite format 3\0"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt16BigEndian(header[16..], PageSize);
        // Written and read through a log; parts of a page that its cells may take.
        ((ReadOnlySpan<byte>)[2, 2, 0, 64, 32, 32]).CopyTo(header[18..]);
        BinaryPrimitives.WriteUInt32BigEndian(header[24..], 1);   // changes
        BinaryPrimitives.WriteUInt32BigEndian(header[40..], 1);   // changes of the schema
        BinaryPrimitives.WriteUInt32BigEndian(header[44..], 4);   // format of the schema
        BinaryPrimitives.WriteUInt32BigEndian(header[56..], 1);   // UTF-8
    }
}
