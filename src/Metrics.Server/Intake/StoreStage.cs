using Metrics.Storage;
using Metrics.Storage.Events;

namespace Metrics.Intake;

/// <summary>Hands batches to their writers, which own them from here.</summary>
internal sealed class StoreStage(StoreWriter samples, EventLogWriter events) : IIntakeStage
{
    public void Take(SampleWork work) => samples.Add(work.Batch, work.Committed);

    public async ValueTask TakeAsync(EventWork work)
    {
        if (work.Batch is { Count: 0, Positions.Count: 0, Ledger.Count: 0, Gaps.Count: 0 })
        {
            // Nothing of it is to be kept: there is nothing to wait for.
            work.Batch.Dispose();
            work.Committed?.Complete();
            return;
        }
        // Whoever waits for the commit is answered that the log is full; the others wait themselves, and so do those who send to them.
        if (work.Committed is null)
            await events.WaitForRoomAsync(work.Batch);
        events.Add(work.Batch, work.Committed);
    }
}
