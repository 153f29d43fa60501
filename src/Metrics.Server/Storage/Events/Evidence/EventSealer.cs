using Metrics.Scheduling;
using Metrics.Storage.State;

namespace Metrics.Storage.Events.Evidence;

/// <summary>Seals the days of the event log that have ended, and checks once a day whether they are as they were sealed.</summary>
internal sealed partial class EventSealer(
    EventLog events, EventSeals seals, EvidenceCheck check, EvidenceMetrics metrics, TimeProvider time, ILogger<EventSealer> log)
    : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);

    /// <summary>After a start there is enough to do.</summary>
    private static readonly TimeSpan s_firstCheck = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan s_checkEvery = TimeSpan.FromDays(1);

    /// <summary>Tables that were found in a state in which they cannot be sealed: they are not read each minute.</summary>
    private readonly HashSet<string> _unsealed = [];

    /// <summary>The seals that are kept; null before the first look.</summary>
    private List<EventSeal>? _known;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long begun = time.GetTimestamp();
        TimeSpan next = s_firstCheck;
        using var timer = new PeriodicTimer(s_interval, time);
        do
        {
            await GuardAsync(() => SealAsync(stoppingToken), stoppingToken);
            if (time.GetElapsedTime(begun) < next)
                continue;
            await GuardAsync(() => CheckAsync(stoppingToken), stoppingToken);
            next = time.GetElapsedTime(begun) + s_checkEvery;
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Seals what has ended and is not sealed yet, the oldest first.</summary>
    internal async Task SealAsync(CancellationToken ct)
    {
        if (!SteadyClock.IsTrusted(time))
            return;
        _known ??= await seals.LoadAsync();
        List<EventSeal> known = _known;
        foreach (EventTable table in await events.EndedAsync(known.Select(s => s.Table).ToHashSet(), ct))
        {
            // One that was not there when later ones were sealed is for the check to report, not to seal.
            if (_unsealed.Contains(table.Name) || (known.Count > 0 && table.FirstId <= known[^1].LastId))
                continue;
            HashedTable hashed = await events.HashAsync(table.Name, null, ct);
            if (hashed.Fault is { } fault)
            {
                _unsealed.Add(table.Name);
                LogUnsealed(table.Name, fault);
                continue;
            }
            var seal = new EventSeal(
                table.Name, table.Day, hashed.FirstId, hashed.LastId, hashed.Count, hashed.Hash, hashed.Parts,
                known is [.., var last] ? last.Head : EventSeal.NoHead, time.GetUtcNow().ToUnixTimeMilliseconds());
            await seals.SaveAsync(seal, known, events.ExpiredTo).WaitAsync(ct);
            known.Add(seal);
            metrics.Sealed.Inc();
            LogSealed(seal.Table, seal.Count, seal.Head);
        }
    }

    private async Task CheckAsync(CancellationToken ct)
    {
        await foreach (CheckedDay day in check.RunAsync(ct))
        {
            if (day.IsWrong)
                LogWrong(day.Table, day.State, day.Reason ?? "");
        }
    }

    private Task<bool> GuardAsync(Func<Task> work, CancellationToken ct) => metrics.Faults.GuardAsync("evidence", async () =>
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is StoreException or StateUnavailableException)
        {
            LogLater(e.Message);
        }
    }, time, ct);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sealed {Table} of the event log: {Count} events, head {Head}.")]
    private partial void LogSealed(string table, long count, string head);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Table} of the event log cannot be sealed: {Reason}.")]
    private partial void LogUnsealed(string table, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Table} of the event log is {State}: {Reason}.")]
    private partial void LogWrong(string table, DayState state, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The event log is sealed and checked later: {Reason}")]
    private partial void LogLater(string reason);
}
