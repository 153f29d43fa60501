using Metrics.Configuration;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Telemetry;

namespace Metrics.Alerting;

/// <summary>
/// Evaluates rule groups when data that they read arrives, and at their interval. What changes is written to the state database together
/// with its messages before anybody is told.
/// </summary>
internal sealed partial class RuleEngine : BackgroundService
{
    /// <summary>Lines of the log a round; the trail has all.</summary>
    private const int LoggedChanges = 100;

    private readonly Head _head;
    private readonly IntakePipeline _intake;
    private readonly AlertPersistence _book;
    private readonly SelfMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<RuleEngine> _log;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Lock _lock = new();
    private readonly Dictionary<GroupRunner, (long Newest, long Arrived)> _dirty = [];
    private readonly Dictionary<RuleState, string> _told = new(ReferenceEqualityComparer.Instance);
    private readonly QueryEngine _engine;
    private readonly Current<RuleOptions> _options;
    private readonly Current<NotificationOptions> _notifications;
    private readonly RuleEnvironment _surroundings;
    private readonly ActiveRules _inForce;
    private readonly HttpClient _remote = new() { Timeout = TimeSpan.FromSeconds(30) };
    private volatile Plan _plan = new([], new Dictionary<string, List<GroupRunner>>(), []);
    private IReadOnlyList<RuleGroup>? _replacement;
    private long _listeningSince;
    private long _lastRound;

    /// <summary>The groups in force and who reads what; swapped whole.</summary>
    private sealed record Plan(IReadOnlyList<GroupRunner> Groups, Dictionary<string, List<GroupRunner>> ByMetric, IReadOnlyList<GroupRunner> ReadAny);

    public RuleEngine(
        Head head, IntakePipeline intake, AlertPersistence book, QueryEngine engine, RuleEnvironment surroundings, AlertInbox inbox, ActiveRules inForce, Current<RuleOptions> options, Current<NotificationOptions> notifications, SelfMetrics metrics, TimeProvider time, ILogger<RuleEngine> log)
    {
        (_surroundings, _inForce, _notifications) = (surroundings, inForce, notifications);
        (_head, _intake, _book, _engine, _options, _metrics, _time, _log) = (head, intake, book, engine, options, metrics, time, log);
        _plan = MakePlan(RuleSet.Load(options.Value));
        _metrics.RuleErrors.Set(0);
        intake.OnArrival(NoteArrival);
        inbox.Arrived += Wake;
    }

    /// <summary>The groups in force.</summary>
    public IReadOnlyList<GroupRunner> Groups => _plan.Groups;

    /// <summary>When the loop last went round, as <see cref="TimeProvider.GetTimestamp"/> has it.</summary>
    public long LastRound => Volatile.Read(ref _lastRound);

    /// <summary>Puts other rules in force before the next round; alerts of rules that stay keep their state.</summary>
    public void Replace(IReadOnlyList<RuleGroup> groups)
    {
        Interlocked.Exchange(ref _replacement, groups);
        Wake();
    }

