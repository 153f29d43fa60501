using System.Threading.Channels;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage;
using Metrics.Telemetry;

namespace Metrics.Intake;

/// <summary>
/// The one way in: a bounded queue, then head, rules and store, in that order. When the queue is full, producers wait (back-pressure):
/// pollers poll later, pushers are answered later. Stops after all producers: what is queued is still taken.
/// </summary>
internal sealed class IntakePipeline(Head head, StoreWriter writer, MetadataTable metadata, SelfMetrics metrics, TimeProvider time)
    : BackgroundService
{
    internal const int QueueCapacity = 256;

    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly List<Action<SampleBatch>> _arrivals = [];

    private readonly record struct Work(SampleBatch Batch, TaskCompletionSource<AppendResult>? Appended, TaskCompletionSource? Committed);

    /// <summary>Calls back for each batch once it is in the head, before the batch is handed on. Register before the start.</summary>
    public void OnArrival(Action<SampleBatch> callback) => _arrivals.Add(callback);

    /// <summary>Hands a batch over; returns when it is queued. The pipeline disposes it.</summary>
    public ValueTask WriteAsync(SampleBatch batch, CancellationToken ct) => _queue.Writer.WriteAsync(new Work(batch, null, null), ct);

    /// <summary>Hands a batch over; returns when the store has committed or spooled it.</summary>
    /// <exception cref="StoreException">The store could not take it.</exception>
    public async Task<AppendResult> CommitAsync(SampleBatch batch, CancellationToken ct)
    {
        var appended = new TaskCompletionSource<AppendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var committed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(new Work(batch, appended, committed), ct);
        await committed.Task.WaitAsync(ct);
        return await appended.Task;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.IntakeQueueCapacity.Set(QueueCapacity);
        metrics.BeforeCollect(() =>
        {
            metrics.IntakeQueue.Set(_queue.Reader.Count);
            metrics.HeadSeries.Set(head.SeriesCount);
            foreach ((string source, _, long refused) in head.Sources)
            {
                if (refused > 0)
                    metrics.SourceSeries.WithLabels(source).Set(refused);
            }
        });
        // Not the stopping token: what was accepted is taken to its end.
        await foreach (Work work in _queue.Reader.ReadAllAsync(CancellationToken.None))
            Take(work);
    }

    private void Take(Work work)
    {
        SampleBatch batch = work.Batch;
        metrics.SamplesReceived.Inc(batch.Count);
        foreach ((string name, MetricMetadata told) in batch.Metadata)
            metadata.Set(name, told);
        AppendResult result = head.Append(batch, time.GetUtcNow().ToUnixTimeMilliseconds());
        metrics.SamplesAppended.Inc(result.Appended);
        CountRefused(result);
        foreach (Action<SampleBatch> arrival in _arrivals)
            arrival(batch);
        work.Appended?.TrySetResult(result);
        writer.Add(batch, work.Committed);
    }

    private void CountRefused(AppendResult result)
    {
        if (result.Duplicate > 0)
            metrics.SamplesNotAppended.WithLabels("duplicate").Inc(result.Duplicate);
        if (result.OutOfOrder > 0)
            metrics.SamplesNotAppended.WithLabels("out_of_order").Inc(result.OutOfOrder);
        if (result.TooOld > 0)
            metrics.SamplesNotAppended.WithLabels("too_old").Inc(result.TooOld);
        if (result.TooNew > 0)
            metrics.SamplesNotAppended.WithLabels("too_new").Inc(result.TooNew);
        if (result.LimitReached > 0)
            metrics.SamplesNotAppended.WithLabels("series_limit").Inc(result.LimitReached);
    }
}
