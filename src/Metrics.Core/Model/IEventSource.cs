namespace Metrics.Model;

/// <summary>Where events of the past are read back: the event log, or a file of a test.</summary>
public interface IEventSource
{
    /// <summary>Reads events of a span of time, in the order in which they came (by id).</summary>
    /// <param name="kinds">Only events of these kinds; null is any.</param>
    /// <param name="from">Earliest time of an event, nanoseconds since 1970 UTC, inclusive.</param>
    /// <param name="to">Latest time of an event, inclusive.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>Batches with the ids of their events; whoever reads disposes each.</returns>
    IAsyncEnumerable<EventBatch> ReadAsync(IReadOnlySet<string>? kinds, long from, long to, CancellationToken ct);
}
