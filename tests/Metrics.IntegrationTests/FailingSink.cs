using Metrics.Inputs;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using EventLog = Metrics.Storage.Events.EventLog;

namespace Metrics.IntegrationTests;

/// <summary>An event log that fails at every third commit.</summary>
/// <param name="log">The event log.</param>
/// <param name="isStored">Whether what failed is in it all the same, as after a kill between the commit and what comes after it.</param>
/// <param name="most">After so many failures it fails no more.</param>
internal sealed class FailingSink(EventLog log, bool isStored = false, int most = int.MaxValue) : IInputSink
{
    public InputCounters Counters { get; } = new();

    public int Commits { get; private set; }

    public int Failures { get; private set; }

    public int Starts { get; private set; }

    public void Ready(string detail) => Starts++;

    public ValueTask WriteAsync(EventBatch batch, CancellationToken ct) => throw new NotSupportedException();

    public Task<AppendResult> CommitAsync(SampleBatch batch, CancellationToken ct) => throw new NotSupportedException();

    public ValueTask<Task> SubmitAsync(EventBatch batch, CommitOrder? order, CancellationToken ct) =>
        ValueTask.FromResult(CommitAsync(batch));

    private async Task CommitAsync(EventBatch batch)
    {
        using (batch)
        {
            await Task.Yield();
            bool fails = ++Commits % 3 == 0 && Failures < most;
            if (!fails || isStored)
            {
                log.Number(batch);
                await log.WriteAsync([batch], CancellationToken.None);
            }
            if (!fails)
                return;
            Failures++;
            throw new StoreException("the test wants it so");
        }
    }
}
