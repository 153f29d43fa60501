using Metrics.Configuration;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Rules.Conditions;
using Metrics.Scheduling;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>
/// Evaluates rules: all of a group at its interval, and in between those whose data arrived, within a share of a core. Groups run side by
/// side; a group never overlaps itself. Nothing here waits for a database or for another engine.
/// </summary>
internal sealed class RuleEngine : BackgroundService
{
    private readonly Head _head;
    private readonly IntakePipeline _intake;
    private readonly IEvaluationSink _sink;
    private readonly GroupEvaluator _evaluator;
    private readonly Current<RuleOptions> _options;
    private readonly RuleMetrics _metrics;
    private readonly SigmaReport _sigma;
    private readonly TimeProvider _time;
    private readonly IEventSource? _events;
    private readonly WakeSignal _wake;
    private readonly RoundScheduler _scheduler;
    private IReadOnlyList<RuleGroup>? _replacement;
    private long _lastLook;

    public RuleEngine(
        Head head, IntakePipeline intake, IEvaluationSink sink, GroupEvaluator evaluator, Current<RuleOptions> options, RuleMetrics metrics,
        SigmaReport sigma, TimeProvider time, IEventSource? events = null)
    {
        (_head, _intake, _sink, _evaluator) = (head, intake, sink, evaluator);
        (_options, _metrics, _sigma, _time, _events) = (options, metrics, sigma, time, events);
        _wake = new WakeSignal(time);
        _scheduler = new RoundScheduler(head.Options.Window, evaluator, _wake, metrics.Faults, time);
        LoadedRules loaded = RuleSet.Load(options.Value);
        _sigma.Note(loaded.Sigma);
        _scheduler.Use(MakePlan(loaded.Groups), options.Value.ArrivalShare);
        metrics.InError.Set(0);
        metrics.BeforeCollect(Count);
        intake.OnArrival((SampleBatch batch) => NoteArrival(batch));
        intake.OnArrival((EventBatch batch) => NoteArrival(batch));
    }

    /// <summary>The groups in force.</summary>
    public IReadOnlyList<GroupRunner> Groups => _scheduler.Plan.Runners;

    /// <summary>The groups in force and their turns.</summary>
    public IReadOnlyList<ScheduledGroup> Schedule => _scheduler.Plan.Groups;

    /// <summary>
    /// Since when it has been as it should, as <see cref="TimeProvider.GetTimestamp"/> has it: the last look round, or the beginning of a
    /// round that is not over yet.
    /// </summary>
    public long LastRound => Math.Min(Volatile.Read(ref _lastLook), _scheduler.OldestRunning ?? long.MaxValue);

    /// <summary>
    /// Puts other rules in force before the next round. Groups that are the same do not notice; alerts of other rules that stay keep their
    /// state.
    /// </summary>
    public void Replace(LoadedRules loaded)
    {
        _sigma.Note(loaded.Sigma);
        Interlocked.Exchange(ref _replacement, loaded.Groups);
        _wake.Wake();
    }

    public override void Dispose()
    {
        foreach (ScheduledGroup group in Schedule)
            group.Dispose();
        base.Dispose();
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        long now = Now();
        _evaluator.ListeningSince = now;
        foreach (ScheduledGroup group in Schedule)
            group.ResumeFrom(LastRounds.Of(group.Runner.Group, _head), now);
        await _sink.RestoreAsync(Groups, new Timestamp(now), cancellationToken);
        await RestoreEventsAsync(Groups, now, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await _metrics.Faults.GuardAsync("rules", () => LookAsync(stoppingToken), _time, stoppingToken);
            }
        }
        finally
        {
            await Task.WhenAll(Schedule.Select(g => g.EndAsync()));
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        if (Volatile.Read(ref _replacement) is { } groups)
        {
            await ReplaceAsync(groups, ct);
            // Where that failed, it is tried again; where others came meanwhile, they are next.
            Interlocked.CompareExchange(ref _replacement, null, groups);
        }
        Volatile.Write(ref _lastLook, _time.GetTimestamp());
        await _wake.WaitAsync(new Timestamp(_scheduler.BeginDue(ct)), ct);
    }

