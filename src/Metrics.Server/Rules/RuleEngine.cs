using System.Runtime.ExceptionServices;
using Metrics.Configuration;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Series;
using Metrics.Telemetry;

namespace Metrics.Rules;

/// <summary>
/// Gives rule groups their turns: all rules of a group at its interval, and in between those whose data arrived, within a share of a core. Groups run
/// side by side; a group never overlaps itself. Nothing here waits for a database or for another engine.
/// </summary>
internal sealed class RuleEngine : BackgroundService
{
    /// <summary>Milliseconds of rounds on arrival that may be saved up, for a moment in which much arrives at once.</summary>
    private const double SavedMilliseconds = 100;

    private readonly Head _head;
    private readonly IntakePipeline _intake;
    private readonly IEvaluationSink _sink;
    private readonly GroupEvaluator _evaluator;
    private readonly CurrentOptions _options;
    private readonly SelfMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly WakeSignal _wake;
    private readonly List<ScheduledGroup> _ready = [];
    private ArrivalCredit _credit;
    private volatile RulePlan _plan;
    private IReadOnlyList<RuleGroup>? _replacement;
    private CancellationTokenSource _planEnds = new();
    private volatile ExceptionDispatchInfo? _failure;
    private long _lastLook;

    public RuleEngine(
        Head head, IntakePipeline intake, IEvaluationSink sink, GroupEvaluator evaluator, CurrentOptions options, SelfMetrics metrics, TimeProvider time)
    {
        (_head, _intake, _sink, _evaluator, _options, _metrics, _time) = (head, intake, sink, evaluator, options, metrics, time);
        _wake = new WakeSignal(time);
        _credit = new ArrivalCredit(options.Value.Rules.ArrivalShare, SavedMilliseconds);
        _plan = MakePlan(RuleSet.Load(options.Value.Rules));
        metrics.RuleErrors.Set(0);
        metrics.BeforeCollect(Count);
        intake.OnArrival(NoteArrival);
    }

    /// <summary>The groups in force.</summary>
    public IReadOnlyList<GroupRunner> Groups => _plan.Runners;

    /// <summary>The groups in force and their turns.</summary>
    public IReadOnlyList<ScheduledGroup> Schedule => _plan.Groups;

    /// <summary>
    /// Since when it has been as it should, as <see cref="TimeProvider.GetTimestamp"/> has it: the last look round, or the beginning of a round that is
    /// not over yet.
    /// </summary>
    public long LastRound => _plan.Groups.Where(g => g.IsRunning).Select(g => g.RunningSince).Append(Volatile.Read(ref _lastLook)).Min();

    /// <summary>Puts other rules in force before the next round; alerts of rules that stay keep their state.</summary>
    public void Replace(IReadOnlyList<RuleGroup> groups)
    {
        Interlocked.Exchange(ref _replacement, groups);
        _wake.Wake();
    }

