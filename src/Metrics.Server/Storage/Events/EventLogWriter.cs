using Metrics.Configuration;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>Writes events to the event log, and copies of what it has committed to InfluxDB where that is wanted.</summary>
internal sealed class EventLogWriter(
    IEventLog events, StorageOptions options, EventLogMetrics metrics, TimeProvider time, ILogger<EventLogWriter> log,
    EventCopies? copies = null)
    : BatchWriter<EventBatch>(options.FlushInterval, metrics, time, log)
{
    protected override string Description => events.Description;

    protected override string RowsName => "events";

    protected override int MaxPendingRows => 500_000;

    protected override long MaxPendingBytes => options.MaxPendingBytes;

    /// <summary>DuckDB holds what it is given twice before it is on disk: in the appender and in the transaction.</summary>
    protected override long BytesPerWrite => Math.Min(8L << 20, options.MaxPendingBytes / 4);

    /// <summary>What is being written, what is next, and what comes meanwhile.</summary>
    protected override long BytesAtHand => 3 * BytesPerWrite;

    /// <summary>One of which nothing is kept but what it accounts for takes room as well.</summary>
    protected override (int Rows, long Bytes) SizeOf(EventBatch batch) => (batch.Count, batch.Bytes + batch.AccountBytes);

    protected override async Task WriteAsync(IReadOnlyList<EventBatch> batches, CancellationToken ct)
    {
        await events.WriteAsync(batches, ct);
        copies?.Add(batches);
    }
}
