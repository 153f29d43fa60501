using System.Collections.Concurrent;
using System.Threading.Channels;
using Metrics.Inputs;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;

namespace Metrics.Tests.Inputs;

/// <summary>Keeps what an input hands over; can be full, and can hold back what is to be committed.</summary>
internal sealed class CollectingSink : IInputSink
{
    private readonly Channel<Event> _events = Channel.CreateUnbounded<Event>();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public InputCounters Counters { get; } = new();

    /// <summary>What the input says when it takes in.</summary>
    public Task<string> ReadyAsync => _ready.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

    /// <summary>What a commit waits for.</summary>
    public Func<Task> Committing { get; set; } = () => Task.CompletedTask;

    /// <summary>What a write waits for: the intake's queue.</summary>
    public Func<Task> Writing { get; set; } = () => Task.CompletedTask;

    /// <summary>How many batches came.</summary>
    public int Batches { get; private set; }

    /// <summary>What was said to be missing.</summary>
    public ConcurrentQueue<LedgerGap> Gaps { get; } = [];

    public void Ready(string detail) => _ready.TrySetResult(detail);

    public async ValueTask WriteAsync(EventBatch batch, CancellationToken ct)
    {
        await Writing();
        Take(batch);
    }

    public async ValueTask<Task> SubmitAsync(EventBatch batch, CommitOrder? order, CancellationToken ct)
    {
        await Writing();
        return CommitAsync(batch);
    }

    public Task<AppendResult> CommitAsync(SampleBatch batch, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>The next event.</summary>
    public async Task<Event> NextAsync() =>
        await _events.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

    /// <summary>The texts of the next events.</summary>
    public async Task<List<string>> NextBodiesAsync(int count)
    {
        var bodies = new List<string>();
        while (bodies.Count < count)
            bodies.Add((await NextAsync()).Body);
        return bodies;
    }

    private async Task CommitAsync(EventBatch batch)
    {
        await Committing();
        Take(batch);
    }

    private void Take(EventBatch batch)
    {
        using (batch)
        {
            Batches++;
            foreach (LedgerGap gap in batch.Gaps)
                Gaps.Enqueue(gap);
            for (int row = 0; row < batch.Count; row++)
                _events.Writer.TryWrite(batch.ToEvent(row));
        }
    }
}
