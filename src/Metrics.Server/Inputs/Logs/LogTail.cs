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
    private readonly ILogBytes _bytes;
    private readonly LogContext _context;
    private readonly LogReader _reader;
    private readonly LogSplitter _splitter;

    private LogEnd _lastEnd;
    private FilePosition _begin;
    private long _newest;

    /// <param name="options">The input's.</param>
    /// <param name="bytes">The file, which the tail closes.</param>
    /// <param name="position">Where to begin.</param>
    /// <param name="now">The present.</param>
    /// <param name="committed">How far of that is stored; null where all is.</param>
    public LogTail(LogsOptions options, ILogBytes bytes, FilePosition position, DateTimeOffset now, FilePosition? committed = null)
    {
        _options = options;
        _bytes = bytes;
        _context = new LogContext(options.TimeZone);
        _reader = new LogReader(options.Format is { } format ? [format] : LogFormats.All, _context);
        _splitter = new LogSplitter(options.MultiLine.JoinFor(_reader)) { IsInLongLine = position.IsInLongLine };
        (Position, Committed, _begin, LastGrowth) = (position, committed ?? position, committed ?? position, now);
        Service = options.Service ?? ServiceOf(position.Path);
    }

    /// <summary>How far it was read.</summary>
    public FilePosition Position { get; private set; }

    /// <summary>How far it was read and stored.</summary>
    public FilePosition Committed { get; private set; }

    /// <summary>How far the file as it is now was read and stored: since it was cut short, nothing may be.</summary>
    public FilePosition CommittedOfThis => Committed.Id == Position.Id ? Committed : _begin;

    /// <summary>Its name now.</summary>
    public string Path => Position.Path;

    /// <summary>The service where its lines say none.</summary>
    public string Service { get; }

    /// <summary>When it was last seen to grow.</summary>
    public DateTimeOffset LastGrowth { get; private set; }

    /// <summary>Since when its name is another's, or nobody's; null while it is its own.</summary>
    public DateTimeOffset? GoneAt { get; set; }

    /// <summary>Whether it ends when it is read to its end: a file that was rotated away.</summary>
    public bool IsPast { get; init; }

    /// <summary>How far it was read with what is on its way to be stored; null before the first time.</summary>
    public FilePosition? Submitted { get; set; }

    /// <summary>Size up to which it was looked at, so that nothing is read twice while nothing comes; -1 asks for another look.</summary>
    public long Seen { get; private set; } = -1;

    /// <summary>The newest time in the file that had its name before, nanoseconds since 1970 UTC; 0 is unknown.</summary>
    public long After { get; init; }

    /// <summary>The time of its newest record, nanoseconds since 1970 UTC; 0 before the first.</summary>
    public long Newest => _newest;

    /// <summary>What the kernel says of it.</summary>
    public FileStat Stat() => _bytes.Stat();

    /// <summary>Its first bytes now.</summary>
    public byte[] Head() => LogRotations.Head(_bytes);

    /// <summary>Says its name, which may have changed.</summary>
    public void Rename(string path)
    {
        GoneAt = null;
        if (path != Path)
            Position = Position with { Path = path };
    }

    /// <summary>Says what its first bytes are now: a short file grows.</summary>
    public void Note(FileStart start)
    {
        if (start != Position.Start)
            Position = Position with { Start = start };
    }

    /// <summary>Begins anew: the file was cut short, and is another now.</summary>
    public void Restart(FileStat stat, DateTimeOffset now)
    {
        Position = _begin = FilePosition.Begin(Path, stat, FileStart.Of(Head()), now);
        _splitter.IsInLongLine = false;
        Seen = -1;
    }

    /// <summary>Says that it is read to its end for good.</summary>
    public void Finish() => Position = Position with { IsDone = true };

    /// <summary>What was read up to here is stored.</summary>
    public void Commit(FilePosition position) => Committed = position;

    /// <summary>Goes back to what is stored: what was read since could not be.</summary>
    public void Rewind()
    {
        // Its name and its first bytes are what they are now.
        Position = Committed with { Path = Position.Path, Start = Committed.Offset == 0 ? Position.Start : Committed.Start };
        Submitted = null;
        _splitter.IsInLongLine = Position.IsInLongLine;
        Seen = -1;
    }

    /// <summary>Reads one piece of it into a batch.</summary>
    /// <param name="size">Its size now; <see cref="long.MaxValue"/> where only reading tells.</param>
    /// <param name="batch">Gets the records.</param>
    /// <param name="buffer">To read into; made larger where one record needs it.</param>
    /// <param name="isClosed">Whether nobody writes into it any more.</param>
    /// <param name="now">The present.</param>
    /// <returns>Whether there may be more now.</returns>
    public bool Read(long size, LogBatch batch, ref byte[] buffer, bool isClosed, DateTimeOffset now)
    {
        if (size > Seen)
            LastGrowth = now;
        LogEnd end = isClosed ? LogEnd.Closed : now - LastGrowth >= s_idle ? LogEnd.Idle : LogEnd.Open;
        if (size == Seen && end <= _lastEnd)
            return false;
        (Seen, _lastEnd) = (size, end);
        if (size <= Position.Offset)
            return false;
        _context.Now = batch.Now;
        while (true)
        {
            int wanted = Math.Max(buffer.Length, ChunkSize);
            if (buffer.Length < wanted)
                buffer = new byte[wanted];
            int count = _bytes.Read(Position.Offset, buffer);
            bool hasMore = count == buffer.Length;
            int taken = Take(buffer.AsSpan(0, count), hasMore ? LogEnd.Open : end, batch, now);
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

    private int Take(ReadOnlySpan<byte> bytes, LogEnd end, LogBatch batch, DateTimeOffset now)
    {
        ReadOnlySpan<byte> rest = bytes;
        long lines = Position.Lines;
        while (!batch.IsFull && _splitter.TryTake(ref rest, end, out ReadOnlySpan<byte> record))
        {
            lines += _splitter.Lines;
            if (record.IsEmpty)
                continue;
            int start = bytes.Length - rest.Length - _splitter.Length;
            long? time = batch.Add(_reader, record, Path, Service, Position.Offset + start);
            if (time is { } given)
                Follow(given, batch);
        }
        int taken = bytes.Length - rest.Length;
        if (taken > 0)
        {
            Position = Position with
            {
                Offset = Position.Offset + taken, Lines = lines, IsInLongLine = _splitter.IsInLongLine, ReadAt = now.ToUnixTimeSeconds(),
            };
        }
        return taken;
    }

    private void Follow(long time, LogBatch batch)
    {
        if (_newest == 0 && After - time > MaxBack)
            batch.Note(EventKinds.LogReplaced, Path, Service,
                $"{Path} is an older file now: it begins {Ago(After - time)} before the last one ended");
        else if (_newest - time > MaxBack && !IsTwice(time))
            batch.Note(EventKinds.LogRewound, Path, Service, $"The times of {Path} go back by {Ago(_newest - time)}");
        else if (time < _newest)
            return;
        _newest = time;
    }

    /// <summary>Where summer time ends an hour comes twice, and nothing tells the first from the second.</summary>
    private bool IsTwice(long time) =>
        _options.TimeZone.IsAmbiguousTime(TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks(time / 100), _options.TimeZone));

    private static string Ago(long nanoseconds) => Duration.Format(TimeSpan.FromSeconds(nanoseconds / 1_000_000_000));

    /// <summary>The name of a file up to its first dot: <c>nova-compute.log.1</c> is of nova-compute.</summary>
    private static string ServiceOf(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        int dot = name.IndexOf('.', 1);
        return dot < 0 ? name : name[..dot];
    }
}
