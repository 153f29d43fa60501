using Metrics.Configuration;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>
/// Carries out one round of a group: asks, judges, hands what changed to the sink and what is recorded to the intake. Rounds of several
/// groups run side by side, so many at a time as there are cores (two at the least); those that a remote engine answers wait for it without
/// taking anybody's place.
/// </summary>
internal sealed class GroupEvaluator(
    Head head, IntakePipeline intake, IEvaluationSink sink, QueryEngine engine, RuleEnvironment environment, Current<RuleOptions> options,
    RuleMetrics metrics, TimeProvider time, ILogger<GroupEvaluator> log) : IDisposable
{
    private static readonly TimeSpan s_remotePatience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(Math.Max(2, Environment.ProcessorCount));
    private readonly HttpClient _http =
        new HttpSettings { Proxy = ProxyOptions.Environment, FollowRedirects = true }.CreateClient(s_remotePatience);

    private readonly RuleErrors _errors = new(metrics, log);

    /// <summary>Since when samples are taken, milliseconds since 1970 UTC.</summary>
    public long ListeningSince { get; set; }

    /// <summary>A group is no longer in force.</summary>
    public void Forget(GroupRunner group) => _errors.Forget(group);

    public void Dispose()
    {
        _http.Dispose();
        _places.Dispose();
    }

    /// <summary>Carries out a round, after those that were missed before it.</summary>
    /// <param name="group">The group.</param>
    /// <param name="round">Its turn.</param>
    /// <param name="judging">Ends a round that is not judged yet; one that is judged is handed over.</param>
    /// <param name="ct">Ends everything.</param>
    /// <returns>What the round cost.</returns>
    public async Task<TimeSpan> EvaluateAsync(ScheduledGroup group, Round round, CancellationToken judging, CancellationToken ct)
    {
        await CatchUpAsync(group, round.Missed, judging, ct);
        using Result result = await JudgeAsync(group, new Turn(round.Chosen, () => Math.Max(Now(), round.Newest)), judging);
        GroupRunner runner = group.Runner;
        if (round.Chosen is null)
        {
            runner.LastDuration = result.Duration;
            group.Pace.NoteInterval(result.Cost);
            result.Output.Add(runner.LastRoundSeries, result.At, result.At / 1000.0);
        }
        else
        {
            group.Pace.NoteArrival(result.Cost, Now());
        }
        metrics.Evaluations.WithLabels(runner.Group.Name, round.Chosen is null ? "interval" : "arrival").Inc();
        metrics.RoundSeconds.Observe(result.Duration.TotalSeconds);
        _errors.Note(runner, round.Chosen);
        await HandOverAsync(runner, result, round.Arrived, ct);
        return result.Cost;
    }

    private async Task CatchUpAsync(ScheduledGroup group, MissedRounds missed, CancellationToken judging, CancellationToken ct)
    {
        if (missed.Count == 0)
            return;
        GroupRunner runner = group.Runner;
        metrics.RoundsMissed.WithLabels(runner.Group.Name).Inc(missed.Count);
        foreach (long at in missed.CaughtUp)
        {
            var chosen = new RuleMask(runner.Rules.Count);
            for (int i = 0; i < runner.Rules.Count; i++)
            {
                if (runner.IsCaughtUp(i) && runner.Rules[i].LastAt < at)
                    chosen.Add(i);
            }
            if (chosen.Count == 0)
                continue;
            using Result result = await JudgeAsync(group, new Turn(chosen, () => at, IsCatchUp: true), judging);
            metrics.RoundsCaughtUp.WithLabels(runner.Group.Name).Inc();
            await HandOverAsync(runner, result, 0, ct);
        }
    }

    /// <summary>What is to be judged, and of which moment, which is asked for when the turn comes.</summary>
    private sealed record Turn(RuleMask? Chosen, Func<long> At, bool IsCatchUp = false);

    private sealed record Result(
        SampleBatch Output, List<(AlertRuleState Rule, AlertChange Change)> Changes, long At, TimeSpan Duration, TimeSpan Cost)
            : IDisposable
    {
        /// <summary>Whether the output has gone to the intake, which disposes it.</summary>
        public bool IsSent { get; set; }

        public void Dispose()
        {
            if (!IsSent)
                Output.Dispose();
        }
    }

    private async Task<Result> JudgeAsync(ScheduledGroup group, Turn turn, CancellationToken ct)
    {
        if (options.Value.RemoteQuery is { } url)
            return await JudgeRemotelyAsync(group, turn, url, ct);
        await _places.WaitAsync(ct);
        try
        {
            return Judge(group.Runner, turn, turn.At(), source => new LocalQueries(engine, source), time.GetTimestamp());
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task<Result> JudgeRemotelyAsync(ScheduledGroup group, Turn turn, Uri url, CancellationToken ct)
    {
        long start = time.GetTimestamp(), at = turn.At();
        var remote = new RemoteQueries(new RemoteEngine(_http, url), at - (long)group.Runner.Group.QueryOffset.TotalMilliseconds, ct);
        IReadOnlySet<PreparedQuery> before = group.AskedLast;
        await remote.PrepareAsync(turn.Chosen is { } chosen
            ? group.Runner.Rules.Where((_, i) => chosen[i]).SelectMany(r => r.Rule.Queries).Where(before.Contains)
            : before);
        // Not on a thread of the pool: it may have to wait for an answer that nobody foresaw.
        Result result = await Task.Factory.StartNew(
            () => Judge(group.Runner, turn, at, _ => remote, start), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (turn.Chosen is null)
            group.AskedLast = remote.Asked;
        // What it costs is spent elsewhere; how long that takes is all that can be seen of it here.
        return result with { Cost = result.Duration };
    }

    private Result Judge(GroupRunner runner, Turn turn, long at, Func<ISeriesSource, IVectorQueries> queries, long start)
    {
        var round = new RuleRound(head, at, ListeningSince, options.Value.ExternalUrl)
        {
            Environment = environment, IsCatchUp = turn.IsCatchUp, ExternalLabels = options.Value.ExternalLabels,
        };
        var output = new SampleBatch(RulePlan.SourcePrefix + runner.Group.Name);
        TimeSpan before = ThreadClock.Read(time);
        List<(AlertRuleState, AlertChange)> changes = runner.Evaluate(round, queries, output, time, turn.Chosen);
        return new Result(output, changes, at, time.GetElapsedTime(start), ThreadClock.Read(time) - before);
    }

    private async Task HandOverAsync(GroupRunner runner, Result result, long arrived, CancellationToken ct)
    {
        await sink.TakeAsync(new GroupEvaluation(runner, result.Changes, new Timestamp(result.At), arrived), ct);
        if (result.Output.Count == 0)
            return;
        result.IsSent = true;
        await intake.WriteAsync(result.Output, ct);
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
