using System.Buffers.Binary;

namespace Metrics.Storage.Spool;

/// <summary>
/// A bounded queue of records on disk that survives kill -9: append-only segment files, read back in order. A torn last record is cut off
/// at the start; one that is damaged costs itself, and those behind it are found again (<see cref="SpoolSegment"/>). When the bound is
/// reached the oldest segment goes, and its records are counted. Safe for use by several threads.
/// </summary>
/// <remarks>
/// <code>
/// record := length u32 · CRC-32C u32 · time i64 (milliseconds) · lines u32 · body      little-endian; the sum covers what follows it
/// </code>
/// The file <c>position</c> tells how far reading has come; it is written without a sync, so that after a crash some records come again.
/// </remarks>
internal sealed class DiskSpool : IDisposable
{
    private readonly SpoolFiles _files;
    private readonly long _maxBytes;
    private readonly long _segmentBytes;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, long> _segments = [];   // number → size
    private FileStream? _writer;
    private long _readSegment;
    private long _readOffset;

    internal readonly record struct Record(long Time, int Lines, byte[] Body, long Segment, long Start, long End);

    /// <param name="folder">Where the segments lie; made when missing.</param>
    /// <param name="maxBytes">Bound of all segments together.</param>
    /// <param name="damaged">Hears of what is damaged, once each, in a sentence.</param>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public DiskSpool(string folder, long maxBytes, Action<string>? damaged = null)
    {
        _maxBytes = maxBytes;
        _segmentBytes = Math.Clamp(maxBytes / 8, 64 * 1024, 64 << 20);
        _files = new SpoolFiles(folder, damaged ?? (_ => { }));
        Directory.CreateDirectory(folder);
        foreach (long number in _files.Numbers())
            _segments[number] = _files.Repair(number);
        ReadPosition();
        Count = CountRecords();
    }

