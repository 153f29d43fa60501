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

    private readonly ArrayBufferWriter<byte> _rows = new(64 << 10);
    private int _maxRows = MaxRows;
    private int _maxBytes = MaxBytes;

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
        (Count, Ids, IsFull) = (0, default, false);
    }

    /// <summary>Reads what comes behind an id.</summary>
    /// <exception cref="StoreException">The event log cannot be read now.</exception>
    public async Task ReadAsync(EventLog events, long after, CancellationToken ct)
    {
        do
        {
            // What goes while it is read would be missing in the middle: what is there now is read once more.
            Expired = events.ExpiredTo;
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
        while (events.ExpiredTo != Expired);
    }

    /// <summary>The lines to send.</summary>
    public byte[] ToLines(ForwardHeader header) => [.. header.ToUtf8(), (byte)'\n', .. _rows.WrittenSpan];

    /// <summary>The centre takes no bodies of this size: the next ones are half as large.</summary>
    public void Halve() => (_maxRows, _maxBytes) = (Math.Max(1, Math.Min(Count, _maxRows) / 2), Math.Max(1, _maxBytes / 2));

    private void Add(EventBatch batch)
    {
        for (int row = 0; row < batch.Count && !IsFull; row++)
        {
            ForwardRows.Write(batch, row, _rows);
            Ids = (Count == 0 ? batch.Ids[row] : Ids.First, batch.Ids[row]);
            Count++;
            IsFull = Count >= _maxRows || _rows.WrittenCount >= _maxBytes;
        }
    }
}
