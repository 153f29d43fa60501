using System.Buffers;
using Metrics.Formats.Forward;
using Metrics.Model;
using Metrics.Storage.Events;

namespace Metrics.Storage.Forwarding;

/// <summary>The next events behind one that the centre has, as lines, bounded in number and bytes. Not thread-safe.</summary>
internal sealed class ForwardBatch
{
    private const int MaxRows = 10_000;
    private const int MaxBytes = 2 << 20;

    /// <summary>After each success the next batch may come as near to what was too large.</summary>
    private const int PartOfRest = 4;

    /// <summary>After as many that were taken what was too large once is tried again: the centre may have changed.</summary>
    private const int Remembered = 1_000;

    private readonly ArrayBufferWriter<byte> _rows = new(64 << 10);

    /// <summary>Bytes of the events that it holds; one that was too much may lie behind them.</summary>
    private int _length;
    private int _maxBytes = MaxBytes;

    /// <summary>The smallest that was too large for the centre: what grows comes near to it, and never there.</summary>
    private int _tooLarge = MaxBytes;
    private int _takenSince;
    private int _maxRows = MaxRows;

    /// <summary>How many events it holds.</summary>
    public int Count { get; private set; }

    /// <summary>The ids of its first and its last event; 0 where it holds none.</summary>
    public (long First, long Last) Ids { get; private set; }

    /// <summary>Whether it is full: there may be more.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Up to which id events had gone for age or size when it was read.</summary>
    public long Expired { get; private set; }

    /// <summary>Holds nothing.</summary>
    public void Clear()
    {
        _rows.ResetWrittenCount();
        (_length, Count, Ids, IsFull) = (0, 0, default, false);
    }

    /// <summary>Reads what comes behind an id.</summary>
    /// <exception cref="StoreException">The event log cannot be read now.</exception>
    public async Task ReadAsync(EventLog events, long after, CancellationToken ct)
    {
        do
        {
            // What goes while it is read would be missing in the middle: what is there now is read once more.
            Expired = events.LastExpired;
            Clear();
            if (events.LastId <= after)
                return;
            await foreach (EventBatch batch in events.ReadAsync(new EventQuery { After = after, Limit = _maxRows }, ct))
            {
                using (batch)
                    Add(batch);
                if (IsFull)
                    break;
            }
        }
        while (events.LastExpired != Expired);
    }

    /// <summary>The lines to send.</summary>
    public byte[] ToLines(ForwardHeader header) => [.. header.ToUtf8(), (byte)'\n', .. _rows.WrittenSpan[.._length]];

    /// <summary>The centre takes no bodies of this size: the next ones are half as large.</summary>
    public void ShrinkBytes()
    {
        (_tooLarge, _maxBytes) = (Math.Min(_tooLarge, _length), Math.Max(1, Math.Min(_maxBytes, _length / 2)));
        _takenSince = 0;
    }

    /// <summary>The centre takes no body with one of these events: the next ones have half as many, until that one is alone.</summary>
    public void ShrinkRows() => _maxRows = Math.Max(1, Count / 2);

    /// <summary>The centre has taken this one, which is not empty: the next ones may be larger.</summary>
    public void Grow()
    {
        _maxRows = Math.Min(MaxRows, _maxRows * 2);
        // One that is small for want of events says nothing of large ones.
        if (!IsFull || _length <= _maxBytes / 2)
            return;
        if (++_takenSince >= Remembered)
            _tooLarge = MaxBytes;
        _maxBytes += (_tooLarge - _maxBytes) / PartOfRest;
    }

    private void Add(EventBatch batch)
    {
        for (int row = 0; row < batch.Count && !IsFull; row++)
        {
            ForwardRows.Write(batch, row, _rows);
            if (Count > 0 && _rows.WrittenCount > _maxBytes)
            {
                IsFull = true;
                return;
            }
            _length = _rows.WrittenCount;
            Ids = (Count == 0 ? batch.Ids[row] : Ids.First, batch.Ids[row]);
            Count++;
            IsFull = Count >= _maxRows || _length >= _maxBytes;
        }
    }
}
