using Metrics.Model;

namespace Metrics.Inputs;

/// <summary>The batch that an input fills, until it is handed on. One thread at a time.</summary>
/// <param name="source">Names the batches.</param>
/// <param name="underway">How many of its input are on their way at a time: so much smaller is each.</param>
internal sealed class OpenBatch(string source, int underway = 1)
{
    /// <summary>Rows, bytes and entries of the ledger at which it is to be handed on.</summary>
    private const int MaxRows = 32_768;
    private const long MaxBytes = 4L << 20;
    private const int MaxEntries = 4_096;

    private EventBatch? _batch;
    private EventBatchSize _last;

    /// <summary>What is filled now.</summary>
    public EventBatch Events => _batch ??= _last.Rows > 0 ? new EventBatch(source, _last) : new EventBatch(source);

    /// <summary>Whether nothing was filled since it was last taken.</summary>
    public bool IsEmpty => _batch is null;

    /// <summary>Whether it is to be handed on before more is added.</summary>
    public bool IsFull => _batch is { } batch
        && (batch.Count >= MaxRows / underway || batch.Bytes + batch.AccountBytes >= MaxBytes / underway
            || batch.Ledger.Count >= MaxEntries);

    /// <summary>What was added since the last call, or null; whoever gets it disposes it.</summary>
    public EventBatch? Take()
    {
        EventBatch? batch = _batch;
        _batch = null;
        // The next one is mostly as large: arrays that need not grow leave nothing behind.
        _last = batch?.Size ?? _last;
        return batch;
    }
}
