using Metrics.Configuration;
using Metrics.Model;
using Metrics.Storage.Forwarding;

namespace Metrics.Storage;

/// <summary>Writes samples to their store, and has them forwarded where that is wanted.</summary>
internal sealed class StoreWriter(
    ISampleStore store, StorageOptions options, StoreMetrics metrics, TimeProvider time, ILogger<StoreWriter> log,
    SampleForwarder? forwarder = null)
    : BatchWriter<SampleBatch>(options.FlushInterval, metrics, time, log)
{
    /// <summary>A reference, a time and a value; the series themselves are the head's.</summary>
    private const long BytesPerRow = 24;

    /// <summary>A store that spools takes everything, and may be away even so.</summary>
    public override bool IsUp => base.IsUp && store.Trouble is null;

    protected override string Description => store.Description;

    protected override string RowsName => "samples";

    protected override int MaxPendingRows => 4_000_000;

    protected override long MaxPendingBytes => options.MaxPendingBytes;

    protected override (int Rows, long Bytes) SizeOf(SampleBatch batch) => (batch.Count, batch.Count * BytesPerRow);

    protected override Task WriteAsync(IReadOnlyList<SampleBatch> batches, CancellationToken ct)
    {
        forwarder?.Add(batches);
        return store.WriteAsync(batches, ct);
    }
}
