using System.Text.Json;
using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <summary>How far one file of a log has been read, and by what it is known again under another name.</summary>
/// <param name="Id">Names it among all files that its input has ever read: inodes are used again.</param>
/// <param name="Path">Its name when it was last read.</param>
/// <param name="Device">Its file system.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="Start">Its first bytes.</param>
/// <param name="Offset">Where the next record begins.</param>
/// <param name="Lines">Lines before it.</param>
/// <param name="IsInLongLine">Whether there the rest of a line stands that was too long.</param>
/// <param name="ReadAt">When it was last read, seconds since 1970.</param>
internal sealed record FilePosition(
    string Id, string Path, long Device, long Inode, FileStart Start, long Offset, long Lines, bool IsInLongLine, long ReadAt)
{
    /// <summary>Whether it was rotated away and read to its end: nobody asks for it when it is gone.</summary>
    public bool IsDone { get; init; }

    /// <summary>At the start of a file that was never read.</summary>
    public static FilePosition Begin(string path, FileStat stat, FileStart start, DateTimeOffset now) =>
        new(Guid.CreateVersion7(now).ToString("N"), path, stat.Device, stat.Inode, start, 0, 0, false, now.ToUnixTimeSeconds());

    /// <summary>Whether it may be of a file: that has its number, and begins as it did.</summary>
    public bool IsOf(FileStat stat, ReadOnlySpan<byte> head) => Inode == stat.Inode && Device == stat.Device && Start.Fits(head);

    /// <summary>As it is stored.</summary>
    public SourcePosition ToSource(string source) => new(source, Id, JsonSerializer.Serialize(this));

    /// <summary>From what was stored; null where it is nothing of ours.</summary>
    public static FilePosition? From(SourcePosition position)
    {
        try
        {
            return position.State is { } state ? JsonSerializer.Deserialize<FilePosition>(state) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
