using Metrics.Formats.Logs;
using Metrics.Model;

namespace Metrics.Inputs.Logs;

/// <summary>One file that is read from where it was read last, again and again. Holds no bytes of it. One thread at a time.</summary>
internal sealed class LogTail : IDisposable
{
    /// <summary>Bytes read at a time; more where one record is longer.</summary>
    private const int ChunkSize = 256 * 1024;

    /// <summary>How far back times of one file go before its clock is said to have been set back, nanoseconds: ten minutes.</summary>
    private const long MaxBack = 600L * 1_000_000_000;

    /// <summary>How long a file must be quiet before its last line ends its record.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(1);

    private readonly LogsOptions _options;
    private readonly LogBytes _bytes;
    private readonly LogContext _context;
    private readonly LogReader _reader;
    private readonly LogSplitter _splitter;
    private LogEnd _lastEnd;

    /// <summary>Its bytes when it was last looked at.</summary>
    private long _size;

    /// <param name="options">The input's.</param>
    /// <param name="bytes">The file, which the tail closes.</param>
    /// <param name="position">Where to begin.</param>
    /// <param name="now">The present, as the clock counts.</param>
    public LogTail(LogsOptions options, LogBytes bytes, FilePosition position, long now)
    {
        _options = options;
        _bytes = bytes;
        Service = options.Service ?? ServiceOf(position.Log);
        _context = new LogContext(options.TimeZone) { IsFailures = ServiceOf(position.Log).StartsWith("btmp", StringComparison.Ordinal) };
        _reader = new LogReader(options.Format is { } format ? [format] : LogFormats.All, _context);
        _splitter = new LogSplitter(options.MultiLine.JoinsFor(_reader), options.RecordLength) { IsInLongLine = position.IsInLongLine };
        (Position, Committed, LastGrowth) = (position, position, now);
        _size = bytes.Stat().Size;
    }

    /// <summary>How far it was read.</summary>
    public FilePosition Position { get; private set; }

    /// <summary>How far it was read with what is stored or on its way there; null before the first time.</summary>
    public FilePosition? Submitted { get; set; }

    /// <summary>How far it was read with what is stored.</summary>
    public FilePosition Committed { get; private set; }

    /// <summary>Its name now.</summary>
    public string Path => Position.Path;

    /// <summary>Whether it is packed: nobody writes into it, and it ends when it is read to its end.</summary>
    public bool IsPacked => _bytes.IsPacked;

    /// <summary>The service where its lines say none.</summary>
    public string Service { get; }

    /// <summary>When it was last seen to grow, as the clock counts.</summary>
    public long LastGrowth { get; private set; }

    /// <summary>Since when its name is another's, or nobody's; null while it is its own.</summary>
    public long? GoneAt { get; set; }

    /// <summary>Size up to which it was looked at, so that nothing is read twice while nothing comes; -1 asks for another look.</summary>
    public long Seen { get; private set; } = -1;

    /// <summary>
    /// Bytes that were there at the last look and are not stored yet; of a packed file all of them until it is read to its end.
    /// </summary>
    public long Unread => Committed.IsDone ? 0 : IsPacked ? _size : Math.Max(0, _size - Committed.Offset);

    /// <summary>The newest time in the file that had its name before, nanoseconds since 1970 UTC; 0 is unknown.</summary>
    public long After { get; init; }

    /// <summary>The name of a file up to its first dot: <c>nova-compute.log.1</c> is of nova-compute.</summary>
    public static string ServiceOf(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        int dot = name.IndexOf('.', Math.Min(1, name.Length));
        return dot < 0 ? name : name[..dot];
    }

    /// <summary>What the kernel says of it.</summary>
    public FileStat Stat() => _bytes.Stat();

    /// <summary>Looks how long it is now.</summary>
    public void Look() => _size = Stat().Size;

    /// <summary>Says how far what was read of it is stored.</summary>
    /// <param name="stored">How far.</param>
    public void Commit(FilePosition stored)
    {
        if (stored.Id == Position.Id)
            Committed = stored;
    }

    /// <summary>Says that it was found: its name and length, which may have changed.</summary>
    public void See(string path, FileStat stat)
    {
        _size = stat.Size;
        GoneAt = null;
        if (path != Path)
            Position = Position with { Path = path };
    }

    /// <summary>Whether it still begins as it did; a short one may have grown since, which is noted.</summary>
    public bool IsSame()
    {
        byte[] head = _bytes.Head();
        if (!Position.Start.Fits(head))
            return false;
        if (!Position.Start.IsFull && FileStart.Of(head) is var grown && grown != Position.Start)
            Position = Position with { Start = grown };
        return true;
    }

    /// <summary>
    /// Whether what was read at its place is of the file that was looked at before: it may have been cut and written anew in between.
    /// </summary>
    private bool IsOfSame(ReadOnlySpan<byte> bytes)
    {
        if (Position.Offset > 0)
            return IsSame();
        if (!Position.Start.Fits(bytes))
            return false;
        if (!Position.Start.IsFull)
            Position = Position with { Start = FileStart.Of(bytes) };
        return true;
    }

    /// <summary>Begins anew: the file was cut short, and is another now.</summary>
    public void Restart(FileStat stat, DateTimeOffset now)
    {
        Position = FilePosition.Begin(Position.Log, Path, stat, FileStart.Of(_bytes.Head()), now) with { Newest = Position.Newest };
        Committed = Position;
        _splitter.IsInLongLine = false;
        Seen = -1;
    }

