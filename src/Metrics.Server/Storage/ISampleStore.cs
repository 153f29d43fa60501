using Metrics.Model;
using Metrics.Series;

namespace Metrics.Storage;

/// <summary>Where history is kept. Two twins: the embedded DuckDB file and InfluxDB.</summary>
internal interface ISampleStore : IAsyncDisposable
{
    /// <summary>What people call it, in messages and on pages.</summary>
    string Description { get; }

    /// <summary>What is wrong with it as far as is known now, in words for people; null when it works.</summary>
    string? Trouble { get; }

    /// <summary>Opens or reaches the store.</summary>
    /// <exception cref="StoreException">It cannot be used; the message tells an operator what to do.</exception>
    Task OpenAsync(CancellationToken ct);

    /// <summary>Writes batches. When it returns they survive a kill -9 of this process: committed, or spooled on disk.</summary>
    /// <exception cref="StoreException">Nothing of these batches was kept; the same call may be made again.</exception>
    Task WriteAsync(IReadOnlyList<SampleBatch> batches, CancellationToken ct);

    /// <summary>Reads a span of time; within a series in order of time. The batches belong to the caller.</summary>
    /// <param name="matchers">Which series; none is all of them.</param>
    /// <param name="from">Milliseconds since 1970 UTC, inclusive.</param>
    /// <param name="to">Inclusive.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <exception cref="StoreException">It cannot be read now.</exception>
    IAsyncEnumerable<SampleBatch> ReadAsync(IReadOnlyList<LabelMatcher> matchers, long from, long to, CancellationToken ct);

    /// <summary>Retention, compaction and the like; called from time to time, never by two at once.</summary>
    Task MaintainAsync(DateTimeOffset now, CancellationToken ct);
}

/// <summary>The store cannot do what was asked; the message is for operators.</summary>
internal class StoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What waits to be written has reached its bound: come again later.</summary>
internal sealed class StoreFullException(string message) : StoreException(message);

/// <summary>The store does not answer in time: whoever asks next had better not wait for it as well.</summary>
internal sealed class StoreSilentException(string message, Exception? inner = null) : StoreException(message, inner);
