using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <summary>Why files cannot be read, each reason counted once; and which of those that are wanted lie there unread. One thread.</summary>
/// <param name="maxFiles">How many are remembered.</param>
/// <param name="counters">Counts them.</param>
internal sealed class LogProblems(int maxFiles, InputCounters counters)
{
    private readonly Dictionary<string, string> _reasons = [];
    private readonly Dictionary<(long Device, long Inode), Unreadable> _unreadable = [];
    private int _scan;

    /// <summary>Files that are there and cannot be read.</summary>
    public IEnumerable<UnreadFile> Unread => _unreadable.Values.Select(u => new UnreadFile(u.Path, u.Stat.Size, 0, u.Reason));

    /// <summary>Whether a file is one of them.</summary>
    public bool IsUnreadable(FilePosition position) => _unreadable.ContainsKey((position.Device, position.Inode));

    /// <summary>Notes that a file cannot be read.</summary>
    public void Note(string path, Exception e)
    {
        if (_reasons.TryGetValue(path, out string? before) && before == e.Message)
            return;
        if (_reasons.Count > maxFiles)
            _reasons.Clear();
        _reasons[path] = e.Message;
        counters.Add(InputError.Unreadable, path, e);
    }

    /// <summary>Notes that a file can be read.</summary>
    public void Clear(string path) => _reasons.Remove(path);

    /// <summary>Notes that a file is there; and unread, where it cannot be read.</summary>
    /// <param name="path">Its name, which the patterns find.</param>
    /// <param name="stat">What it is.</param>
    /// <param name="isRead">Whether it is read.</param>
    public void See(string path, FileStat stat, bool isRead)
    {
        (long, long) number = (stat.Device, stat.Inode);
        if (isRead || !_reasons.TryGetValue(path, out string? reason))
            _unreadable.Remove(number);
        else if (_unreadable.Count < maxFiles || _unreadable.ContainsKey(number))
            _unreadable[number] = new Unreadable(path, stat, reason, _scan);
    }

    /// <summary>Takes out those that were not seen since the last call: they went unread.</summary>
    public List<Unreadable> TakeGone()
    {
        List<Unreadable> gone = [.. _unreadable.Values.Where(u => u.Scan != _scan)];
        foreach (Unreadable one in gone)
            _unreadable.Remove((one.Stat.Device, one.Stat.Inode));
        _scan++;
        return gone;
    }

    /// <summary>A file that cannot be read.</summary>
    /// <param name="Path">Its name.</param>
    /// <param name="Stat">What it was when it was last seen.</param>
    /// <param name="Reason">Why it cannot be read.</param>
    /// <param name="Scan">When it was last seen.</param>
    internal sealed record Unreadable(string Path, FileStat Stat, string Reason, int Scan);
}
