namespace Metrics.Inputs.Logs;

/// <content>What lies in files and is not stored yet: not looked at, not read, or read and on its way.</content>
internal sealed partial class LogFiles
{
    /// <summary>Files that are closed, and whose last bytes are on their way.</summary>
    private readonly List<LogTail> _closed = [];

    /// <summary>Files in which something lies that is not stored, as long as they were at the last look.</summary>
    public IReadOnlyList<UnreadFile> Unread => [.. _tails.Concat(_closed).SelectMany(UnreadOf), .. _problems.Unread];

    /// <summary>Whether <see cref="AddPositions"/> would add any.</summary>
    public bool HasPositions => _tails.Exists(IsNew);

    /// <summary>The same before the first look: all that is there and wanted, but for what was read before.</summary>
    public IReadOnlyList<UnreadFile> Ahead()
    {
        ILookup<long, FilePosition> known = _known.ByInode();
        Dictionary<string, long> logs = _known.LastWritten();
        var ahead = new List<UnreadFile>();
        foreach ((string path, bool mayBeLink) in options.Paths.Files().Take(options.MaxFiles))
        {
            if (!FileStat.TryOf(path, out FileStat stat) || !stat.IsRegular || IsLeftOut(path, mayBeLink))
                continue;
            FilePosition? before = known[stat.Inode].FirstOrDefault(p => p.Device == stat.Device || p.Path == path);
            if (before is null && !logs.ContainsKey(path) && IsPassedOver(stat))
                continue;
            // One that was cut short is another now.
            long read = before?.Offset <= stat.Size ? before.Offset : 0;
            if (stat.Size > read)
                ahead.Add(new UnreadFile(path, stat.Size - read, before?.Newest ?? 0, null));
        }
        return ahead;
    }

    /// <summary>Looks how long the files are now that are read.</summary>
    public void Look()
    {
        foreach (LogTail tail in _tails)
        {
            try
            {
                tail.Look();
            }
            catch (IOException)
            {
                // Its file system is gone: reading it says so.
            }
        }
    }

    /// <summary>Says that what <see cref="AddPositions"/> gave is stored.</summary>
    public void Commit(IEnumerable<(LogTail Tail, FilePosition Position)> stored)
    {
        foreach ((LogTail tail, FilePosition position) in stored)
            tail.Commit(position);
        _closed.RemoveAll(t => t.Committed.IsDone);
    }

    private static bool IsNew(LogTail tail) => tail.Position != tail.Submitted;

    private static IEnumerable<UnreadFile> UnreadOf(LogTail tail) =>
        tail.Unread > 0 ? [new UnreadFile(tail.Path, tail.Unread, tail.Committed.Newest, null)] : [];
}
