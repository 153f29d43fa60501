using Metrics.Intake;
using Metrics.Model;
using Metrics.Rules.Conditions;
using Metrics.Scheduling;
using Metrics.Storage;

namespace Metrics.Rules;

/// <summary>
/// Fills the windows of rules over events that a start or a reload brings, out of the event log. A log that does not answer holds up no
/// round for long: rules go on with what comes then, and the rest is read when it can be. Used by one thread.
/// </summary>
internal sealed partial class EventReadBack(
    IntakePipeline intake, IEventSource events, RuleMetrics metrics, WakeSignal wake, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>How long events that have come before may take on their way into the log.</summary>
    internal static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(10);

    /// <summary>How long rounds wait for the log.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Backoff s_pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    private Task _reading = Task.CompletedTask;
    private Task _waiting = Task.CompletedTask;
    private CancellationTokenSource? _ends;
    private int _failures;
    private long _nextTry = long.MaxValue;

    /// <summary>When what could not be read is tried again, milliseconds since 1970 UTC; <see cref="long.MaxValue"/> is never.</summary>
    public long NextTry => Volatile.Read(ref _nextTry);

    public void Dispose() => _ends?.Dispose();

    /// <summary>Begins to read back what rules do not know yet.</summary>
    /// <param name="groups">Their groups; arriving events are handed to them already.</param>
    /// <param name="held">Those of them whose rounds wait for it, where they have such rules.</param>
    /// <param name="settles">Whether events may be on their way into the log.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Ends when that is done, has failed, or takes too long to wait for; never fails.</returns>
    public Task Begin(IReadOnlyList<ScheduledGroup> groups, IEnumerable<ScheduledGroup> held, bool settles, CancellationToken ct)
    {
        if (!_reading.IsCompleted)
            return Task.CompletedTask;
        Volatile.Write(ref _nextTry, long.MaxValue);
        List<AlertRuleState> unread = [.. groups.SelectMany(UnreadOf)];
        if (unread.Count == 0)
            return Task.CompletedTask;
        List<ScheduledGroup> waiting = [.. held.Where(g => UnreadOf(g).Any())];
        waiting.ForEach(g => g.IsHeld = true);
        _ends?.Dispose();
        _ends = CancellationTokenSource.CreateLinkedTokenSource(ct);
        CancellationToken end = _ends.Token;
        // Not on this thread: the log may take its time before it first waits.
        _reading = Task.Run(() => RunAsync(unread, settles, end), CancellationToken.None);
        return _waiting = WaitAsync(unread.Count, waiting, ct);
    }

    /// <summary>Gives up what is being read: other rules come. Nothing is held any more.</summary>
    public async Task EndAsync()
    {
        if (_ends is { } ends && !_reading.IsCompleted)
            await ends.CancelAsync();
        await _reading;
        await _waiting;
    }

    private static IEnumerable<AlertRuleState> UnreadOf(ScheduledGroup group) =>
        group.Runner.Alerting.Where(r => r.Memory is EventCountMemory { IsKnown: false });

    private async Task WaitAsync(int rules, List<ScheduledGroup> held, CancellationToken ct)
    {
        try
        {
            await _reading.WaitAsync(Patience, time, ct);
        }
        catch (TimeoutException)
        {
            LogSlow(rules);
        }
        catch (OperationCanceledException)
        {
            // We stop.
        }
        held.ForEach(g => g.IsHeld = false);
        wake.Wake();
    }

    private async Task RunAsync(List<AlertRuleState> rules, bool settles, CancellationToken ct)
    {
        try
        {
            if (settles)
                await SettleAsync(ct);
            await EventWindows.RestoreAsync(rules, events, time.GetUtcNow().ToUnixTimeMilliseconds(), intake.NewestNotKept, ct);
            _failures = 0;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // We stop, or other rules come.
        }
        catch (StoreException e)
        {
            metrics.EventReadsFailed.Inc();
            LogUnread(rules.Count, e.Message);
            TryAgain();
        }
        catch (Exception e)
        {
            // It is counted, shown and an alert (MetricsdFault); the rules go on with what comes until then.
            metrics.Faults.Note("rules", e, time);
            TryAgain();
        }
    }

    private void TryAgain()
    {
        Volatile.Write(ref _nextTry, (time.GetUtcNow() + s_pauses.After(++_failures)).ToUnixTimeMilliseconds());
        wake.Wake();
    }

    private async Task SettleAsync(CancellationToken ct)
    {
        using var bound = new CancellationTokenSource(SettlingTime, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, ct);
        try
        {
            await intake.SettleEventsAsync(both.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            LogUnsettled();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The event log does not take what has come; rules over events whose past is read now miss what is on its way into it")]
    private partial void LogUnsettled();

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The event log is slow to read; {Rules} rules over events go on with what comes, and count the past when it is read")]
    private partial void LogSlow(int rules);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The event log cannot be read now; {Rules} rules over events go on with what comes, and it is tried again: {Reason}")]
    private partial void LogUnread(int rules, string reason);
}