    /// <summary>Says that it is read to its end for good.</summary>
    public void Finish() => Position = Position with { IsDone = true };

    /// <summary>Reads one piece of it into a batch.</summary>
    /// <param name="stat">What it is now.</param>
    /// <param name="batch">Gets the records.</param>
    /// <param name="buffer">To read into; made larger where one record needs it.</param>
    /// <param name="isClosed">Whether nobody writes into it any more.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Whether there may be more now.</returns>
    public bool Read(FileStat stat, LogBatch batch, ref byte[] buffer, bool isClosed, TimeProvider time)
    {
        _size = stat.Size;
        long size = IsPacked ? long.MaxValue : stat.Size;
        if (size > Seen)
            LastGrowth = time.GetTimestamp();
        LogEnd end = isClosed ? LogEnd.Closed : time.GetElapsedTime(LastGrowth) >= s_idle ? LogEnd.Idle : LogEnd.Open;
        if (size == Seen && end <= _lastEnd)
            return false;
        (Seen, _lastEnd) = (size, end);
        if (size <= Position.Offset)
            return false;
        _context.Now = batch.Now;
        while (true)
        {
            if (buffer.Length < ChunkSize)
                buffer = new byte[ChunkSize];
            int count = _bytes.Read(Position.Offset, buffer);
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, count);
            if (!IsPacked && !IsOfSame(bytes))
            {
                Seen = -1;
                return true;
            }
            bool hasMore = count == buffer.Length;
            if (hasMore && _options.RecordLength == 0 && !bytes.ContainsAnyExcept((byte)0))
            {
                // A hole, as a writer leaves that goes on behind the end of a file that was cut short.
                LedgerEntry hole = batch.Begin(Position);
                hole.Ends = _bytes.NextWritten(Position.Offset + count);
                hole.NulBytes = hole.Ends - hole.Begins;
                batch.Add(hole);
                Position = Position with { Offset = hole.Ends };
                Seen = -1;
                return true;
            }
            int taken = Take(bytes, hasMore ? LogEnd.Open : end, batch, stat, time);
            if (taken > 0 || !hasMore)
            {
                // A full batch leaves the rest for the next.
                bool isLeft = hasMore || (batch.IsFull && taken < count);
                if (isLeft)
                    Seen = -1;
                return isLeft;
            }
            // One record is longer than the buffer, but never than twice the longest.
            buffer = new byte[buffer.Length * 2];
        }
    }

    /// <inheritdoc />
    public void Dispose() => _bytes.Dispose();

    private int Take(ReadOnlySpan<byte> bytes, LogEnd end, LogBatch batch, FileStat stat, TimeProvider time)
    {
        ReadOnlySpan<byte> rest = bytes;
        long newest = Position.Newest;
        LedgerEntry entry = batch.Begin(Position);
        (long longBefore, long nulBefore) = (_splitter.LongBytes, _splitter.NulBytes);
        while (!batch.IsFull && _splitter.TryTake(ref rest, end, out ReadOnlySpan<byte> record))
        {
            if (record.IsEmpty)
                continue;
            int start = bytes.Length - rest.Length - _splitter.Length;
            long? said = batch.Add(_reader, record, Path, Service, Position.Offset + start);
            entry.Count(said ?? batch.Now);
            if (said is { } given)
                newest = Follow(given, newest, batch);
        }
        int taken = bytes.Length - rest.Length;
        batch.CountBytes(taken);
        if (taken > 0)
        {
            entry.Lines = CountLines(bytes[..taken], isEnd: end == LogEnd.Closed && taken == bytes.Length);
            (entry.LongBytes, entry.NulBytes) = (_splitter.LongBytes - longBefore, _splitter.NulBytes - nulBefore);
            entry.Ends = Position.Offset + taken;
            batch.Add(entry);
            Position = Position with
            {
                Offset = entry.Ends, IsInLongLine = _splitter.IsInLongLine, Newest = newest, Modified = stat.Modified,
                Size = IsPacked ? 0 : stat.Size, ReadAt = time.GetUtcNow().ToUnixTimeSeconds(),
            };
        }
        return taken;
    }

    /// <summary>Where there are no lines, a place for a record is one.</summary>
    private int CountLines(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        if (_options.RecordLength is > 0 and var length)
            return (bytes.Length + length - 1) / length;
        return bytes.Count((byte)'\n') + (isEnd && bytes[^1] is not ((byte)'\n' or 0) ? 1 : 0);
    }

    /// <returns>The newest time now.</returns>
    private long Follow(long said, long newest, LogBatch batch)
    {
        if (newest == 0 && After - said > MaxBack)
        {
            batch.Note(EventKinds.LogReplaced, Path, Service,
                $"{Path} is an older file now: it begins {Ago(After - said)} before the last one ended");
        }
        else if (newest - said > MaxBack && !IsTwice(said))
        {
            batch.Note(EventKinds.LogRewound, Path, Service, $"The times of {Path} go back by {Ago(newest - said)}");
        }
        else if (said < newest)
        {
            return newest;
        }
        return said;
    }

    /// <summary>Where summer time ends an hour comes twice, and nothing tells the first from the second.</summary>
    private bool IsTwice(long said) =>
        _options.TimeZone.IsAmbiguousTime(TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks(said / 100), _options.TimeZone));

    private static string Ago(long nanoseconds) => Duration.Format(TimeSpan.FromSeconds(nanoseconds / 1_000_000_000));
}
