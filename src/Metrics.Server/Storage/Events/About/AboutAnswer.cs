using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Storage.Events.About;

/// <summary>An event, and by what it belongs to those in question.</summary>
/// <param name="Batch">Its batch.</param>
/// <param name="Row">Its row.</param>
/// <param name="Belongs">By what: <c>about</c>, or the names of relations.</param>
internal sealed record AboutEvent(EventBatch Batch, int Row, IReadOnlyList<string> Belongs);

/// <summary>
/// What is known about a value: events in the order of their times. Disposing gives back their batches, and the memory that they took.
/// </summary>
/// <param name="memory">What queries may hold together.</param>
internal sealed class AboutAnswer(MemoryShare memory) : IDisposable
{
    private readonly List<EventBatch> _batches = [];
    private long _held;

    /// <summary>The events, in the order of their times.</summary>
    public List<AboutEvent> Events { get; set; } = [];

    /// <summary>Values by which others were looked for.</summary>
    public List<FollowedValue> Followed { get; set; } = [];

    /// <summary>Values that were not followed, and why.</summary>
    public List<PassedValue> Passed { get; } = [];

    /// <summary>What is left out for the limit, for people.</summary>
    public List<string> Cut { get; } = [];

    /// <summary>Reads events, which live as long as the answer.</summary>
    /// <param name="events">The event log.</param>
    /// <param name="query">Which are wanted; it has limits.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The events, and whether there may be more that the limits have left out.</returns>
    /// <exception cref="StoreException">It cannot be read now, or queries hold all that they may.</exception>
    public async Task<(List<(EventBatch Batch, int Row)> Rows, bool IsCut)> TakeAsync(
        EventLog events, EventQuery query, CancellationToken ct)
    {
        var rows = new List<(EventBatch, int)>();
        long bytes = 0;
        await foreach (EventBatch batch in events.ReadAsync(query, ct))
        {
            _batches.Add(batch);
            Hold(batch.Bytes);
            bytes += batch.Bytes;
            for (int row = 0; row < batch.Count; row++)
                rows.Add((batch, row));
        }
        return (rows, rows.Count == query.Limit || bytes >= query.MaxBytes);
    }

    public void Dispose()
    {
        _batches.ForEach(b => b.Dispose());
        memory.GiveBack(_held);
        _held = 0;
    }

    private void Hold(long bytes)
    {
        if (!memory.TryTake(bytes))
            throw new StoreException("Queries hold all the memory that they may hold together; ask for less time, or again later.");
        _held += bytes;
    }
}
