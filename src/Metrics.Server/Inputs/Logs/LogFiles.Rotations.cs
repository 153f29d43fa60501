using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <content>What has become of files that were moved, copied, packed or cut.</content>
internal sealed partial class LogFiles
{
    /// <summary>A file was cut short or written anew: its rest may be in a copy (logrotate's <c>copytruncate</c>).</summary>
    private void Restart(LogTail tail, FileStat stat, LogBatch batch)
    {
        FilePosition before = tail.Position;
        tail.Restart(stat, time.GetUtcNow());
        _copies.Clear();
        long least = Math.Max(before.Offset, before.Start.Length);
        if (least > 0 && !TryGoOn(before, batch))
        {
            batch.Note(EventKinds.LogTruncated, tail.Path, tail.Service,
                $"{tail.Path} was cut from at least {least} to {stat.Size} bytes, and no copy of it is there");
            batch.AddGap(LedgerReasons.Truncated, before);
            batch.Forget(before);
        }
        AddMissed(before.Log, before.Modified);
    }

    /// <summary>What was read before and has no name that the patterns find: rotated while nobody was looking.</summary>
    private void CatchUp(LogBatch batch)
    {
        foreach (FilePosition position in _known.TakeOpen())
        {
            if (TryGoOn(position, batch))
                continue;
            if (_problems.IsUnreadable(position))
            {
                _known.Add(position);
                continue;
            }
            batch.Forget(position);
            // What was written into an empty file since is found by its name.
            if (!position.Start.IsEmpty)
            {
                batch.Note(EventKinds.LogGap, position.Path, options.Service ?? LogTail.ServiceOf(position.Path),
                    $"{position.Path} was read up to byte {position.Offset} and is gone; what was written into it after that is lost"
                    + (position.Unread > 0 ? $", at least {position.Unread} bytes" : ""));
                batch.AddGap(LedgerReasons.Gone, position);
            }
        }
    }

    /// <summary>Finds a file that has another name now, or its copy, and reads its rest.</summary>
    private bool TryGoOn(FilePosition position, LogBatch batch)
    {
        if (position.Start.IsEmpty)
            return false;
        if (LogRotations.Moved(position) is { } moved && TryGoOn(moved.Path, moved.Stat, position, batch))
            return true;
        return LogRotations.Of(position.Log).Any(f => f.Stat.Modified >= position.Modified && TryGoOn(f.Path, f.Stat, position, batch));
    }

    private bool TryGoOn(string path, FileStat stat, FilePosition position, LogBatch batch) =>
        !_byNumber.ContainsKey((stat.Device, stat.Inode)) && TryOpen(path, () =>
        {
            LogBytes bytes = LogBytes.Open(path);
            if (position.Start.Fits(bytes.Head()) && (bytes.IsPacked || position.Offset <= bytes.Stat().Size))
            {
                NoteNotCopied(path, stat, position, bytes, batch);
                return NewTail(bytes, position.In(path, stat), isGone: true);
            }
            bytes.Dispose();
            return null;
        }) is not null;

    /// <summary>
    /// What is written between the copy and the cut of <c>copytruncate</c> is in neither; we may have seen that it was there.
    /// </summary>
    private static void NoteNotCopied(string path, FileStat stat, FilePosition position, LogBytes bytes, LogBatch batch)
    {
        if (bytes.IsPacked || stat.Inode == position.Inode || stat.Size >= position.Size)
            return;
        batch.Note(EventKinds.LogGap, position.Path, LogTail.ServiceOf(position.Path),
            $"{position.Path} had {position.Size} bytes when it was cut, and its copy {path} has {stat.Size}: the rest is lost");
        batch.AddGap(LedgerReasons.NotCopied, position with { Offset = stat.Size });
    }

    /// <summary>
    /// Files that were rotated away before anybody had seen them, as when a log was rotated twice while the daemon was away: those of the
    /// log that are not known, and were written since it was last read.
    /// </summary>
    private void AddMissed(string path, long since)
    {
        foreach ((string rotated, FileStat stat) in LogRotations.Of(path))
        {
            if (stat.Modified < since || _byNumber.ContainsKey((stat.Device, stat.Inode)))
                continue;
            TryOpen(rotated, () =>
            {
                LogBytes bytes = LogBytes.Open(rotated);
                byte[] head = bytes.Head();
                var begin = FilePosition.Begin(path, rotated, stat, FileStart.Of(head), time.GetUtcNow());
                if (!_known.Has(stat, head) && !_tails.Exists(t => t.Position.Start.IsCopiedIn(head)))
                    return NewTail(bytes, begin, isGone: true);
                bytes.Dispose();
                return null;
            });
        }
    }
}