    public override void Dispose()
    {
        _remote.Dispose();
        base.Dispose();
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _listeningSince = Now();
        _book.Restore(_plan.Groups, Now());
        CountAlerts();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            if (Interlocked.Exchange(ref _replacement, null) is { } groups)
                await ReplaceAsync(groups, stoppingToken);
            Plan plan = _plan;
            long now = Now();
            Volatile.Write(ref _lastRound, _time.GetTimestamp());
            foreach (GroupRunner group in plan.Groups)
            {
                (bool isDirty, (long newest, long arrived)) = TakeDirty(group);
                if (!isDirty && now < group.NextDue)
                    continue;
                if (now >= group.NextDue)
                    group.NextDue = now + (long)group.Group.Interval.TotalMilliseconds;
                await EvaluateAsync(group, Math.Max(now, newest), isDirty ? arrived : 0, stoppingToken);
            }
            _book.TakeSent(Now());
            _book.Flush(Now());
            _metrics.ExternalAlerts.Set(_inForce.Sent.Count);
            await WaitAsync(plan, stoppingToken);
        }
    }

    private async Task ReplaceAsync(IReadOnlyList<RuleGroup> groups, CancellationToken ct)
    {
        Plan before = _plan, plan = MakePlan(groups);
        var output = new SampleBatch("rules/reload");
        foreach (GroupRunner old in before.Groups)
        {
            if (plan.Groups.FirstOrDefault(g => g.Group.File == old.Group.File && g.Group.Name == old.Group.Name) is { } successor)
                successor.TakeOverFrom(old);
            else
                old.EndAll(Now(), output);
        }
        _book.Restore(plan.Groups, Now());
        _told.Clear();
        _plan = plan;
        lock (_lock)
            _dirty.Clear();
        CountAlerts();
        if (output.Count > 0)
            await _intake.WriteAsync(output, ct);
        else
            output.Dispose();
    }

    private async Task EvaluateAsync(GroupRunner group, long at, long arrived, CancellationToken ct)
    {
        long start = _time.GetTimestamp();
        var output = new SampleBatch($"rules/{group.Group.Name}");
        List<(AlertRuleState Rule, AlertChange Change)> changes = group.Evaluate(new RuleRound(_head, at, _listeningSince, _notifications.Value.ExternalUrl) { Environment = _surroundings }, Queries, output, _time);
        _book.Note(group, changes, at);
        if (changes.Count > 0 && arrived > 0)
            _metrics.AlertLatency.Observe(_time.GetElapsedTime(arrived).TotalSeconds);
        group.LastDuration = _time.GetElapsedTime(start);
        _metrics.RuleEvaluations.WithLabels(group.Group.Name, arrived > 0 ? "arrival" : "interval").Inc();
        _metrics.RuleSeconds.Observe(group.LastDuration.TotalSeconds);
        CountErrors(group);
        if (changes.Count > 0)
            CountAlerts();
        if (output.Count > 0)
            await _intake.WriteAsync(output, ct);
        else
            output.Dispose();
        foreach ((AlertRuleState rule, AlertChange change) in changes.Take(LoggedChanges))
            LogChange(rule.Rule.Name, change.Alert.Series.ToString(), change.Before.Name, change.Alert.State.Name);
        if (changes.Count > LoggedChanges)
            LogMore(changes.Count - LoggedChanges, group.Group.Name);
    }

    /// <summary>Called on the intake's thread for each batch: must be quick.</summary>
    private void NoteArrival(SampleBatch batch)
    {
        Plan plan = _plan;
        if (plan.ByMetric.Count == 0 && plan.ReadAny.Count == 0 || batch.Source.StartsWith("rules/", StringComparison.Ordinal))
            return;
        long arrived = _time.GetTimestamp();
        long newest = long.MinValue;
        HashSet<GroupRunner>? touched = null;
        string previous = "";
        ReadOnlySpan<Labels> series = batch.Series;
        ReadOnlySpan<long> times = batch.Times;
        for (int i = 0; i < series.Length; i++)
        {
            newest = Math.Max(newest, times[i]);
            string name = series[i].Name;
            if (ReferenceEquals(name, previous))
                continue;
            previous = name;
            if (plan.ByMetric.TryGetValue(name, out List<GroupRunner>? groups))
                (touched ??= []).UnionWith(groups);
        }
        if (plan.ReadAny.Count > 0 && series.Length > 0)
            (touched ??= []).UnionWith(plan.ReadAny);
        if (touched is null)
            return;
        lock (_lock)
        {
            foreach (GroupRunner group in touched)
            {
                _dirty[group] = _dirty.TryGetValue(group, out (long Newest, long Arrived) known)
                    ? (Math.Max(known.Newest, newest), known.Arrived)
                    : (newest, arrived);
            }
        }
        Wake();
    }

    private (bool IsDirty, (long Newest, long Arrived)) TakeDirty(GroupRunner group)
    {
        lock (_lock)
            return (_dirty.Remove(group, out (long, long) dirty), dirty);
    }

    private async Task WaitAsync(Plan plan, CancellationToken ct)
    {
        long next = Math.Min(_book.NextDue, plan.Groups.Count == 0 ? Now() + 60_000 : plan.Groups.Min(g => g.NextDue));
        TimeSpan wait = TimeSpan.FromMilliseconds(Math.Clamp(next - Now(), 0, 60_000));
        using var timeout = new CancellationTokenSource(wait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            await _wake.WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // A group is due, or we stop.
        }
    }

    private void Wake()
    {
        lock (_lock)
        {
            if (_wake.CurrentCount == 0)
                _wake.Release();
        }
    }

    private Plan MakePlan(IReadOnlyList<RuleGroup> groups)
    {
        var runners = groups.Select(g => new GroupRunner(g, _time)).ToList();
        var byMetric = new Dictionary<string, List<GroupRunner>>();
        foreach (GroupRunner runner in runners)
        {
            foreach (string metric in runner.Group.MetricNames ?? new HashSet<string>())
            {
                if (!byMetric.TryGetValue(metric, out List<GroupRunner>? readers))
                    byMetric.Add(metric, readers = []);
                readers.Add(runner);
            }
            _metrics.RuleFailures.WithLabels(runner.Group.Name);
        }
        return new Plan(runners, byMetric, [.. runners.Where(r => r.Group.MetricNames is null)]);
    }

    private void CountErrors(GroupRunner group)
    {
        foreach (RuleState rule in group.Rules)
        {
            if (rule.Error is { } error)
            {
                _metrics.RuleFailures.WithLabels(group.Group.Name).Inc();
                if (_told.GetValueOrDefault(rule) != error)
                    LogError(rule.Rule.Name, rule.Rule.Location, error);
                _told[rule] = error;
            }
            else if (_told.Remove(rule))
            {
                LogMended(rule.Rule.Name, rule.Rule.Location);
            }
        }
        _metrics.RuleErrors.Set(_told.Count);
    }

    private void CountAlerts()
    {
        List<string> states = [.. _plan.Groups.SelectMany(g => g.Alerting).SelectMany(r => r.Alerts).Select(a => a.State.Name)];
        foreach (string state in new[] { "pending", "firing", "no data" })
            _metrics.Alerts.WithLabels(state).Set(states.Count(s => s == state));
    }

    private IVectorQueries Queries(ISeriesSource source) =>
        _options.Value.RemoteQuery is { } url ? new RemoteQueries(_remote, url) : new LocalQueries(_engine, source);

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    [LoggerMessage(Level = LogLevel.Information, Message = "Alert {Rule} {Series}: {Before} → {After}")]
    private partial void LogChange(string rule, string series, string before, string after);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Changes} more alerts of the group {Group} changed; metricsd explain tells of each")]
    private partial void LogMore(int changes, string group);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rule {Rule} ({Place}) is in error: {Error}")]
    private partial void LogError(string rule, string place, string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "Rule {Rule} ({Place}) is no longer in error")]
    private partial void LogMended(string rule, string place);
}
