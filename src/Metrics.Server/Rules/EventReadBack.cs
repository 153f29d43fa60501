using Metrics.Intake;
using Metrics.Model;
using Metrics.Rules.Conditions;
using Metrics.Scheduling;

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

    private Task _reading = Task.CompletedTask;
    private CancellationTokenSource? _ends;
    private long _nextTry = long.MaxValue;

    /// <summary>When what could not be read is tried again, milliseconds since 1970 UTC; <see cref="long.MaxValue"/> is never.</summary>
    public long NextTry => Volatile.Read(ref _nextTry);

    public void Dispose() => _ends?.Dispose();

    /// <summary>Reads back what rules do not know yet; returns when that is done, has failed, or takes too long to wait for.</summary>
    /// <param name="groups">Their groups; arriving events are handed to them already.</param>
    /// <param name="settles">Whether events may be on their way into the log.</param>
    /// <param name="ct">Ends it.</param>
    public async Task ReadAsync(IReadOnlyList<GroupRunner> groups, bool settles, CancellationToken ct)
    {
        List<AlertRuleState> unread =
            [.. groups.SelectMany(g => g.Alerting).Where(r => r.Memory is EventCountMemory { IsKnown: false })];
        if (!_reading.IsCompleted)
            return;
        Volatile.Write(ref _nextTry, long.MaxValue);
        if (unread.Count == 0)
            return;
        _ends?.Dispose();
        _ends = CancellationTokenSource.CreateLinkedTokenSource(ct);
        CancellationToken end = _ends.Token;
        // Not on this thread: the log may take its time before it first waits.
        _reading = Task.Run(() => RunAsync(unread, settles, end), CancellationToken.None);
        try
        {
            await _reading.WaitAsync(Patience, time, ct);
        }
        catch (TimeoutException)
        {
            LogSlow(unread.Count);
        }
    }

    /// <summary>Gives up what is being read: other rules come.</summary>
    public async Task EndAsync()
    {
        if (_ends is { } ends && !_reading.IsCompleted)
            await ends.CancelAsync();
        await _reading;
    }

    private async Task RunAsync(List<AlertRuleState> rules, bool settles, CancellationToken ct)
    {
        try
        {
            if (settles)
                await SettleAsync(ct);
            await EventWindows.RestoreAsync(rules, events, time.GetUtcNow().ToUnixTimeMilliseconds(), intake.NewestNotKept, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // We stop, or other rules come.
        }
        catch (Exception e)
        {
            // It is counted, shown and an alert (MetricsdFault); the rules go on with what comes until then.
            TimeSpan pause = metrics.Faults.Note("rules", e, time);
            Volatile.Write(ref _nextTry, (time.GetUtcNow() + pause).ToUnixTimeMilliseconds());
            wake.Wake();
        }
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
        Message = "The event log does not take what has come; rules that are new or changed miss events that came before the reload")]
    private partial void LogUnsettled();

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The event log is slow to read; {Rules} rules over events go on with what comes, and count the past when it is read")]
    private partial void LogSlow(int rules);
}