    /// <summary>Records not yet read.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that the segments take.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _segments.Values.Sum();
        }
    }

    /// <summary>Appends a record and syncs it to disk.</summary>
    /// <returns>Lines of the records that had to be dropped to keep the bound.</returns>
    /// <exception cref="IOException">The disk cannot take it.</exception>
    public int Append(long time, int lines, ReadOnlySpan<byte> body)
    {
        lock (_lock)
        {
            int dropped = MakeRoom(SpoolSegment.HeaderSize + body.Length);
            if (_writer is not null && !File.Exists(_writer.Name))
                Abandon();
            if (_writer is null || _writer.Length >= _segmentBytes)
                OpenSegment();
            byte[] record = new byte[SpoolSegment.HeaderSize + body.Length];
            BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)body.Length);
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(8), time);
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(16), lines);
            body.CopyTo(record.AsSpan(SpoolSegment.HeaderSize));
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), Crc32C.Compute(record.AsSpan(8)));
            long start = _writer!.Length;
            try
            {
                _writer.Write(record);
                _writer.Flush(flushToDisk: true);
            }
            catch
            {
                // Half a record would hide all that follow it.
                TruncateTo(start);
                throw;
            }
            _segments[_segments.Keys.Last()] = _writer.Length;
            Count++;
            return dropped;
        }
    }

    /// <summary>The oldest record, which stays until <see cref="Remove"/>; null when there is none.</summary>
    /// <exception cref="IOException">It cannot be read now; nothing is lost.</exception>
    public Record? Peek()
    {
        lock (_lock)
        {
            while (_segments.Count > 0)
            {
                (long number, long size) = _segments.First();
                if (_readSegment < number)
                    (_readSegment, _readOffset) = (number, 0);
                Record? record = _readOffset < size ? _files.Find(number, _readOffset, size) : null;
                bool isDamaged = (record?.Start ?? size) > _readOffset;
                if (record is { } found)
                    _readOffset = found.Start;
                else if (_segments.Count > 1)
                    DropFirst();
                else if (isDamaged)
                    Abandon();
                else
                    return null;
                if (isDamaged)
                    Count = CountRecords();
                if (record is not null)
                    return record;
            }
            return null;
        }
    }

    /// <summary>The oldest records, as <see cref="Peek"/> gives them, that are small enough together; the first in any case.</summary>
    /// <param name="maxLines">Bound of their lines.</param>
    /// <param name="maxBytes">Bound of their bodies.</param>
    /// <exception cref="IOException">They cannot be read now; nothing is lost.</exception>
    public List<Record> PeekSome(int maxLines, int maxBytes)
    {
        lock (_lock)
        {
            var some = new List<Record>();
            for (Record? next = Peek(); next is { } one && one.Lines <= maxLines && one.Body.Length <= maxBytes;)
            {
                (maxLines, maxBytes) = (maxLines - one.Lines, maxBytes - one.Body.Length);
                some.Add(one);
                long size = _segments[one.Segment];
                next = one.End < size ? _files.Find(one.Segment, one.End, size) : null;
                // Behind damage, which is to be noticed when it comes to that.
                if (next?.Start != one.End)
                    break;
            }
            return some.Count > 0 || Peek() is not { } large ? some : [large];
        }
    }

    /// <summary>Takes records off the queue, in the order in which they were given.</summary>
    public void Remove(params ReadOnlySpan<Record> records)
    {
        lock (_lock)
        {
            Record record = records[^1];
            // Dropped meanwhile, to keep the bound or with its file.
            if (record.Segment != _readSegment || !_segments.ContainsKey(record.Segment))
                return;
            _readOffset = record.End;
            Count -= records.Length;
            _files.WritePosition(_readSegment, _readOffset);
            if (Count == 0)
                Clear();
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _writer?.Dispose();
    }

    private int MakeRoom(int needed)
    {
        int dropped = 0;
        while (_segments.Count > 0 && _segments.Values.Sum() + needed > _maxBytes)
        {
            long number = _segments.Keys.First();
            long offset = number == _readSegment ? _readOffset : 0;
            int records = 0;
            while (offset < _segments[number] && _files.Find(number, offset, _segments[number]) is { } record)
            {
                dropped += record.Lines;
                records++;
                offset = record.End;
            }
            Count -= records;
            if (_segments.Count == 1)
            {
                _writer?.Dispose();
                _writer = null;
            }
            DropFirst();
        }
        return dropped;
    }

    private void OpenSegment()
    {
        _writer?.Dispose();
        long number = _segments.Count == 0 ? Math.Max(_readSegment, 0) + 1 : _segments.Keys.Last() + 1;
        _writer = _files.Create(ref number);
        _segments[number] = 0;
    }

    /// <summary>The segment that is written cannot be read on, or its file is gone: the next record begins another.</summary>
    private void Abandon()
    {
        long number = _segments.Keys.Last();
        string file = _files.PathOf(number);
        if (!File.Exists(file))
            _files.NoteDamage(number, 0, $"{Path.GetFileName(file)} is gone, with what was not sent of it");
        _writer?.Dispose();
        _writer = null;
        if (_segments.Count == 1)
            DropFirst();
        else
            _segments.Remove(number);
        Count = CountRecords();
    }

    private void Clear()
    {
        _writer?.Dispose();
        _writer = null;
        while (_segments.Count > 0)
            DropFirst();
    }

    private void DropFirst()
    {
        long number = _segments.Keys.First();
        _files.Delete(number);
        _segments.Remove(number);
        (_readSegment, _readOffset) = (_segments.Count > 0 ? _segments.Keys.First() : number, 0);
        _files.WritePosition(_readSegment, _readOffset);
    }

    private int CountRecords()
    {
        int count = 0;
        foreach ((long number, long size) in _segments)
        {
            long offset = number == _readSegment ? _readOffset : number < _readSegment ? size : 0;
            while (offset < size && _files.Find(number, offset, size) is { } record)
            {
                count++;
                offset = record.End;
            }
        }
        return count;
    }

    private void TruncateTo(long length)
    {
        try
        {
            _writer!.SetLength(length);
        }
        catch (IOException)
        {
            _writer!.Dispose();
            _writer = null;
        }
    }

    private void ReadPosition()
    {
        (_readSegment, _readOffset) = _files.ReadPosition() ?? (0, 0);
        // What makes no sense is as good as none: all is sent again.
        bool isBeyond = _segments.Count > 0 && _readSegment > _segments.Keys.Last();
        if (isBeyond || _readOffset < 0 || (_segments.TryGetValue(_readSegment, out long size) && _readOffset > size))
            (_readSegment, _readOffset) = (0, 0);
    }
}
