using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <summary>
/// The files of one input: found by their patterns, known again when they are moved, copied or packed, read in turn. A file is the same one
/// by device, inode and its first bytes; its name says nothing. One thread at a time.
/// </summary>
/// <param name="options">The input's.</param>
/// <param name="known">How far files were read before.</param>
/// <param name="counters">Counts what cannot be read.</param>
/// <param name="time">The clock.</param>
internal sealed class LogFiles(LogsOptions options, IEnumerable<FilePosition> known, InputCounters counters, TimeProvider time)
    : IDisposable
{
    /// <summary>How long a file is followed that has lost its name: some writers go on for a while.</summary>
    private static readonly TimeSpan s_linger = TimeSpan.FromMinutes(1);

    /// <summary>How long it is remembered of a file that was rotated away that it was read: 30 days.</summary>
    private const long KeepSeconds = 30 * 86_400;

    /// <summary>Those that are read, in the order in which they were found.</summary>
    private readonly List<LogTail> _tails = [];

    /// <summary>Why a file cannot be read, by its name: each reason is counted once.</summary>
    private readonly Dictionary<string, string> _problems = [];

    /// <summary>Those that were read before, and are not now.</summary>
    private readonly List<FilePosition> _known = [.. known];

    /// <summary>Logs that may have been rotated since they were last read, and when that was, seconds since 1970.</summary>
    private readonly Dictionary<string, long> _rotated = [];

    private byte[] _buffer = [];
    private bool _isFirst = true;
    private int _next;

    /// <summary>Number of files that are read.</summary>
    public int Count => _tails.Count;

    /// <summary>Folders in which files are read, and in which new ones may come.</summary>
    public IEnumerable<string> Folders => _tails.Select(t => Path.GetDirectoryName(t.Path)!).Concat(options.Paths.Folders).Distinct();

    /// <summary>Looks which files there are, and what has become of those that there were.</summary>
    public void Scan(LogBatch batch)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_isFirst)
        {
            foreach (FilePosition position in _known)
                _rotated[position.Path] = Math.Max(position.ReadAt, _rotated.GetValueOrDefault(position.Path));
        }
        long lastRead = _rotated.Count > 0 ? _rotated.Values.Max() : long.MaxValue;
        var found = new HashSet<LogTail>();
        foreach (string path in options.Paths.Files())
        {
            if (!FileStat.TryOf(path, out FileStat stat) || !stat.IsRegular)
                continue;
            LogTail? tail = Find(stat) ?? TryOpen(path, () => Begin(path, lastRead, batch));
            if (tail is null)
                continue;
            tail.Rename(path);
            found.Add(tail);
        }
        foreach (LogTail tail in _tails)
        {
            if (!found.Contains(tail))
                tail.GoneAt ??= now;
        }
        if (_isFirst)
            CatchUp(batch, now);
        foreach ((string path, long since) in _rotated)
            AddMissed(path, since, now);
        _rotated.Clear();
        _isFirst = false;
    }

    /// <summary>Reads what has come, from each file in turn, until the batch is full.</summary>
    /// <returns>Whether more is there now.</returns>
    public bool Read(LogBatch batch)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool hasMore = false;
        int count = _tails.Count;
        for (int n = 0; n < count && !batch.IsFull; n++)
            hasMore |= Read(_tails[(_next + n) % count], batch, now);
        _next = count == 0 ? 0 : (_next + 1) % count;
        foreach (LogTail tail in _tails.Where(t => t.Position.IsDone && t.Position == t.Committed).ToList())
            Close(tail);
        return hasMore || batch.IsFull;
    }

    /// <summary>Adds to a batch how far each file was read with it.</summary>
    public IReadOnlyList<(LogTail Tail, FilePosition Position)> AddPositions(LogBatch batch)
    {
        List<(LogTail Tail, FilePosition Position)> changed =
            [.. _tails.Where(t => t.Position != t.Submitted).Select(t => (t, t.Position))];
        foreach ((LogTail tail, FilePosition position) in changed)
        {
            batch.Add(position);
            tail.Submitted = position;
        }
        return changed;
    }

    /// <summary>Goes back to what is stored.</summary>
    public void Rewind()
    {
        foreach (LogTail tail in _tails)
            tail.Rewind();
        // What is packed is read forward only, so its file is opened anew.
        foreach (LogTail past in _tails.Where(t => t.IsPast).ToList())
        {
            _tails.Remove(past);
            past.Dispose();
            TryOpen(past.Path, () => new LogTail(options, LogRotations.Open(past.Path), past.Position, time.GetUtcNow()) { IsPast = true });
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (LogTail tail in _tails)
            tail.Dispose();
    }

    private LogTail? Find(FileStat stat) => _tails.Find(t => t.Position.Inode == stat.Inode && t.Position.Device == stat.Device);

    private bool Read(LogTail tail, LogBatch batch, DateTimeOffset now)
    {
        if (tail.Position.IsDone)
            return false;
        try
        {
            if (tail.IsPast)
                return ReadPast(tail, batch, now);
            FileStat stat = tail.Stat();
            if (stat.Size < tail.Position.Offset || (stat.Size != tail.Seen && !IsSame(tail)))
                Restart(tail, stat, batch, now);
            bool isOver = tail.GoneAt is { } gone && now - gone > s_linger && now - tail.LastGrowth > s_linger;
            bool hasMore = tail.Read(stat.Size, batch, ref _buffer, isOver, now);
            if (isOver && !hasMore)
                tail.Finish();
            return hasMore;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            NoteProblem(tail.Path, e);
            if (tail.IsPast)
            {
                batch.Note(EventKinds.LogGap, tail.Path, tail.Service,
                    $"{tail.Path} cannot be read behind byte {tail.Position.Offset}: {e.Message}");
                tail.Finish();
            }
            return false;
        }
    }

    private bool ReadPast(LogTail tail, LogBatch batch, DateTimeOffset now)
    {
        if (tail.Read(long.MaxValue, batch, ref _buffer, isClosed: true, now))
            return true;
        tail.Finish();
        return false;
    }

    /// <summary>Whether a file still begins as it did; a short one may have grown since.</summary>
    private static bool IsSame(LogTail tail)
    {
        byte[] head = tail.Head();
        if (!tail.Position.Start.Fits(head))
            return false;
        if (tail.Position.Start.Length < FileStart.MaxLength)
            tail.Note(FileStart.Of(head));
        return true;
    }

    /// <summary>A file was cut short or written anew: its rest may be in a copy (logrotate's <c>copytruncate</c>).</summary>
    private void Restart(LogTail tail, FileStat stat, LogBatch batch, DateTimeOffset now)
    {
        (FilePosition before, FilePosition committed) = (tail.Position, tail.CommittedOfThis);
        tail.Restart(stat, now);
        long least = Math.Max(before.Offset, before.Start.Length);
        if (least > 0)
        {
            GoOn(before, committed, () => batch.Note(EventKinds.LogTruncated, tail.Path, tail.Service,
                $"{tail.Path} was cut from at least {least} to {stat.Size} bytes, and no copy of it is there"), batch, now);
        }
        AddMissed(tail.Path, before.ReadAt, now);
    }

    /// <summary>Reads the rest of a file that has another name now.</summary>
    private void GoOn(FilePosition position, FilePosition committed, Action miss, LogBatch batch, DateTimeOffset now)
    {
        if (LogRotations.Find(position) is { } found)
        {
            // Where a commit failed it may be under way already.
            if (_tails.Exists(t => t.Position.Id == position.Id))
                found.Bytes.Dispose();
            else
                AddPast(found.Position, committed, found.Bytes, now);
            return;
        }
        miss();
        batch.Forget(position);
    }

    private void AddPast(FilePosition position, FilePosition committed, ILogBytes bytes, DateTimeOffset now)
    {
        FilePosition stored = committed with { Path = position.Path, Device = position.Device, Inode = position.Inode };
        _tails.Add(new LogTail(options, bytes, position, now, stored) { IsPast = true });
    }

    /// <summary>
    /// Files that were rotated away before anybody had seen them, as when a log was rotated twice while the daemon was away: those of the
    /// log that are not known, and were written since it was last read.
    /// </summary>
    private void AddMissed(string path, long since, DateTimeOffset now)
    {
        foreach (string rotated in LogRotations.Of(path))
        {
            if (FileStat.TryOf(rotated, out FileStat stat) && stat.IsRegular && stat.Modified >= since && Find(stat) is null)
                TryOpen(rotated, () => BeginMissed(rotated, stat, now));
        }
    }

    private LogTail? BeginMissed(string path, FileStat stat, DateTimeOffset now)
    {
        byte[] head;
        using (ILogBytes bytes = LogRotations.Open(path))
            head = LogRotations.Head(bytes);
        if (_known.Concat(_tails.Select(t => t.Position)).Any(p => p.IsOf(stat, head) || p.Start.IsKnownIn(head)))
            return null;
        var position = FilePosition.Begin(path, stat, FileStart.Of(head), now);
        return new LogTail(options, LogRotations.Open(path), position, now) { IsPast = true };
    }

    /// <summary>What was read before and has no name that the patterns find: rotated while nobody was looking.</summary>
    private void CatchUp(LogBatch batch, DateTimeOffset now)
    {
        foreach (FilePosition old in _known.Where(p => p.IsDone && now.ToUnixTimeSeconds() - p.ReadAt > KeepSeconds).ToList())
        {
            _known.Remove(old);
            batch.Forget(old);
        }
        foreach (FilePosition position in _known.Where(p => !p.IsDone).ToList())
        {
            _known.Remove(position);
            if (position.Start.Length == 0)
            {
                // It was empty: what was written into it since is found by its name.
                batch.Forget(position);
                continue;
            }
            GoOn(position, position, () => batch.Note(EventKinds.LogGap, position.Path, options.Service ?? "",
                $"{position.Path} was read up to byte {position.Offset} and is gone; what was written into it after that is lost"), batch, now);
        }
    }

    private LogTail? TryOpen(string path, Func<LogTail?> open)
    {
        try
        {
            LogTail? tail = open();
            if (tail is not null)
                _tails.Add(tail);
            _problems.Remove(path);
            return tail;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            NoteProblem(path, e);
            return null;
        }
    }

    private void NoteProblem(string path, Exception e)
    {
        if (_problems.TryGetValue(path, out string? before) && before == e.Message)
            return;
        _problems[path] = e.Message;
        counters.Add(InputError.Unreadable, path, e);
    }

    private LogTail? Begin(string path, long lastRead, LogBatch batch)
    {
        ILogBytes bytes = LogRotations.Open(path);
        try
        {
            LogTail? tail = Begin(path, bytes, lastRead, batch);
            if (tail is null)
                bytes.Dispose();
            return tail;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private LogTail? Begin(string path, ILogBytes bytes, long lastRead, LogBatch batch)
    {
        FileStat stat = bytes.Stat();
        byte[] head = LogRotations.Head(bytes);
        DateTimeOffset now = time.GetUtcNow();
        var position = FilePosition.Begin(path, stat, FileStart.Of(head), now);
        LogTail? previous = _tails.Find(t => t.Path == path && !t.IsPast);
        if (previous is not null)
            _rotated[path] = previous.Position.ReadAt;
        if (TakeKnown(path, stat, head) is { } before)
        {
            if (previous is not null)
                batch.Note(EventKinds.LogReplaced, path, previous.Service, $"{path} is an older file again, which was read before");
            return Start(before with { Path = path, Device = stat.Device, Inode = stat.Inode, IsDone = false });
        }
        // A copy of a file that is being read: what is more in it is of use only once that one is cut short.
        if (_tails.Exists(t => t.Position.Start.IsTelling && t.Position.Start.Fits(head) && LogRotations.AreOfOneLog(t.Path, path)))
            return null;
        bool isNew = !_isFirst || stat.Born >= lastRead || _rotated.ContainsKey(path);
        if (isNew || options.Start == LogStart.Beginning || stat.Size == 0)
            return Start(position);
        Span<byte> last = stackalloc byte[1];
        bytes.Read(stat.Size - 1, last);
        return Start(position with { Offset = stat.Size, IsInLongLine = last[0] != '\n' });

        LogTail Start(FilePosition at) => new(options, bytes, at, now) { After = previous?.Newest ?? 0 };
    }

    /// <summary>What was read of a file before: by device and inode, or by its first bytes where it was copied.</summary>
    private FilePosition? TakeKnown(string path, FileStat stat, byte[] head)
    {
        List<FilePosition> candidates = _known.FindAll(p => p.Offset <= stat.Size && p.Start.Fits(head));
        FilePosition? before = candidates.Find(p => p.IsOf(stat, head))
            ?? candidates.Find(p => p.Start.IsTelling && LogRotations.AreOfOneLog(p.Path, path));
        if (before is not null)
            _known.Remove(before);
        return before;
    }

    private void Close(LogTail tail)
    {
        _tails.Remove(tail);
        _known.Add(tail.Position);
        tail.Dispose();
    }
}
