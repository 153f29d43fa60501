using Metrics.Model;
using Metrics.Scheduling;
using Metrics.Telemetry;

namespace Metrics.Storage;

/// <summary>
/// Gathers batches and flushes them, at most one flush interval apart; at once when somebody waits for the commit, or enough waits for one
/// write. Bounded by rows and bytes: what comes while the bound is reached is refused and counted. A failing store is tried again with
/// growing pauses, its data kept meanwhile. Stops last: whoever adds has stopped before, then everything that waits is flushed.
/// </summary>
internal abstract partial class BatchWriter<TBatch>(TimeSpan flushInterval, WriterMetrics metrics, TimeProvider time, ILogger log)
    : BackgroundService
    where TBatch : class, IDisposable
{
    private static readonly TimeSpan s_gatherCommits = TimeSpan.FromMilliseconds(5);
    private static readonly Backoff s_pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    private readonly Lock _lock = new();
    private readonly WakeSignal _changed = new(time);
    private readonly List<Entry> _pending = [];
    private int _pendingRows;
    private long _pendingBytes;

    /// <summary>The number of the last one that was queued, and of the first of those that are being written.</summary>
    private long _queued;
    private long _writing = long.MaxValue;
    private bool _waiter;
    private volatile bool _works = true;
    private volatile bool _stopping;
    private TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="Number">Grows with each that is queued.</param>
    /// <param name="Batch">The rows.</param>
    /// <param name="Committed">Told how it went; null where nobody waits.</param>
    private readonly record struct Entry(long Number, TBatch Batch, CommitSource? Committed);

    /// <summary>Rows that are written, lost for a reason, or wait.</summary>
    public double Accounted => metrics.Written.Value + metrics.Lost + metrics.Pending.Value;

    /// <summary>What people call the place that is written, in messages.</summary>
    protected abstract string Description { get; }

    /// <summary>What its rows are called, in messages.</summary>
    protected abstract string RowsName { get; }

    /// <summary>Whether the place can be written, as far as is known now: here, whether the last write succeeded.</summary>
    public virtual bool IsUp => _works;

    /// <summary>Bound of the rows that wait.</summary>
    protected abstract int MaxPendingRows { get; }

    /// <summary>Bound of the bytes that wait.</summary>
    protected virtual long MaxPendingBytes => long.MaxValue;

    /// <summary>
    /// Bytes that are enough for one write: they wait for no interval, and of more the rest is left for the next. What a store needs beside
    /// them while it writes is bounded so.
    /// </summary>
    protected virtual long BytesPerWrite => long.MaxValue;

    /// <summary>
    /// Bytes that may wait before those who can are made to wait themselves (<see cref="WaitForRoomAsync"/>): a store that works needs no
    /// more at hand than its next writes; up to the bound is for one that fails.
    /// </summary>
    protected virtual long BytesAtHand => MaxPendingBytes;

    /// <summary>Rows of a batch, and its bytes where those are bounded.</summary>
    protected abstract (int Rows, long Bytes) SizeOf(TBatch batch);

    /// <summary>Writes batches for good.</summary>
    /// <exception cref="StoreException">Nothing of them was kept; the same call may be made again.</exception>
    protected abstract Task WriteAsync(IReadOnlyList<TBatch> batches, CancellationToken ct);

    /// <summary>Hands a batch over; the writer disposes it.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="committed">Completed when the store has it, or failed with a <see cref="StoreException"/>.</param>
    public void Add(TBatch batch, CommitSource? committed)
    {
        (int rows, long bytes) = SizeOf(batch);
        bool wake = false, hasRoom;
        lock (_lock)
        {
            hasRoom = HasRoomFor(rows, bytes, MaxPendingBytes);
            if (hasRoom)
                wake = Queue(new Entry(++_queued, batch, committed), rows, bytes);
        }
        if (wake)
            _changed.Wake();
        if (hasRoom)
            return;
        metrics.Dropped.WithLabels("queue_full").Inc(rows);
        batch.Dispose();
        committed?.Fail(new StoreFullException($"{Description} does not keep up; its queue is full."));
    }

    /// <summary>Queues what there is room for.</summary>
    /// <returns>Whether somebody should look.</returns>
    private bool Queue(Entry entry, int rows, long bytes)
    {
        bool isEnough = _pendingBytes < BytesPerWrite && _pendingBytes + bytes >= BytesPerWrite;
        bool wake = _pending.Count == 0 || (entry.Committed is not null && !_waiter) || isEnough;
        _waiter |= entry.Committed is not null;
        _pending.Add(entry);
        Weigh(rows, bytes);
        return wake;
    }

    /// <summary>
    /// Waits while a batch finds no room, as long as the store works: a slow one slows its producers, a failing one does not.
    /// </summary>
    public async Task WaitForRoomAsync(TBatch batch)
    {
        (int rows, long bytes) = SizeOf(batch);
        while (true)
        {
            Task flushed;
            lock (_lock)
            {
                if (HasRoomFor(rows, bytes, BytesAtHand) || !_works || _stopping)
                    return;
                flushed = _flushed.Task;
            }
            await flushed;
        }
    }

    /// <summary>Returns when what was added before is written, or is lost and counted; it is written at once.</summary>
    public async Task WaitForWrittenAsync(CancellationToken ct)
    {
        long newest;
        lock (_lock)
            newest = _queued;
        while (true)
        {
            Task flushed;
            lock (_lock)
            {
                if (newest < Math.Min(_writing, _pending.Count == 0 ? long.MaxValue : _pending[0].Number))
                    return;
                _waiter = true;
                flushed = _flushed.Task;
            }
            _changed.Wake();
            await flushed.WaitAsync(ct);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        _changed.Wake();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        metrics.BeforeCollect(() => metrics.Up.Set(IsUp ? 1 : 0));
        int failures = 0;
        while (true)
        {
            bool stopping = _stopping;
            if (!stopping && failures > 0)
                await PauseAsync(s_pauses.After(failures), stoppingToken);
            else if (!stopping)
                await GatherAsync();
            List<Entry> taken = Take();
            if (taken.Count == 0)
            {
                if (stopping)
                    return;
                continue;
            }
            bool written = await FlushAsync(taken, stoppingToken);
            if (!written && stopping)
            {
                for (; taken.Count > 0; taken = Take())
                    Abandon(taken);
                return;
            }
            if (!written)
                PutBack(taken);
            failures = written ? 0 : failures + 1;
            lock (_lock)
                _writing = long.MaxValue;
            WakeWaiters();
        }
    }

    /// <summary>One batch always finds room, however large it is.</summary>
    private bool HasRoomFor(int rows, long bytes, long maxBytes) =>
        (_pendingRows == 0 && _pendingBytes == 0) || (_pendingRows + rows <= MaxPendingRows && _pendingBytes + bytes <= maxBytes);

    private void Weigh(int rows, long bytes)
    {
        _pendingRows += rows;
        _pendingBytes += bytes;
        metrics.Pending.Set(_pendingRows);
    }

    private void WakeWaiters()
    {
        TaskCompletionSource flushed;
        lock (_lock)
            (flushed, _flushed) = (_flushed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        flushed.TrySetResult();
    }

    private async Task GatherAsync()
    {
        bool isEmpty;
        lock (_lock)
            isEmpty = _pending.Count == 0;
        if (isEmpty)
            await _changed.WaitAsync(CancellationToken.None);
        long start = time.GetTimestamp();
        while (!_stopping)
        {
            TimeSpan most;
            lock (_lock)
                most = _pendingBytes >= BytesPerWrite ? TimeSpan.Zero : _waiter ? s_gatherCommits : flushInterval;
            TimeSpan rest = most - time.GetElapsedTime(start);
            if (rest <= TimeSpan.Zero)
                return;
            if (!await _changed.WaitAsync(rest, CancellationToken.None))
                return;
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken stoppingToken)
    {
        long start = time.GetTimestamp();
        while (!_stopping && !stoppingToken.IsCancellationRequested
            && pause - time.GetElapsedTime(start) is var rest && rest > TimeSpan.Zero)
        {
            if (!await _changed.WaitAsync(rest, stoppingToken))
                return;
        }
    }

    /// <summary>What the next write gets, in the order in which it came.</summary>
    private List<Entry> Take()
    {
        lock (_lock)
        {
            int count = 0;
            for (long bytes = 0; count < _pending.Count && bytes < BytesPerWrite; count++)
                bytes += SizeOf(_pending[count].Batch).Bytes;
            List<Entry> taken = _pending.GetRange(0, count);
            _pending.RemoveRange(0, count);
            _writing = count == 0 ? long.MaxValue : taken[0].Number;
            _waiter = _pending.Exists(e => e.Committed is not null);
            return taken;
        }
    }

    /// <returns>Whether all of it is done with; what is, is no longer in the list when not.</returns>
    private async Task<bool> FlushAsync(List<Entry> entries, CancellationToken ct)
    {
        Refuse(entries);
        if (entries.Count == 0)
            return true;
        long start = time.GetTimestamp();
        (int rows, long bytes) = SizeOf(entries);
        try
        {
            await WriteAsync([.. entries.Select(e => e.Batch)], ct);
        }
        catch (Exception e) when (e is StoreException || (e is OperationCanceledException && ct.IsCancellationRequested))
        {
            metrics.Writes.WithLabels("failure").Inc();
            if (_works)
                LogFailing(Description, e.Message, RowsName);
            _works = false;
            return false;
        }
        catch (Exception e)
        {
            // Nobody has foreseen it. One of the batches is to blame, and must not stop the others for good.
            metrics.Faults.Note("storage", e, time);
            if (entries.Count > 1)
                return await FlushOneByOneAsync(entries, ct);
            Lose(entries, "fault", $"{Description} met a fault of metricsd; see its log.");
            return true;
        }
        metrics.Writes.WithLabels("success").Inc();
        metrics.Written.Inc(rows);
        metrics.Seconds.Observe(time.GetElapsedTime(start).TotalSeconds);
        if (!_works)
            LogWorking(Description);
        _works = true;
        foreach (Entry entry in entries)
        {
            entry.Batch.Dispose();
            entry.Committed?.Complete();
        }
        lock (_lock)
            Weigh(-rows, -bytes);
        return true;
    }

    private async Task<bool> FlushOneByOneAsync(List<Entry> entries, CancellationToken ct)
    {
        for (; entries.Count > 0; entries.RemoveAt(0))
        {
            if (!await FlushAsync([entries[0]], ct))
                return false;
        }
        return true;
    }

    /// <summary>
    /// Who waits for a commit, of these or of what came since, hears that it failed and will send again, which counts anew; the rest waits
    /// for the next try.
    /// </summary>
    private void PutBack(List<Entry> entries)
    {
        List<Entry> failed;
        int rows;
        lock (_lock)
        {
            _pending.InsertRange(0, entries);
            failed = _pending.FindAll(e => e.Committed is not null);
            _pending.RemoveAll(e => e.Committed is not null);
            _waiter = false;
            (rows, long bytes) = SizeOf(failed);
            Weigh(-rows, -bytes);
        }
        metrics.Dropped.WithLabels("write_failed").Inc(rows);
        foreach (Entry entry in failed)
        {
            entry.Batch.Dispose();
            entry.Committed!.Fail(new StoreException($"{Description} cannot be written now."));
        }
    }

    /// <summary>Takes out what stands behind something that could not be stored.</summary>
    private void Refuse(List<Entry> entries)
    {
        List<Entry> refused = entries.FindAll(e => e.Committed is { IsRefused: true });
        entries.RemoveAll(e => e.Committed is { IsRefused: true });
        if (refused.Count > 0)
            Lose(refused, "write_failed", "What came before it could not be stored.");
    }

    private void Abandon(List<Entry> entries) =>
        LogAbandoned(
            Lose(entries, "stopping", $"The daemon is stopping and {Description} cannot be written."), RowsName, Description);

    /// <returns>How many rows.</returns>
    private int Lose(List<Entry> entries, string reason, string message)
    {
        (int lost, long bytes) = SizeOf(entries);
        lock (_lock)
            Weigh(-lost, -bytes);
        foreach (Entry entry in entries)
        {
            entry.Batch.Dispose();
            entry.Committed?.Fail(new StoreException(message));
        }
        metrics.Dropped.WithLabels(reason).Inc(lost);
        return lost;
    }

    private (int Rows, long Bytes) SizeOf(List<Entry> entries)
    {
        (int rows, long bytes) = (0, 0L);
        foreach (Entry entry in entries)
        {
            (int r, long b) = SizeOf(entry.Batch);
            (rows, bytes) = (rows + r, bytes + b);
        }
        return (rows, bytes);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Writing to {Store} fails: {Reason} The {Rows} are kept and it is tried again.")]
    private partial void LogFailing(string store, string reason, string rows);

    [LoggerMessage(Level = LogLevel.Information, Message = "Writing to {Store} works again.")]
    private partial void LogWorking(string store);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} {Rows} are lost: the daemon stops and {Store} cannot be written.")]
    private partial void LogAbandoned(int count, string rows, string store);
}
