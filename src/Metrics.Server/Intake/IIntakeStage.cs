using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;

namespace Metrics.Intake;

/// <summary>
/// One step of the pipeline; it takes from one lane or from both. Each lane calls from one thread at a time, the two beside each other.
/// The last step of a lane owns the batch.
/// </summary>
internal interface IIntakeStage
{
    /// <summary>Takes samples.</summary>
    void Take(SampleWork work)
    {
    }

    /// <summary>Takes events; only their own lane waits for it.</summary>
    ValueTask TakeAsync(EventWork work) => ValueTask.CompletedTask;
}

/// <summary>Samples on their way through the pipeline.</summary>
/// <param name="Batch">The samples.</param>
/// <param name="Appended">Given what the head took; null when nobody waits.</param>
/// <param name="Committed">Completed when the store has committed or spooled them; null when nobody waits.</param>
internal readonly record struct SampleWork(
    SampleBatch Batch, TaskCompletionSource<AppendResult>? Appended, CommitSource? Committed);

/// <summary>Events on their way through the pipeline.</summary>
/// <param name="Batch">The events.</param>
/// <param name="Committed">Completed when the event log has committed them; null when nobody waits.</param>
internal readonly record struct EventWork(EventBatch Batch, CommitSource? Committed);