    public override void Dispose()
    {
        _planEnds.Dispose();
        _wake.Dispose();
        base.Dispose();
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        long now = Now();
        _evaluator.ListeningSince = now;
        foreach (ScheduledGroup group in _plan.Groups)
            group.ResumeFrom(LastRounds.Of(group.Runner.Group, _head), now);
        await _sink.RestoreAsync(_plan.Runners, now, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                _failure?.Throw();
                if (Interlocked.Exchange(ref _replacement, null) is { } groups)
                    await ReplaceAsync(groups, stoppingToken);
                Volatile.Write(ref _lastLook, _time.GetTimestamp());
                long next = BeginRounds(stoppingToken);
                await _wake.WaitAsync(next, stoppingToken);
            }
        }
        finally
        {
            await Task.WhenAll(_plan.Groups.Select(g => g.Running));
        }
    }

    /// <summary>Begins every round that may begin now.</summary>
    /// <returns>When the next one may, milliseconds since 1970 UTC.</returns>
    private long BeginRounds(CancellationToken ct)
    {
        RulePlan plan = _plan;
        long now = Now(), next = now + 60_000;
        long oldest = now - (long)_head.Options.Window.TotalMilliseconds;
        _ready.Clear();
        foreach (ScheduledGroup group in plan.Groups)
        {
            if (group.IsRunning)
                continue;
            if (group.TakeInterval(now, oldest) is { } round)
            {
                Begin(group, round, ct);
                continue;
            }
            long arrival = group.NextArrival(now);
            if (arrival <= now)
                _ready.Add(group);
            next = Math.Min(next, Math.Min(group.NextDue, arrival > now ? arrival : long.MaxValue));
        }
        return Math.Min(next, BeginArrivals(now, ct));
    }

    /// <summary>The cheapest go first: they have the least to give up.</summary>
    private long BeginArrivals(long now, CancellationToken ct)
    {
        _ready.Sort(static (a, b) => a.Pace.Cost.CompareTo(b.Pace.Cost));
        foreach (ScheduledGroup group in _ready)
        {
            long free = _credit.FreeAt(now);
            if (free > now)
                return free;
            if (group.TakeArrival() is { } round)
                Begin(group, round, ct);
        }
        return long.MaxValue;
    }

    private void Begin(ScheduledGroup group, Round round, CancellationToken ct)
    {
        // What it will cost is taken off beforehand, since others begin before it is over.
        double expected = round.Chosen is null ? 0 : group.Pace.Cost.TotalMilliseconds;
        _credit.Spend(expected, Now());
        group.Begin(_time.GetTimestamp());
        group.Running = Task.Run(() => RunAsync(group, round, expected, ct), CancellationToken.None);
    }

    private async Task RunAsync(ScheduledGroup group, Round round, double expected, CancellationToken ct)
    {
        CancellationToken planEnds = _planEnds.Token;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, planEnds);
        try
        {
            TimeSpan cost = await _evaluator.EvaluateAsync(group, round, either.Token, ct);
            if (round.Chosen is not null)
                _credit.Spend(cost.TotalMilliseconds - expected, Now());
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // We stop, or other rules come.
        }
        catch (Exception e)
        {
            // The loop ends with it, and the daemon: rules that are silently not evaluated are the worst.
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            group.End();
            _wake.Wake();
        }
    }

    private async Task ReplaceAsync(IReadOnlyList<RuleGroup> groups, CancellationToken ct)
    {
        RulePlan before = _plan, plan = MakePlan(groups);
        await _planEnds.CancelAsync();
        await Task.WhenAll(before.Groups.Select(g => g.Running));
        _planEnds.Dispose();
        _planEnds = new CancellationTokenSource();
        long now = Now();
        var output = new SampleBatch(RulePlan.SourcePrefix + "reload");
        foreach (GroupRunner old in before.Runners)
        {
            if (plan.Runners.FirstOrDefault(g => g.Group.File == old.Group.File && g.Group.Name == old.Group.Name) is { } successor)
                successor.TakeOverFrom(old);
            else
                old.EndAll(now, output);
        }
        await _sink.RestoreAsync(plan.Runners, now, ct);
        _evaluator.Reset();
        _credit = new ArrivalCredit(_options.Value.Rules.ArrivalShare, SavedMilliseconds);
        _plan = plan;
        if (output.Count > 0)
            await _intake.WriteAsync(output, ct);
        else
            output.Dispose();
    }

    private RulePlan MakePlan(IReadOnlyList<RuleGroup> groups)
    {
        foreach (RuleGroup group in groups)
        {
            _metrics.RuleFailures.WithLabels(group.Name);
            _metrics.RuleRoundsMissed.WithLabels(group.Name);
            _metrics.RuleRoundsCaughtUp.WithLabels(group.Name);
        }
        return new RulePlan(groups, _options.Value.Rules.ArrivalShare, _time);
    }

    /// <summary>Called on the intake's thread for each batch of samples. Batches of events are to come in beside it, and mark rules by their kind.</summary>
    private void NoteArrival(SampleBatch batch)
    {
        RulePlan plan = _plan;
        if (plan.ReadsNothing || batch.Source.StartsWith(RulePlan.SourcePrefix, StringComparison.Ordinal))
            return;
        if (plan.Mark(batch, _time.GetTimestamp(), Now()))
            _wake.Wake();
    }

    private void Count()
    {
        IReadOnlyList<ScheduledGroup> groups = _plan.Groups;
        _metrics.RuleGroupsIntervalOnly.Set(groups.Count(g => g.Pace.IsTooDear));
        List<string> states = [.. groups.SelectMany(g => g.Runner.Alerting).SelectMany(r => r.Alerts).Select(a => a.State.Name)];
        foreach (string state in new[] { "pending", "firing", "no data" })
            _metrics.Alerts.WithLabels(state).Set(states.Count(s => s == state));
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}
