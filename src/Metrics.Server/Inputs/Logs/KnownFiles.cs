namespace Metrics.Inputs.Logs;

/// <summary>How far files were read that are not open now: of before a restart, and of those that were rotated away. One thread.</summary>
internal sealed class KnownFiles(IEnumerable<FilePosition> known)
{
    /// <summary>How long it is remembered of a file that was rotated away that it was read.</summary>
    private static readonly TimeSpan s_keep = TimeSpan.FromDays(30);

    private readonly List<FilePosition> _known = [.. known];

    /// <summary>When the log of a path was last written as far as is known, by path; seconds since 1970.</summary>
    public Dictionary<string, long> LastWritten()
    {
        var last = new Dictionary<string, long>();
        foreach (FilePosition position in _known)
            last[position.Log] = Math.Max(position.Modified, last.GetValueOrDefault(position.Log));
        return last;
    }

    /// <summary>All by the numbers of their files.</summary>
    public ILookup<long, FilePosition> ByInode() => _known.ToLookup(p => p.Inode);

    /// <summary>Adds one that was closed.</summary>
    public void Add(FilePosition position) => _known.Add(position);

    /// <summary>
    /// Takes out what was read of a file: by its number and start; by its name as well where its device may have another number since a
    /// reboot; or of one from which it was rotated.
    /// </summary>
    public FilePosition? Take(string path, FileStat stat, byte[] head)
    {
        FilePosition? found = _known.Find(p => p.IsOf(stat, head) && p.Offset <= stat.Size)
            ?? _known.Find(p => p.MayBeOf(stat, head) && p.Offset <= stat.Size && !p.Start.IsEmpty
                && (p.Path == path || LogRotations.IsRotation(p.Log, path)))
            ?? _known.Find(p => p.Offset <= stat.Size && LogRotations.IsRotation(p.Log, path) && p.Start.IsCopiedIn(head));
        if (found is not null)
            _known.Remove(found);
        return found;
    }

    /// <summary>Takes out what was read of a file that is another now and begins as it did: somebody has written it anew.</summary>
    public FilePosition? TakeWrittenAnew(string path, byte[] head)
    {
        FilePosition? found = _known.Find(p => p.Log == path && !p.IsDone && p.Start.IsFull && p.Start.Fits(head));
        if (found is not null)
            _known.Remove(found);
        return found;
    }

    /// <summary>Takes out what was read of the file with this number.</summary>
    public FilePosition? Take(FileStat stat)
    {
        FilePosition? found = _known.Find(p => p.Inode == stat.Inode && p.Device == stat.Device && !p.IsDone);
        if (found is not null)
            _known.Remove(found);
        return found;
    }

    /// <summary>Takes out those that were not read to their end for good.</summary>
    public List<FilePosition> TakeOpen()
    {
        List<FilePosition> open = _known.FindAll(p => !p.IsDone);
        _known.RemoveAll(p => !p.IsDone);
        return open;
    }

    /// <summary>Whether a file has been read: by its number, or as a copy.</summary>
    public bool Has(FileStat stat, byte[] head) => _known.Exists(p => p.IsOf(stat, head) || p.Start.IsCopiedIn(head));

    /// <summary>Takes out those that need not be remembered any longer.</summary>
    public List<FilePosition> TakeOld(DateTimeOffset now)
    {
        long since = (now - s_keep).ToUnixTimeSeconds();
        List<FilePosition> old = _known.FindAll(p => p.IsDone && p.ReadAt < since);
        _known.RemoveAll(p => p.IsDone && p.ReadAt < since);
        return old;
    }
}
