using Metrics.Model;
using Metrics.Query;
using Metrics.Rules.Conditions;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>
/// A rule group at work: evaluates its rules at one moment and tells what changed and what is to be written back. Used by one thread.
/// </summary>
public sealed class GroupRunner
{
    private readonly Dictionary<Rule, RuleId> _ids = new(ReferenceEqualityComparer.Instance);
    private readonly WrittenSeries _written;
    private readonly AlertSeries?[] _alertSeries;
    private readonly long _interval;
    private readonly long _phase;
    private readonly (AlertRuleState Rule, RuleMask Wakes)[] _counting;

    /// <param name="group">Its rules.</param>
    /// <param name="time">Times rules and limits templates.</param>
    public GroupRunner(RuleGroup group, TimeProvider time)
    {
        Group = group;
        Rules = [.. group.Rules.Select(r => r is AlertRule alert
            ? (RuleState)new AlertRuleState(alert, time, group.Limit) { QueryOffset = group.QueryOffset }
            : new RecordingRuleState((RecordingRule)r, group.Limit))];
        Alerting = [.. Rules.OfType<AlertRuleState>()];
        Wakes = new RuleWakeIndex(group.Rules);
        LastRoundSeries = LastRounds.SeriesOf(group);
        _interval = (long)group.Interval.TotalMilliseconds;
        _phase = (long)(LastRoundSeries.StableHash() % (ulong)_interval);
        _written = new WrittenSeries(Rules.Count);
        _alertSeries = new AlertSeries?[Rules.Count];
        _counting =
        [
            .. Rules.Index().Where(r => r.Item is AlertRuleState { Memory: EventCountMemory })
                .Select(r => ((AlertRuleState)r.Item, Wakes.Of(r.Index))),
        ];
        var times = new Dictionary<string, int>();
        foreach (Rule rule in group.Rules)
        {
            // Two rules may have one name, as a warning and a critical alert often do.
            int nth = times[rule.Name] = times.GetValueOrDefault(rule.Name) + 1;
            _ids[rule] = new RuleId(Path.GetFileName(group.File), group.Name, rule.Name, nth);
        }
    }

    /// <summary>The group as its file has it.</summary>
    public RuleGroup Group { get; }

    /// <summary>Its rules in the order of the file.</summary>
    public IReadOnlyList<RuleState> Rules { get; }

    /// <summary>Of these the alerting ones.</summary>
    public IReadOnlyList<AlertRuleState> Alerting { get; }

    /// <summary>Which of them read what.</summary>
    public RuleWakeIndex Wakes { get; }

    /// <summary>Whether some of them count events.</summary>
    public bool CountsEvents => _counting.Length > 0;

    /// <summary>The series that says when it was evaluated last.</summary>
    public Labels LastRoundSeries { get; }

    /// <summary>When it is due, milliseconds since 1970 UTC; 0 is at once.</summary>
    public long NextDue { get; set; }

    /// <summary>How long the last round took.</summary>
    public TimeSpan LastDuration { get; set; }

    /// <summary>When the last round was; 0 before the first.</summary>
    public long LastAt { get; private set; }

    /// <summary>File, group and name (and which, where a name is there twice): what the state database knows a rule by.</summary>
    public RuleId IdOf(Rule rule) => _ids[rule];

    /// <summary>
    /// Whether a rule has its turn when a round is made up for: those that record have, and those whose alerts wait before they fire or
    /// end. What is absent, or less than usual, is judged by the present alone.
    /// </summary>
    public bool IsCaughtUp(int rule) => Rules[rule].Rule switch
    {
        RecordingRule => true,
        AlertRule { Condition: Comparison or Threshold, Policy: var policy } =>
            policy.For > TimeSpan.Zero || policy.KeepFiringFor > TimeSpan.Zero,
        _ => false,
    };

