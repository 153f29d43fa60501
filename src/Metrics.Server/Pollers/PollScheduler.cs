using System.Collections.Concurrent;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Scheduling;

namespace Metrics.Pollers;

/// <summary>
/// Keeps what is polled equal to what the configuration asks for: what is new begins, what is gone ends, what asks for the same series
/// otherwise goes on with them, and what did not change notices nothing.
/// </summary>
internal sealed partial class PollScheduler(
    TargetCatalog catalog, PollRunner runner, Wheel wheel, Current<TargetSections> sections, RetiredTargets retired,
    PollMetrics metrics, TimeProvider time, ILogger<PollScheduler> log) : BackgroundService
{
    private static readonly TimeSpan s_discoveryInterval = TimeSpan.FromSeconds(5);

    /// <summary>How long a poll under way is waited for when its target ends.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<TargetIdentity, (PollTarget Target, Recurrence Turns)> _polled = new();
    private readonly WakeSignal _wake = new(time);

    /// <summary>What was listed more than once when it was looked at last: that is said once.</summary>
    private HashSet<TargetIdentity> _repeated = [];

    /// <summary>Targets that are polled now, by job and instance.</summary>
    public IReadOnlyList<PollTarget> Targets =>
    [
        .. _polled.Values.Select(p => p.Target).OrderBy(t => t.Job, StringComparer.Ordinal).ThenBy(t => t.Instance, StringComparer.Ordinal),
    ];

    /// <summary>Targets of one section of the configuration that are polled now.</summary>
    public IEnumerable<PollTarget> TargetsOf(SectionId section) =>
        _polled.Values.Select(p => p.Target).Where(t => t.Declared.Identity.Section == section);

    /// <summary>Looks at once what there is to be polled, as after a reload.</summary>
    public void Wake() => _wake.Wake();

    /// <summary>Polls some of the targets out of turn, beside each other; their turns stay as they are. None overlaps itself.</summary>
    /// <returns>Ends when all have been polled; what has ended meanwhile is left out.</returns>
    public Task PollNowAsync(IEnumerable<PollTarget> targets, CancellationToken ct) => Task.WhenAll(
        targets.Select(t => _polled.TryGetValue(t.Declared.Identity, out var polled) && polled.Target == t
            ? polled.Turns.RunNowAsync(ct)
            : Task.CompletedTask));

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.BeforeCollect(CountTargets);
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        wheel.Dispose();
        await Task.WhenAll(_polled.Values.Select(p => p.Turns.EndAsync(s_patience, time)));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            await metrics.Faults.GuardAsync("pollers", () => ReconcileAsync(stoppingToken), time, stoppingToken);
            // After that it is time to look at the files of targets again.
            await _wake.WaitAsync(s_discoveryInterval, stoppingToken);
        }
    }

    internal async Task ReconcileAsync(CancellationToken ct)
    {
        Dictionary<TargetIdentity, TargetDeclaration> wanted = Wanted();
        List<(PollTarget Target, Recurrence Turns)> gone = [.. _polled.Where(p => !wanted.ContainsKey(p.Key)).Select(p => p.Value)];
        await Task.WhenAll(gone.Select(g => g.Turns.EndAsync(s_patience, time)));
        List<TargetDeclaration> added = [.. wanted.Values.Where(d => !_polled.ContainsKey(d.Identity))];
        ILookup<SeriesIdentity, PollTarget> before = gone.Select(g => g.Target).ToLookup(t => t.Declared.Identity.Series);
        var moved = new HashSet<PollTarget>();
        foreach (TargetDeclaration declared in added)
        {
            PollTarget? predecessor = before[declared.Identity.Series]
                .Where(t => !moved.Contains(t)).MaxBy(t => t.Declared.Identity.Asked == declared.Identity.Asked);
            if (Begin(declared, predecessor) && predecessor is not null)
                moved.Add(predecessor);
        }
        // Before their series end, so that nobody takes them for silent.
        retired.Note(wanted.Keys.Select(w => w.Series.Labels), Timestamp.Of(time.GetUtcNow()));
        foreach ((PollTarget target, Recurrence turns) in gone)
        {
            turns.Dispose();
            _polled.TryRemove(target.Declared.Identity, out _);
            if (moved.Contains(target))
            {
                LogMoved(target.Key);
            }
            else
            {
                await runner.RetireAsync(target, ct);
                LogRemoved(target.Key);
            }
            (target.Poller as IDisposable)?.Dispose();
        }
    }

    private Dictionary<TargetIdentity, TargetDeclaration> Wanted()
    {
        var wanted = new Dictionary<TargetIdentity, TargetDeclaration>();
        var repeated = new HashSet<TargetIdentity>();
        foreach (TargetDeclaration target in catalog.Discover(sections.Value))
        {
            if (!wanted.TryAdd(target.Identity, target) && repeated.Add(target.Identity) && !_repeated.Contains(target.Identity))
                LogRepeated(target.Key);
        }
        _repeated = repeated;
        return wanted;
    }

    /// <summary>Begins to poll a target.</summary>
    /// <returns>Whether it could be begun; if not, it is tried again at the next look.</returns>
    private bool Begin(TargetDeclaration declared, PollTarget? predecessor)
    {
        PollTarget target;
        try
        {
            target = new PollTarget(declared);
        }
        catch (Exception e)
        {
            LogNotBegun(declared.Key, e.Message);
            return false;
        }
        if (predecessor is not null)
            target.TakeOverFrom(predecessor);
        var rhythm = Rhythm.Of(declared.Identity.Series.ToString(), declared.Interval, time.GetUtcNow());
        _polled[declared.Identity] = (target, wheel.Add(rhythm, ct => PollAsync(target, ct), CountMissed));
        return true;
    }

    private async Task PollAsync(PollTarget target, CancellationToken ct)
    {
        try
        {
            await runner.RunAsync(target, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The target has ended, or we stop.
        }
        catch (Exception e)
        {
            // The frame takes a target's faults; this is one of ours, which must not end the polls of all others.
            metrics.Faults.Note("pollers", e, time);
            LogFault(target.Key);
        }
    }

    private void CountMissed(MissedReason reason, long runs) =>
        metrics.Skipped.WithLabels(reason == MissedReason.Overlap ? "overlap" : "late").Inc(runs);

    private void CountTargets()
    {
        (int up, int down, int unknown) = (0, 0, 0);
        foreach ((PollTarget target, _) in _polled.Values)
        {
            _ = target.Status.Health switch { TargetHealth.Up => up++, TargetHealth.Down => down++, _ => unknown++ };
        }
        metrics.Targets.WithLabels("up").Set(up);
        metrics.Targets.WithLabels("down").Set(down);
        metrics.Targets.WithLabels("unknown").Set(unknown);
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The target {Target} is listed more than once with the same labels; it is polled once")]
    private partial void LogRepeated(string target);

    [LoggerMessage(Level = LogLevel.Information, Message = "The target {Target} is no longer listed")]
    private partial void LogRemoved(string target);

    [LoggerMessage(Level = LogLevel.Information, Message = "The target {Target} goes on with its changed settings")]
    private partial void LogMoved(string target);

    [LoggerMessage(Level = LogLevel.Error, Message = "The target {Target} cannot be begun: {Error}")]
    private partial void LogNotBegun(string target, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The poll of {Target} failed within metricsd")]
    private partial void LogFault(string target);
}
