using Metrics.Configuration;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Storage.Events;

/// <summary>Writes events to the event log.</summary>
internal sealed class EventLogWriter(
    IEventLog events, MetricsOptions options, SelfMetrics metrics, TimeProvider time, ILogger<EventLogWriter> log)
    : BatchWriter<EventBatch>(options.Storage.FlushInterval, metrics.EventWriter, time, log)
{
    protected override string Description => events.Description;

    protected override string RowsName => "events";

    protected override int MaxPendingRows => 500_000;

    protected override long MaxPendingBytes => 128L << 20;

    protected override (int Rows, long Bytes) SizeOf(EventBatch batch) => (batch.Count, batch.Bytes);

    protected override Task WriteAsync(IReadOnlyList<EventBatch> batches, CancellationToken ct) => events.WriteAsync(batches, ct);
}