    /// <summary>
    /// Takes over what a runner of the same group has written, so that what is written no longer is marked as ended, and what its rules
    /// remember. It is due at once, unless it only stands elsewhere in its file.
    /// </summary>
    public void TakeOverFrom(GroupRunner before)
    {
        _written.TakeOverFrom(before._written);
        var rulesBefore = before.Alerting.ToDictionary(b => before.IdOf(b.Rule));
        foreach (AlertRuleState rule in Alerting)
        {
            if (rulesBefore.GetValueOrDefault(IdOf(rule.Rule)) is { } same)
                rule.TakeOverFrom(same);
        }
        LastAt = before.LastAt;
        if (Group.Digest == before.Group.Digest)
            NextDue = before.NextDue;
    }

    /// <summary>
    /// The first moment after another at which all rules have their turn. Each group keeps to a beat of its own, so that many of one
    /// interval do not have theirs in one moment; it is the same after a restart, and in a replay.
    /// </summary>
    /// <remarks>As Prometheus has it: https://github.com/prometheus/prometheus/blob/main/rules/group.go, EvalTimestamp.</remarks>
    public long BeatAfter(long moment) => moment + _interval - ((moment - _phase) % _interval);

    /// <summary>Hands arriving events to its rules. May be called while they are evaluated.</summary>
    /// <returns>The rules that are to be evaluated for them; null is none.</returns>
    public RuleMask? Take(EventBatch batch)
    {
        RuleMask? woken = null;
        foreach ((AlertRuleState rule, RuleMask wakes) in _counting)
        {
            if (rule.Take(batch) > 0)
                (woken ??= new RuleMask(Rules.Count)).Add(wakes);
        }
        return woken;
    }

    /// <summary>Marks everything that was written as ended.</summary>
    public void EndAll(long at, SampleBatch output) => _written.EndAll(at, output);

    /// <summary>Evaluates rules, each of them at the same moment.</summary>
    /// <param name="round">The moment, and where the samples are.</param>
    /// <param name="queries">Makes what evaluates expressions over series.</param>
    /// <param name="output">Receives recorded series, <c>ALERTS</c> and their stale markers.</param>
    /// <param name="time">Times each rule.</param>
    /// <param name="chosen">The rules that have their turn; null is all. The others are seen as they were last.</param>
    /// <returns>Every change, with its rule.</returns>
    public List<(AlertRuleState Rule, AlertChange Change)> Evaluate(
        RuleRound round, Func<ISeriesSource, IVectorQueries> queries, SampleBatch output, TimeProvider time, RuleMask? chosen = null)
    {
        LastAt = round.At;
        long at = round.At - (long)Group.QueryOffset.TotalMilliseconds;
        var source = new RoundSource(round.Source);
        var context = new RuleContext(source, queries(source), at, round.ListeningSince, round.ExternalUrl)
        {
            ExternalLabels = round.ExternalLabels, Environment = round.Environment, IsCatchUp = round.IsCatchUp,
        };
        var changes = new List<(AlertRuleState, AlertChange)>();
        for (int i = 0; i < Rules.Count; i++)
        {
            if (chosen is null || chosen[i])
                Evaluate(i, context, output, time, changes);
            source.Add(_written.Of(i));
        }
        _written.EndRound(at, chosen is null, output);
        return changes;
    }

    private void Evaluate(
        int place, RuleContext context, SampleBatch output, TimeProvider time, List<(AlertRuleState, AlertChange)> changes)
    {
        long start = time.GetTimestamp();
        RuleState rule = Rules[place];
        List<VectorElement> written = [];
        if (rule is RecordingRuleState recording)
        {
            written.AddRange(recording.Evaluate(context));
        }
        else if (rule is AlertRuleState alerting)
        {
            foreach (AlertChange change in alerting.Evaluate(context))
                changes.Add((alerting, change));
            (_alertSeries[place] ??= new AlertSeries()).Add(alerting.Alerts, context.At, written);
        }
        _written.Write(place, written, output);
        rule.LastAt = context.At;
        rule.LastDuration = time.GetElapsedTime(start);
    }
}