    private async Task ReplaceAsync(IReadOnlyList<RuleGroup> groups, CancellationToken ct)
    {
        RulePlan before = _scheduler.Plan, after = MakePlan(groups);
        List<ScheduledGroup> gone = [.. before.Groups.Except(after.Groups)];
        List<GroupRunner> fresh = [.. after.Runners.Except(before.Runners)];
        await Task.WhenAll(gone.Select(g => g.EndAsync()));
        long now = Now();
        var output = new SampleBatch(RulePlan.SourcePrefix + "reload");
        foreach (GroupRunner old in gone.Select(g => g.Runner))
        {
            if (fresh.Find(g => g.Group.File == old.Group.File && g.Group.Name == old.Group.Name) is { } successor)
                successor.TakeOverFrom(old);
            else
                old.EndAll(now, output);
        }
        if (gone.Count > 0 || fresh.Count > 0)
            await _sink.RestoreAsync(after.Runners, new Timestamp(now), ct);
        _scheduler.Use(after, _options.Value.ArrivalShare);
        await RestoreEventsAsync(fresh, now, ct);
        foreach (ScheduledGroup group in gone)
        {
            _evaluator.Forget(group.Runner);
            group.Dispose();
        }
        if (output.Count > 0)
            await _intake.WriteAsync(output, ct);
        else
            output.Dispose();
    }

    /// <summary>The groups as they are to be; those that are the same as they are now stay at work.</summary>
    private RulePlan MakePlan(IReadOnlyList<RuleGroup> groups)
    {
        double share = _options.Value.ArrivalShare;
        var atWork = Schedule.Where(g => g.ArrivalShare == share).ToDictionary(g => (g.Runner.Group.File, g.Runner.Group.Name));
        var all = new List<ScheduledGroup>(groups.Count);
        foreach (RuleGroup group in groups)
        {
            _metrics.Failures.WithLabels(group.Name);
            _metrics.RoundsMissed.WithLabels(group.Name);
            _metrics.RoundsCaughtUp.WithLabels(group.Name);
            bool stays = atWork.TryGetValue((group.File, group.Name), out ScheduledGroup? same) && same.Runner.Group.IsSameAs(group);
            all.Add(stays ? same! : new ScheduledGroup(new GroupRunner(group, _time), share));
        }
        return new RulePlan(all);
    }

    /// <summary>Called on the intake's thread for each batch: must be quick. What rules write themselves wakes none.</summary>
    private void NoteArrival(SampleBatch batch)
    {
        RulePlan plan = _scheduler.Plan;
        if (plan.ReadsNothing || batch.Source.StartsWith(RulePlan.SourcePrefix, StringComparison.Ordinal))
            return;
        if (plan.Mark(batch, _time.GetTimestamp(), Now()))
            _wake.Wake();
    }

    /// <summary>Takes arriving events, which have their ids by then. Called on the intake's thread for each batch: must be quick.</summary>
    private void NoteArrival(EventBatch batch)
    {
        if (_scheduler.Plan.Mark(batch, _time.GetTimestamp(), Now()))
            _wake.Wake();
    }

    /// <summary>Windows of rules over events reach back before the start, or before the reload that brought the rule.</summary>
    private async Task RestoreEventsAsync(IReadOnlyList<GroupRunner> groups, long now, CancellationToken ct)
    {
        if (_events is not null)
            await EventWindows.RestoreAsync(groups.SelectMany(g => g.Alerting), _events, now, ct);
    }

    private void Count()
    {
        IReadOnlyList<ScheduledGroup> groups = Schedule;
        _metrics.GroupsIntervalOnly.Set(groups.Count(g => g.Pace.IsTooDear));
        foreach (IGrouping<string, ScheduledGroup> named in groups.Where(g => g.Runner.CountsEvents).GroupBy(g => g.Runner.Group.Name))
        {
            List<EventCountMemory> counting =
                [.. named.SelectMany(g => g.Runner.Alerting).Select(r => r.Memory).OfType<EventCountMemory>()];
            _metrics.EventsLate.WithLabels(named.Key).IncTo(counting.Sum(m => m.Late));
            _metrics.EventsLeftOut.WithLabels(named.Key).IncTo(counting.Sum(m => m.LeftOut));
        }
        List<string> states = [.. groups.SelectMany(g => g.Runner.Alerting).SelectMany(r => r.Alerts).Select(a => a.State.Name)];
        foreach (string state in new[] { "pending", "firing", "no data" })
            _metrics.Alerts.WithLabels(state).Set(states.Count(s => s == state));
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();
}
