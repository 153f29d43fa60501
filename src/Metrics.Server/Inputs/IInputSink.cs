using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;

namespace Metrics.Inputs;

/// <summary>Where an input puts what it takes in, and says how it fares.</summary>
internal interface IInputSink
{
    /// <summary>Counts of what is not handed over, and why.</summary>
    InputCounters Counters { get; }

    /// <summary>Says that the input takes in now.</summary>
    /// <param name="detail">What people shall know of it, such as the size of its buffers; may be empty.</param>
    void Ready(string detail);

    /// <summary>Hands events over; returns when they are queued, which takes long when the intake is full. The batch is disposed.</summary>
    ValueTask WriteAsync(EventBatch batch, CancellationToken ct);

    /// <summary>
    /// Hands events over; returns when they are queued, which takes long when the intake is full, with what ends when they are on disk. The
    /// batch is disposed.
    /// </summary>
    /// <param name="batch">The events.</param>
    /// <param name="order">In which order they are stored, and none behind one that could not be; null where that is of no matter.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="StoreException">They could not be stored: from what is returned.</exception>
    ValueTask<Task> SubmitAsync(EventBatch batch, CommitOrder? order, CancellationToken ct);

    /// <summary>Hands events over; returns when they are on disk. The batch is disposed.</summary>
    /// <exception cref="StoreException">They could not be stored.</exception>
    async Task CommitAsync(EventBatch batch, CancellationToken ct) => await await SubmitAsync(batch, null, ct);

    /// <summary>Hands samples over; returns when the store has committed or spooled them. The batch is disposed.</summary>
    /// <exception cref="StoreException">They could not be stored.</exception>
    Task<AppendResult> CommitAsync(SampleBatch batch, CancellationToken ct);
}
