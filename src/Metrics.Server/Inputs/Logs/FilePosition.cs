using System.Text.Json;
using System.Text.Json.Serialization;
using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <summary>How far one file of a log has been read, and by what it is known again under another name.</summary>
/// <param name="Id">Names it among all files that its input has ever read: inodes are used again.</param>
/// <param name="Log">The name of the log, under which it was written.</param>
/// <param name="Path">Its own name when it was last read: that of the log, or one that rotation has given it.</param>
/// <param name="Device">Its file system.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="Start">Its first bytes.</param>
/// <param name="Offset">Where the next record begins.</param>
internal sealed record FilePosition(string Id, string Log, string Path, long Device, long Inode, FileStart Start, long Offset)
{
    /// <summary>Whether at <see cref="Offset"/> the rest of a line stands that was too long, or that began before it was read.</summary>
    public bool IsInLongLine { get; init; }

    /// <summary>When it had last been written when it was last read, seconds since 1970.</summary>
    public long Modified { get; init; }

    /// <summary>Its bytes when it was last read: those behind <see cref="Offset"/> were there and not read yet.</summary>
    public long Size { get; init; }

    /// <summary>When it was last read, seconds since 1970.</summary>
    public long ReadAt { get; init; }

    /// <summary>The newest time that its records say, nanoseconds since 1970 UTC; 0 before the first.</summary>
    public long Newest { get; init; }

    /// <summary>Whether it was rotated away and read to its end: nobody asks for it when it is gone.</summary>
    public bool IsDone { get; init; }

    /// <summary>Bytes that were there and not read when it was last read.</summary>
    [JsonIgnore]
    public long Unread => Math.Max(0, Size - Offset);

    /// <summary>At the start of a file that was never read.</summary>
    public static FilePosition Begin(string log, string path, FileStat stat, FileStart start, DateTimeOffset now) =>
        new(Guid.CreateVersion7(now).ToString("N"), log, path, stat.Device, stat.Inode, start, 0)
        {
            Modified = stat.Modified, Size = stat.Size, ReadAt = now.ToUnixTimeSeconds(),
        };

    /// <summary>Whether it is of a file: that has its number, and begins as it did.</summary>
    public bool IsOf(FileStat stat, ReadOnlySpan<byte> head) => Device == stat.Device && MayBeOf(stat, head);

    /// <summary>Whether it may be of a file whose device has had another number before a reboot.</summary>
    public bool MayBeOf(FileStat stat, ReadOnlySpan<byte> head) => Inode == stat.Inode && Start.Fits(head);

    /// <summary>The same place in the same bytes, which lie in another file or under another name now.</summary>
    public FilePosition In(string path, FileStat stat) => this with { Path = path, Device = stat.Device, Inode = stat.Inode };

    /// <summary>As it is stored.</summary>
    public SourcePosition ToSource(string source) => new(source, Id, JsonSerializer.Serialize(this));

    /// <summary>From what was stored; null where it is nothing of ours, or damaged.</summary>
    public static FilePosition? From(SourcePosition position) =>
        position.Read<FilePosition>() is { Offset: >= 0, Size: >= 0, ReadAt: >= 0 } read && read.Id == position.Key
        && read.Start is { Length: >= 0 and <= FileStart.MaxLength, Digest: not null } && IsPath(read.Log) && IsPath(read.Path)
            ? read : null;

    private static bool IsPath(string path) => System.IO.Path.GetDirectoryName(path) is { Length: > 0 } && !path.Contains('\0');
}
