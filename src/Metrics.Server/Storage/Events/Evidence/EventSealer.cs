using Metrics.Model;
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

    /// <summary>Before a check is tried again that could not see all.</summary>
    private static readonly Backoff s_checkAgain = new(TimeSpan.FromMinutes(5), TimeSpan.FromHours(2));

    /// <summary>Tables that were found in a state in which they cannot be sealed: they are not read each minute.</summary>
    private readonly HashSet<EventTable> _unsealed = [];

    private readonly long _begun = time.GetTimestamp();
    private TimeSpan _nextCheck = s_firstCheck;

    /// <summary>Checks in a row that could not see all.</summary>
    private int _failures;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        do
            await LookAsync(stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Seals what is to be sealed, and checks when it is time to.</summary>
    internal async Task LookAsync(CancellationToken ct)
    {
        await GuardAsync(() => SealAsync(ct), ct);
        if (time.GetElapsedTime(_begun) < _nextCheck)
            return;
        bool isWhole = false;
        await GuardAsync(async () => isWhole = await CheckAsync(ct), ct);
        _failures = isWhole ? 0 : _failures + 1;
        _nextCheck = time.GetElapsedTime(_begun) + (isWhole ? s_checkEvery : s_checkAgain.After(_failures));
    }

    /// <summary>Seals what has ended and is not sealed yet, the oldest first.</summary>
    internal async Task SealAsync(CancellationToken ct)
    {
        if (!SteadyClock.IsTrusted(time))
            return;
        IReadOnlyList<EventSeal> known = await seals.OpenAsync();
        EventSeal? last = known is [.., var newest] ? newest : null;
        foreach (EventTable table in await events.EndedAsync(last?.LastId ?? 0, ct))
        {
            // One that was not there when later ones were sealed is for the check to report, not to seal.
            if (_unsealed.Contains(table) || table.FirstId <= last?.LastId)
                continue;
            HashedTable hashed = await events.HashAsync(table.Name, null, ct);
            if (hashed.Fault is { } fault)
            {
                _unsealed.Add(table);
                LogUnsealed(table.Name, fault);
                continue;
            }
            var seal = new EventSeal(
                table.Name, hashed.FirstId, hashed.LastId, hashed.Count, hashed.Hash, hashed.Parts, last?.Head ?? EventSeal.NoHead,
                time.GetUtcNow().ToUnixTimeMilliseconds());
            await seals.SaveAsync(seal).WaitAsync(ct);
            last = seal;
            metrics.Sealed.Inc();
            LogSealed(seal.Table, seal.Count, seal.Head);
        }
    }

    /// <returns>Whether all could be read.</returns>
    private async Task<bool> CheckAsync(CancellationToken ct)
    {
        bool isWhole = true;
        await foreach (CheckedDay day in check.RunAsync(ct))
        {
            if (day.IsWrong)
                LogWrong(day.Table, day.State, day.Reason ?? "");
            if (day.State != DayState.Unreadable)
                continue;
            isWhole = false;
            LogLater($"{day.Table}: {day.Reason}");
        }
        return isWhole;
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
