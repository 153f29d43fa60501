using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>Where events are kept: the file beside the daemon, and what tests put in its place to be slow or to fail.</summary>
internal interface IEventLog
{
    /// <summary>What people call it, in messages and on pages.</summary>
    string Description { get; }

    /// <summary>Gives each event of a batch its place in the log; places grow over batches, restarts and steps of the clock.</summary>
    void Number(EventBatch batch);

    /// <summary>Writes numbered batches. When it returns they are committed to disk, once.</summary>
    /// <exception cref="StoreException">Nothing of these batches was kept; the same call may be made again.</exception>
    Task WriteAsync(IReadOnlyList<EventBatch> batches, CancellationToken ct);
}
