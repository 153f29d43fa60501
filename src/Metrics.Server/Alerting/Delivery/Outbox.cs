using System.Collections.Concurrent;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Scheduling;
using Metrics.Storage.State;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Alerting;

/// <summary>
/// Messages on their way: written before the first try, deleted when delivered, tried again with growing pauses for as long as it takes.
/// Each integration has its own turn, so that a slow or dead one delays no other; within one the order is kept.
/// </summary>
internal sealed partial class Outbox(
    StateStore state, Current<NotificationOptions> options, HistoryWriter history, NotifierTools tools, NotificationMetrics metrics,
    TimeProvider time, ILogger<Outbox> log) : BackgroundService
{
    private static readonly Backoff s_pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)) { Jitter = 0.25 };
    private static readonly TimeSpan s_longestAsked = TimeSpan.FromHours(1);

    /// <summary>The history keeps the first tries of a message, and the last.</summary>
    private const int TriesInHistory = 5;

    private const int ReadAtOnce = 16;
    private static readonly TimeSpan s_look = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_lookWhileFailing = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly WakeSignal _wake = new(time);
    private readonly Dictionary<string, Task> _running = [];
    private readonly ConcurrentDictionary<string, Timestamp> _failing = [];

    /// <summary>
    /// Of each integration the newest message that is done with, while it could not be deleted yet: a state that cannot be written holds up
    /// none of those behind it, and none goes twice.
    /// </summary>
    private readonly ConcurrentDictionary<string, long> _done = [];

    /// <summary>
    /// Of each integration the message that waits for its next try, until that is written: a state that cannot be written keeps none from
    /// being tried again.
    /// </summary>
    private readonly ConcurrentDictionary<string, Delay> _delays = [];

    /// <summary>Messages that were there at the start, and that are done with since, for the ledger.</summary>
    private long _kept;
    private long _ended;
    private (long Ended, double Queued, double Missing) _balance = (0, 0, 0);

    /// <summary>When a message is tried again.</summary>
    private sealed record Delay(long Id, int Attempts, long NextTry);

    /// <summary>Says that there is something new.</summary>
    public void Wake() => _wake.Wake();

    /// <summary>Says how many messages were written.</summary>
    public void NoteQueued(int messages)
    {
        metrics.Queued.Inc(messages);
        if (messages > 0)
            Wake();
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Those who write messages start after us.
        await metrics.Faults.GuardAsync("outbox", OpenLedgerAsync, time, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        // A start is a reason to try again, and the clock may have been set back since.
        await metrics.Faults.GuardAsync(
            "outbox", () => WrittenOrLateAsync(state.WriteInTurnAsync(w => w.Run(DueNow))), time, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            Timestamp next = default;
            await metrics.Faults.GuardAsync("outbox", () => Task.FromResult(next = BeginDue(stoppingToken)), time, stoppingToken);
            await _wake.WaitAsync(next, stoppingToken);
        }
        await Task.WhenAll(_running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task OpenLedgerAsync()
    {
        _kept = await state.ReadAsync(Waiting);
        metrics.Ledger.Open("messages", Missing);
    }

    private double Missing()
    {
        // What is queued or ends while the database is asked may be in its answer or not.
        (long endedBefore, double queuedBefore) = (Interlocked.Read(ref _ended), metrics.Queued.Value);
        if (_balance.Ended == endedBefore && _balance.Queued == queuedBefore)
            return _balance.Missing;
        try
        {
            long waiting = state.ReadAsync(Waiting).GetAwaiter().GetResult();
            double least = _kept + queuedBefore - Interlocked.Read(ref _ended) - waiting;
            double most = _kept + metrics.Queued.Value - endedBefore - waiting;
            double missing = least > 0 ? least : most < 0 ? most : 0;
            _balance = (endedBefore, queuedBefore, missing);
            return missing;
        }
        catch (StateUnavailableException)
        {
            // Nobody can say now.
            return 0;
        }
    }

    /// <summary>Messages that are not done with.</summary>
    private long Waiting(StateDb db) => _done.IsEmpty
        ? db.Outbox.LongCount()
        : db.Outbox.GroupBy(o => o.Target).Select(g => g.Key).ToList()
            .Sum(target => WaitingFor(db, target, DoneOf(target)));

    private static long WaitingFor(StateDb db, string target, long done) => db.Outbox.LongCount(o => o.Target == target && o.Id > done);

    private static void DueNow(StateDb db) =>
        db.Outbox.Where(o => o.Attempts > 0).ExecuteUpdate(o => o.SetProperty(r => r.NextTry, 0L));

    /// <summary>Has every integration whose oldest message is due take its turn, unless it has it already.</summary>
    /// <returns>When to look again.</returns>
    private Timestamp BeginDue(CancellationToken ct)
    {
        Timestamp now = Timestamp.Of(time.GetUtcNow());
        Timestamp next = now + (_failing.IsEmpty ? s_look : s_lookWhileFailing);
        ReportFailing(now);
        foreach ((string target, Timestamp nextTry) in Heads())
        {
            if (_running.TryGetValue(target, out Task? running) && !running.IsCompleted)
                continue;
            if (nextTry > now)
                next = Timestamp.Min(next, nextTry);
            else
                _running[target] = Deliver(target, ct);
        }
        return next;
    }

    /// <summary>
    /// That a receiver cannot be reached is an alert itself (<c>MetricsdReceiverDown</c>), of which the others are notified.
    /// </summary>
    private void ReportFailing(Timestamp now)
    {
        foreach (NamedNotifier notifier in options.Value.Receivers.SelectMany(r => r.Notifiers))
        {
            bool isFailing = _failing.TryGetValue(notifier.Id.ToString(), out Timestamp since);
            ReportFailing(notifier.Id, isFailing ? Math.Max(0, (now - since).TotalSeconds) : 0);
        }
    }

    private void ReportFailing(IntegrationId integration, double seconds) =>
        metrics.FailingSeconds.WithLabels(integration.Receiver, integration.Way).Set(seconds);

    /// <summary>The oldest message of each integration.</summary>
    private List<(string Target, Timestamp NextTry)> Heads()
    {
        metrics.Queue.Set(state.Read(db => db.Outbox.Count()));
        var rows = state.Read(db => db.Outbox.AsNoTracking()
            .GroupBy(o => o.Target).Select(g => new { Target = g.Key, Id = g.Min(o => o.Id) })
            .Join(db.Outbox.AsNoTracking(), h => h.Id, o => o.Id, (h, o) => new { h.Target, h.Id, o.NextTry }).ToList());
        return
        [
            .. rows.Where(r => r.Id > DoneOf(r.Target))
                .Select(r => (r.Target, new Timestamp(DelayOf(r.Target, r.Id)?.NextTry ?? r.NextTry))),
        ];
    }

    /// <summary>
    /// The loop is woken when the turn is really over: woken from within, it would still see it running and pass over what came next.
    /// </summary>
    private Task Deliver(string target, CancellationToken ct)
    {
        Task delivery = Task.Run(
            () => metrics.Faults.GuardAsync("outbox", () => DeliverAsync(target, ct), time, ct), CancellationToken.None);
        _ = delivery.ContinueWith(_ => Wake(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return delivery;
    }

    /// <summary>Sends what waits for an integration, in order, until one must wait.</summary>
    private async Task DeliverAsync(string target, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            long done = DoneOf(target);
            // Before the rows: one that is written meanwhile is in them.
            Delay? delay = _delays.GetValueOrDefault(target);
            List<OutboxRow> rows = state.Read(db =>
                db.Outbox.AsNoTracking().Where(o => o.Target == target && o.Id > done).OrderBy(o => o.Id).Take(ReadAtOnce).ToList());
            foreach (OutboxRow row in rows)
            {
                if (row.Id == delay?.Id)
                    (row.Attempts, row.NextTry) = (delay.Attempts, delay.NextTry);
                if (new Timestamp(row.NextTry) > Timestamp.Of(time.GetUtcNow()) || !await DeliverAsync(target, row, ct))
                    return;
            }
            if (rows.Count < ReadAtOnce)
                return;
        }
    }

    /// <returns>Whether the next one may follow.</returns>
    private async Task<bool> DeliverAsync(string target, OutboxRow row, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        IntegrationId? integration = IntegrationId.TryParse(target, out IntegrationId id) ? id : null;
        string kind = integration?.Kind ?? "unknown";
        Delivery delivery = await TryAsync(integration, row, ct);
        metrics.Seconds.WithLabels(kind).Observe(time.GetElapsedTime(start).TotalSeconds);
        metrics.Deliveries.WithLabels(kind, delivery.Status.ToString().ToLowerInvariant()).Inc();
        int attempts = row.Attempts + 1;
        if (delivery.Status == DeliveryStatus.Retry)
            _failing.TryAdd(target, new Timestamp(row.CreatedAt));
        else if (_failing.TryRemove(target, out _) && integration is { } works)
            ReportFailing(works, 0);
        if (attempts <= TriesInHistory || delivery.Status != DeliveryStatus.Retry)
            history.Add(HistoryRows.Of(delivery, target, row.IdempotencyKey, Timestamp.Of(time.GetUtcNow())));
        LogTried(target, attempts, delivery.Status, row.IdempotencyKey);
        if (delivery.Status == DeliveryStatus.Rejected)
            LogRejected(target, delivery.Reason ?? "no reason given");
        else if (delivery.Status == DeliveryStatus.Retry && attempts == 1)
            LogRetrying(target, delivery.Reason ?? "no reason given");
        long nextTry = (time.GetUtcNow() + Pause(attempts, delivery.After)).ToUnixTimeMilliseconds();
        if (delivery.Status != DeliveryStatus.Retry)
        {
            Interlocked.Increment(ref _ended);
            await DeleteAsync(target, row.Id);
            return true;
        }
        await DelayAsync(target, new Delay(row.Id, attempts, nextTry), delivery.Reason);
        return false;
    }

    /// <summary>Has a message wait for its next try; where that cannot be written at once, it is only remembered until then.</summary>
    private async Task DelayAsync(string target, Delay delay, string? reason)
    {
        _delays[target] = delay;
        Task written = state.WriteInTurnAsync(writer => writer.DelayMessage(delay.Id, delay.Attempts, delay.NextTry, reason));
        _ = written.ContinueWith(
            _ => _delays.TryRemove(KeyValuePair.Create(target, delay)), CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        await WrittenOrLateAsync(written);
    }

    /// <summary>Waits for a write, but not for a state that cannot be written now: it is written later.</summary>
    private async Task WrittenOrLateAsync(Task written)
    {
        try
        {
            await written.WaitAsync(s_patience, time);
        }
        catch (TimeoutException)
        {
            // In its turn.
        }
    }

    /// <summary>Deletes a message that is done with; where that does not go at once, it is done later.</summary>
    private async Task DeleteAsync(string target, long id)
    {
        _done[target] = id;
        Task deleted = state.WriteInTurnAsync(writer => writer.Run(
            db => db.Outbox.Where(o => o.Target == target && o.Id <= id).ExecuteDelete()));
        await deleted.WaitAsync(s_patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!deleted.IsCompleted)
        {
            // Where it fails, it stays known as done with, and goes with the next that is deleted.
            _ = deleted.ContinueWith(
                _ => Forget(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            return;
        }
        await deleted;
        _done.TryRemove(KeyValuePair.Create(target, id));

        void Forget()
        {
            _done.TryRemove(KeyValuePair.Create(target, id));
            Wake();
        }
    }

    private long DoneOf(string target) => _done.GetValueOrDefault(target);

    private Delay? DelayOf(string target, long id) => _delays.TryGetValue(target, out Delay? delay) && delay.Id == id ? delay : null;

    /// <summary>Sends once. Whatever a notifier did not foresee is no reason to lose the message.</summary>
    private async Task<Delivery> TryAsync(IntegrationId? integration, OutboxRow row, CancellationToken ct)
    {
        try
        {
            return integration is { } id && options.Value.Find(id) is { } named
                ? await named.Notifier.SendStoredAsync(row.Payload, row.IdempotencyKey, tools, ct)
                : Delivery.Rejected("the configuration has no such receiver any more");
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return new Delivery(DeliveryStatus.Retry, e.Message);
        }
    }

    /// <summary>Doubles from one second to five minutes, with jitter; never less than the other side asks for, within an hour.</summary>
    internal static TimeSpan Pause(int attempts, TimeSpan? asked = null)
    {
        TimeSpan pause = s_pauses.After(attempts, Random.Shared.NextDouble());
        return asked > pause ? (asked < s_longestAsked ? asked.Value : s_longestAsked) : pause;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A notification to {Target} failed and is tried again: {Reason}")]
    private partial void LogRetrying(string target, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A notification to {Target}, try {Attempt}: {Status} ({Key})")]
    private partial void LogTried(string target, int attempt, DeliveryStatus status, string key);

    [LoggerMessage(Level = LogLevel.Error, Message = "A notification is refused for good by {Target}: {Reason}")]
    private partial void LogRejected(string target, string reason);
}
