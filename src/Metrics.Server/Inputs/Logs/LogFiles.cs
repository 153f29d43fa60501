using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <summary>
/// The files of one input: found by their patterns, known again when they are moved, copied or packed, read in turn. A file is the same one
/// by device, inode and its first bytes; its name says nothing. One thread at a time.
/// </summary>
/// <param name="options">The input's.</param>
/// <param name="positions">How far files were read before.</param>
/// <param name="lastRun">When this input was last known to run, seconds since 1970; 0 where it never did.</param>
/// <param name="counters">Counts what cannot be read.</param>
/// <param name="time">The clock.</param>
internal sealed partial class LogFiles(
    LogsOptions options, IEnumerable<FilePosition> positions, long lastRun, InputCounters counters, TimeProvider time) : IDisposable
{
    /// <summary>How long a file is followed that has lost its name: some writers go on for a while.</summary>
    private static readonly TimeSpan s_linger = TimeSpan.FromMinutes(1);

    private readonly KnownFiles _known = new(positions);

    /// <summary>Those that are read, in the order in which they were found.</summary>
    private readonly List<LogTail> _tails = [];

    /// <summary>The same by their numbers.</summary>
    private readonly Dictionary<(long Device, long Inode), LogTail> _byNumber = [];

    /// <summary>Copies of files that are read, by their numbers: of use only once those are cut short.</summary>
    private readonly HashSet<(long Device, long Inode)> _copies = [];

    private readonly LogProblems _problems = new(options.MaxFiles, counters);

    /// <summary>Logs that may have been rotated since they were last read, and when they had last been written.</summary>
    private Dictionary<string, long> _rotated = [];

    private byte[] _buffer = [];
    private bool _isFirstScan = true;
    private int _next;

    /// <summary>Number of files that are read.</summary>
    public int Count => _tails.Count;

    /// <summary>Folders in which files are read, and in which new ones may come.</summary>
    public IEnumerable<string> Folders => _tails.Select(t => Path.GetDirectoryName(t.Path)!).Concat(options.Paths.Folders).Distinct();

    /// <summary>Looks which files there are, and what has become of those that there were.</summary>
    public void Scan(LogBatch batch)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_isFirstScan)
            _rotated = _known.LastWritten();
        ILookup<string, LogTail> byPath = _tails.Where(t => t.GoneAt is null).ToLookup(t => t.Path);
        var found = new HashSet<LogTail>();
        foreach ((string path, bool mayBeLink) in options.Paths.Files())
        {
            if (!FileStat.TryOf(path, out FileStat stat) || !stat.IsRegular || _copies.Contains((stat.Device, stat.Inode)))
                continue;
            if (!_byNumber.TryGetValue((stat.Device, stat.Inode), out LogTail? tail))
                tail = TryOpen(path, () => Begin(path, mayBeLink, byPath[path].FirstOrDefault(), batch));
            _problems.See(path, stat, isRead: tail is not null || IsLeftOut(path, mayBeLink));
            if (tail is null)
                continue;
            tail.See(path, stat);
            found.Add(tail);
        }
        _problems.TakeGone().ForEach(f => NoteUnread(f, batch));
        foreach (LogTail tail in _tails)
        {
            if (!found.Contains(tail))
                tail.GoneAt ??= time.GetTimestamp();
        }
        if (_isFirstScan)
            CatchUp(batch);
        foreach ((string path, long since) in _rotated)
            AddMissed(path, since);
        foreach (FilePosition old in _known.TakeOld(now))
            batch.Forget(old);
        _rotated.Clear();
        _isFirstScan = false;
    }

    /// <summary>Reads what has come, from each file in turn, until the batch is full.</summary>
    /// <returns>Whether more is there now.</returns>
    public bool Read(LogBatch batch)
    {
        bool hasMore = false;
        int count = _tails.Count;
        for (int n = 0; n < count && !batch.IsFull; n++)
            hasMore |= Read(_tails[(_next + n) % count], batch);
        _next = count == 0 ? 0 : (_next + 1) % count;
        return hasMore || batch.IsFull;
    }

    /// <summary>Adds to a batch how far each file was read with it, and closes those that are read to their end for good.</summary>
    /// <returns>The same, for <see cref="Commit"/>.</returns>
    public IReadOnlyList<(LogTail Tail, FilePosition Position)> AddPositions(LogBatch batch)
    {
        var added = new List<(LogTail, FilePosition)>();
        foreach (LogTail tail in _tails.Where(IsNew).ToList())
        {
            batch.Add(tail.Position);
            added.Add((tail, tail.Position));
            tail.Submitted = tail.Position;
            if (!tail.Position.IsDone)
                continue;
            _closed.Add(tail);
            Close(tail);
        }
        return added;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (LogTail tail in _tails)
            tail.Dispose();
    }

    private bool Read(LogTail tail, LogBatch batch)
    {
        try
        {
            FileStat stat = tail.Stat();
            if (!tail.IsPacked && (stat.Size < tail.Position.Offset || (stat.Size != tail.Seen && !tail.IsSame())))
                Restart(tail, stat, batch);
            bool isOver = tail.IsPacked
                || (tail.GoneAt is { } gone && time.GetElapsedTime(gone) > s_linger && time.GetElapsedTime(tail.LastGrowth) > s_linger);
            bool hasMore = tail.Read(stat, batch, ref _buffer, isOver, time);
            if (isOver && !hasMore)
                tail.Finish();
            return hasMore;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            _problems.Note(tail.Path, e);
            if (!tail.IsPacked)
                return false;
            batch.Note(EventKinds.LogGap, tail.Path, tail.Service,
                $"{tail.Path} cannot be read behind byte {tail.Position.Offset}: {e.Message}");
            batch.AddGap(LedgerReasons.Unreadable, tail.Position);
            tail.Finish();
            return false;
        }
    }

    private void NoteUnread(LogProblems.Unreadable file, LogBatch batch)
    {
        FilePosition begin = _known.Take(file.Stat)
            ?? FilePosition.Begin(file.Path, file.Path, file.Stat, FileStart.Of([]), time.GetUtcNow());
        begin = begin with { Size = file.Stat.Size };
        batch.Note(EventKinds.LogGap, file.Path, options.Service ?? LogTail.ServiceOf(file.Path),
            $"{file.Path} could not be read as long as it was there, and is gone with {begin.Unread} bytes: {file.Reason}");
        batch.AddGap(LedgerReasons.Unreadable, begin);
        batch.Forget(begin);
    }

    private LogTail? TryOpen(string path, Func<LogTail?> open)
    {
        try
        {
            if (_tails.Count >= options.MaxFiles)
                throw new IOException($"max_files ({options.MaxFiles}) are read already");
            LogTail? tail = open();
            _problems.Clear(path);
            return tail;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            _problems.Note(path, e);
            return null;
        }
    }

    private LogTail? Begin(string path, bool mayBeLink, LogTail? previous, LogBatch batch)
    {
        LogBytes bytes = LogBytes.Open(path, mayBeLink);
        FileStat stat = bytes.Stat();
        byte[] head = bytes.Head();
        FilePosition begin = FilePosition.Begin(path, path, stat, FileStart.Of(head), time.GetUtcNow());
        if (previous is not null)
            _rotated[path] = previous.Position.Modified;
        if (_known.Take(path, stat, head) is { } before)
        {
            if (previous is not null)
                batch.Note(EventKinds.LogReplaced, path, previous.Service, $"{path} is an older file again, which was read before");
            return NewTail(bytes, before.In(path, stat) with { IsDone = false });
        }
        if (previous?.Position is { Start.IsFull: true } same && same.Start.Fits(head))
            return BeginWrittenAnew(bytes, stat, begin, same, batch, previous.Finish);
        if (_known.TakeWrittenAnew(path, head) is { } other)
            return BeginWrittenAnew(bytes, stat, begin, other, batch, () => batch.Forget(other));
        // What is more in a copy is of use only once the file itself is cut short.
        if (_tails.Exists(t => LogRotations.IsRotation(t.Position.Log, path) && t.Position.Start.IsCopiedIn(head)))
        {
            _copies.Add((stat.Device, stat.Inode));
            bytes.Dispose();
            return null;
        }
        // Older than what was ever read: there before the first start, or before a pattern found it.
        if (!_isFirstScan || _rotated.ContainsKey(path) || !IsPassedOver(stat))
            return NewTail(bytes, begin, after: previous?.Position.Newest ?? 0);
        if (stat.Size > 0)
            batch.AddGap(LedgerReasons.BeforeStart, begin, isAtLeast: false);
        return NewTail(bytes, AtEnd(bytes, begin, stat.Size));
    }

    /// <summary>Whether a file is not wanted of which nothing is known: it was there before anybody read this log.</summary>
    private bool IsPassedOver(FileStat stat) =>
        options.Start == LogStart.End && (lastRun == 0 || (stat.Born > 0 && stat.Born < lastRun));

    /// <summary>A link that is not followed is none of the files that are wanted.</summary>
    private static bool IsLeftOut(string path, bool mayBeLink) => !mayBeLink && new FileInfo(path).LinkTarget is not null;

    /// <summary>
    /// Another file with the same start under the same name: an editor has written it anew. What was read is not read again but for the
    /// line in which the place falls: where some were taken out, it is a new one.
    /// </summary>
    private LogTail BeginWrittenAnew(
        LogBytes bytes, FileStat stat, FilePosition begin, FilePosition before, LogBatch batch, Action giveUp)
    {
        batch.Note(EventKinds.LogReplaced, begin.Path, options.Service ?? LogTail.ServiceOf(begin.Path),
            $"{begin.Path} was written anew: another file that begins alike; {before.Offset} bytes had been read, it has {stat.Size}");
        if (before.Unread > 0 && stat.Size < before.Size)
            batch.AddGap(LedgerReasons.Replaced, before);
        giveUp();
        return NewTail(bytes, begin with { Offset = StartOfRecord(bytes, Math.Min(before.Offset, stat.Size)), Newest = before.Newest });
    }

    private FilePosition AtEnd(LogBytes bytes, FilePosition begin, long size) => options.RecordLength > 0
        ? begin with { Offset = StartOfRecord(bytes, size) }
        : begin with { Offset = size, IsInLongLine = !bytes.IsStartOfLine(size) };

    private long StartOfRecord(LogBytes bytes, long offset) =>
        options.RecordLength is > 0 and var length ? offset - (offset % length) : bytes.StartOfLine(offset);

    private LogTail NewTail(LogBytes bytes, FilePosition position, bool isGone = false, long after = 0)
    {
        var tail = new LogTail(options, bytes, position, time.GetTimestamp())
        {
            After = after, GoneAt = isGone ? time.GetTimestamp() : null,
        };
        _tails.Add(tail);
        _byNumber[(position.Device, position.Inode)] = tail;
        return tail;
    }

    private void Close(LogTail tail)
    {
        _tails.Remove(tail);
        _byNumber.Remove((tail.Position.Device, tail.Position.Inode));
        _known.Add(tail.Position);
        tail.Dispose();
    }
}
