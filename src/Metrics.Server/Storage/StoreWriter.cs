using Metrics.Configuration;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Storage;

/// <summary>
/// Gathers batches and flushes them to the store, at most one flush interval apart, at once when a pusher waits. Bounded: what comes while
/// <see cref="MaxPendingSamples"/> wait is refused and counted. A failing store is tried again with growing pauses, its data kept meanwhile.
/// Stops last: whoever adds has stopped before, then everything that waits is flushed.
/// </summary>
internal sealed partial class StoreWriter(
    ISampleStore store, StorageOptions options, SelfMetrics metrics, TimeProvider time, ILogger<StoreWriter> log) : BackgroundService
{
    internal const int MaxPendingSamples = 4_000_000;

    private static readonly TimeSpan s_gatherPushes = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changed = new(0);
    private List<Entry> _pending = [];
    private int _pendingSamples;
    private bool _waiter;
    private bool _works = true;
    private volatile bool _stopping;

    private readonly record struct Entry(SampleBatch Batch, TaskCompletionSource? Committed);

    /// <summary>Hands a batch over; the writer disposes it.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="committed">Completed when the store has it, or failed with a <see cref="StoreException"/>.</param>
    public void Add(SampleBatch batch, TaskCompletionSource? committed)
    {
        bool wake;
        lock (_lock)
        {
            if (_pendingSamples + batch.Count > MaxPendingSamples && _pendingSamples > 0)
            {
                metrics.StoreDropped.WithLabels("queue_full").Inc(batch.Count);
                batch.Dispose();
                committed?.TrySetException(new StoreException("The store does not keep up; its queue is full."));
                return;
            }
            wake = _pending.Count == 0 || (committed is not null && !_waiter);
            _waiter |= committed is not null;
            _pending.Add(new Entry(batch, committed));
            _pendingSamples += batch.Count;
            metrics.StorePending.Set(_pendingSamples);
        }
        if (wake)
            _changed.Release();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        _changed.Release();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        metrics.StoreUp.Set(1);
        var pause = TimeSpan.Zero;
        while (true)
        {
            bool stopping = _stopping;
            if (!stopping && pause > TimeSpan.Zero)
                await PauseAsync(pause, stoppingToken);
            else if (!stopping)
                await GatherAsync();
            List<Entry> taken = Take();
            if (taken.Count == 0)
            {
                if (stopping)
                    return;
                continue;
            }
            if (await FlushAsync(taken, stoppingToken))
            {
                pause = TimeSpan.Zero;
                continue;
            }
            if (stopping)
            {
                Abandon(taken);
                return;
            }
            PutBack(taken);
            pause = pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(Math.Min(pause.TotalSeconds * 2, 30));
        }
    }

    private async Task GatherAsync()
    {
        await _changed.WaitAsync();
        long start = time.GetTimestamp();
        while (!_stopping)
        {
            bool waiter;
            lock (_lock)
                waiter = _waiter;
            TimeSpan rest = (waiter ? s_gatherPushes : options.FlushInterval) - time.GetElapsedTime(start);
            if (rest <= TimeSpan.Zero)
                return;
            using var timeout = new CancellationTokenSource(rest, time);
            try
            {
                await _changed.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken stoppingToken)
    {
        long start = time.GetTimestamp();
        while (!_stopping && !stoppingToken.IsCancellationRequested && pause - time.GetElapsedTime(start) is var rest && rest > TimeSpan.Zero)
        {
            TimeSpan step = rest < TimeSpan.FromMilliseconds(200) ? rest : TimeSpan.FromMilliseconds(200);
            await Task.Delay(step, time, CancellationToken.None);
        }
    }

    private List<Entry> Take()
    {
        lock (_lock)
        {
            List<Entry> taken = _pending;
            _pending = [];
            _waiter = false;
            return taken;
        }
    }

    private async Task<bool> FlushAsync(List<Entry> entries, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        int samples = entries.Sum(e => e.Batch.Count);
        try
        {
            await store.WriteAsync([.. entries.Select(e => e.Batch)], ct);
        }
        catch (Exception e) when (e is StoreException || (e is OperationCanceledException && ct.IsCancellationRequested))
        {
            metrics.StoreWrites.WithLabels("failure").Inc();
            if (_works)
                LogFailing(store.Description, e.Message);
            _works = false;
            metrics.StoreUp.Set(0);
            return false;
        }
        metrics.StoreWrites.WithLabels("success").Inc();
        metrics.StoreSamples.Inc(samples);
        metrics.StoreSeconds.Observe(time.GetElapsedTime(start).TotalSeconds);
        if (!_works)
            LogWorking(store.Description);
        _works = true;
        metrics.StoreUp.Set(1);
        foreach (Entry entry in entries)
        {
            entry.Batch.Dispose();
            entry.Committed?.TrySetResult();
        }
        lock (_lock)
            _pendingSamples -= samples;
        metrics.StorePending.Set(_pendingSamples);
        return true;
    }

    /// <summary>Pushers are told that it failed and will send again; the rest waits for the next try.</summary>
    private void PutBack(List<Entry> entries)
    {
        var kept = new List<Entry>();
        foreach (Entry entry in entries)
        {
            if (entry.Committed is null)
            {
                kept.Add(entry);
                continue;
            }
            entry.Committed.TrySetException(new StoreException("The store cannot be written now."));
            lock (_lock)
                _pendingSamples -= entry.Batch.Count;
            entry.Batch.Dispose();
        }
        lock (_lock)
            _pending.InsertRange(0, kept);
    }

    private void Abandon(List<Entry> entries)
    {
        int lost = 0;
        foreach (Entry entry in entries)
        {
            lost += entry.Batch.Count;
            entry.Batch.Dispose();
            entry.Committed?.TrySetException(new StoreException("The daemon is stopping and the store cannot be written."));
        }
        metrics.StoreDropped.WithLabels("queue_full").Inc(lost);
        LogAbandoned(lost, store.Description);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Writing to {Store} fails: {Reason} Samples are kept and it is tried again.")]
    private partial void LogFailing(string store, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Writing to {Store} works again.")]
    private partial void LogWorking(string store);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Samples} samples are lost: the daemon stops and {Store} cannot be written.")]
    private partial void LogAbandoned(int samples, string store);
}
