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
    private readonly EventReadBack? _readBack;
    private readonly WakeSignal _wake;
    private readonly RoundScheduler _scheduler;
    private IReadOnlyList<RuleGroup>? _replacement;
    private long _lastLook;

    public RuleEngine(
        Head head, IntakePipeline intake, IEvaluationSink sink, GroupEvaluator evaluator, Current<RuleOptions> options, RuleMetrics metrics,
        SigmaReport sigma, TimeProvider time, ILogger<RuleEngine> log, IEventSource? events = null)
    {
        (_head, _intake, _sink, _evaluator) = (head, intake, sink, evaluator);
        (_options, _metrics, _sigma, _time) = (options, metrics, sigma, time);
        _wake = new WakeSignal(time);
        _readBack = events is null ? null : new EventReadBack(intake, events, metrics, _wake, time, log);
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
        _readBack?.Dispose();
        base.Dispose();
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        long now = Now();
        _evaluator.ListeningSince = now;
        foreach (ScheduledGroup group in Schedule)
            group.ResumeFrom(LastRounds.Of(group.Runner.Group, _head), now);
        await _sink.RestoreAsync(Groups, new Timestamp(now), cancellationToken);
        if (_readBack is not null)
            await _readBack.Begin(Schedule, [], settles: false, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
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
            if (_readBack is not null)
                await _readBack.EndAsync();
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
        if (_readBack?.NextTry <= Now())
            _ = _readBack.Begin(Schedule, [], settles: true, ct);
        Volatile.Write(ref _lastLook, _time.GetTimestamp());
        await _wake.WaitAsync(new Timestamp(Math.Min(_scheduler.BeginDue(ct), _readBack?.NextTry ?? long.MaxValue)), ct);
    }

    /// <summary>
    /// Puts groups in force. What fails up to then changes nothing for good, and is done again; from then on nothing keeps the rest from
    /// being done.
    /// </summary>
    private async Task ReplaceAsync(IReadOnlyList<RuleGroup> groups, CancellationToken ct)
    {
        RulePlan before = _scheduler.Plan, after = MakePlan(groups);
        List<ScheduledGroup> gone = [.. before.Groups.Except(after.Groups)];
        var fresh = after.Runners.Except(before.Runners).ToDictionary(g => (g.Group.File, g.Group.Name));
        // What is the same has no reason to wait, but for what waited already.
        List<ScheduledGroup> held = [.. after.Groups.Except(before.Groups), .. before.Groups.Where(g => g.IsHeld).Except(gone)];
        await Task.WhenAll(gone.Select(g => g.EndAsync()));
        if (_readBack is not null)
            await _readBack.EndAsync();
        foreach (GroupRunner old in gone.Select(g => g.Runner))
        {
            if (SuccessorOf(old) is { } successor)
                Guard(() => successor.TakeOverFrom(old));
        }
        if (gone.Count > 0 || fresh.Count > 0)
            await _sink.RestoreAsync(after.Runners, new Timestamp(Now()), ct);
        _scheduler.Use(after, _options.Value.ArrivalShare);
        if (_readBack is not null)
            _ = _readBack.Begin(after.Groups, held, settles: true, ct);
        var output = new SampleBatch(RulePlan.SourcePrefix + "reload");
        foreach (ScheduledGroup group in gone)
        {
            Guard(() =>
            {
                if (SuccessorOf(group.Runner) is null)
                    group.Runner.EndAll(Now(), output);
                _evaluator.Forget(group.Runner);
                group.Dispose();
            });
        }
        // What had come and was not looked at yet is looked at now.
        foreach (ScheduledGroup group in gone.Where(g => g.HasPending))
        {
            if (SuccessorOf(group.Runner) is { } successor)
                successor.NextDue = 0;
        }
        if (output.Count > 0)
            await _intake.WriteAsync(output, ct);
        else
            output.Dispose();

        GroupRunner? SuccessorOf(GroupRunner old) => fresh.GetValueOrDefault((old.Group.File, old.Group.Name));
    }

    private void Guard(Action work) => _metrics.Faults.Guard("rules", work, _time);

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
        bool isNews = plan.Mark(batch, _time.GetTimestamp(), Now());
        if (_scheduler.Plan is var next && next != plan)
            isNews |= next.Mark(batch, _time.GetTimestamp(), Now());
        if (isNews)
            _wake.Wake();
    }

    /// <summary>Takes arriving events, which have their ids by then. Called on the intake's thread for each batch: must be quick.</summary>
    private void NoteArrival(EventBatch batch)
    {
        RulePlan plan = _scheduler.Plan;
        bool isNews = plan.Mark(batch, _time.GetTimestamp(), Now());
        // A reload came in between: rules that go on have the events, and those that are new read them back.
        if (_scheduler.Plan is var next && next != plan)
            isNews |= next.MarkEvents(_time.GetTimestamp(), Now());
        if (isNews)
            _wake.Wake();
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
