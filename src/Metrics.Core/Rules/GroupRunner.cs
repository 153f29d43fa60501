using Metrics.Model;
using Metrics.Query;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>A rule group at work: evaluates its rules at one moment and tells what changed and what is to be written back. Used by one thread.</summary>
public sealed class GroupRunner
{
    private readonly Dictionary<Rule, string> _keys = new(ReferenceEqualityComparer.Instance);
    private HashSet<Labels> _written = [];

    /// <param name="group">Its rules.</param>
    /// <param name="time">Times rules and limits templates.</param>
    public GroupRunner(RuleGroup group, TimeProvider time)
    {
        Group = group;
        Rules = [.. group.Rules.Select(r => r is AlertRule alert ? (RuleState)new AlertRuleState(alert, time, group.Limit) : new RecordingRuleState((RecordingRule)r, group.Limit))];
        Alerting = [.. Rules.OfType<AlertRuleState>()];
        var times = new Dictionary<string, int>();
        foreach (Rule rule in group.Rules)
        {
            // Two rules may have one name, as a warning and a critical alert often do.
            int nth = times[rule.Name] = times.GetValueOrDefault(rule.Name) + 1;
            _keys[rule] = $"{Path.GetFileName(group.File)};{group.Name};{rule.Name}{(nth > 1 ? $"#{nth}" : "")}";
        }
    }

    /// <summary>The group as its file has it.</summary>
    public RuleGroup Group { get; }

    /// <summary>Its rules in the order of the file.</summary>
    public IReadOnlyList<RuleState> Rules { get; }

    /// <summary>Of these the alerting ones.</summary>
    public IReadOnlyList<AlertRuleState> Alerting { get; }

    /// <summary>When it is due, milliseconds since 1970 UTC.</summary>
    public long NextDue { get; set; }

    /// <summary>How long the last round took.</summary>
    public TimeSpan LastDuration { get; set; }

    /// <summary>When the last round was; 0 before the first.</summary>
    public long LastAt { get; private set; }

    /// <summary>File, group and name (and which, where a name is there twice): what the state database knows a rule by.</summary>
    public string KeyOf(Rule rule) => _keys[rule];

    /// <summary>
    /// Takes over what a runner of the same group has written, so that what is written no longer is marked as ended, and what its rules
    /// remember.
    /// </summary>
    public void TakeOverFrom(GroupRunner before)
    {
        _written = before._written;
        foreach (AlertRuleState rule in Alerting)
        {
            if (before.Alerting.FirstOrDefault(b => before.KeyOf(b.Rule) == KeyOf(rule.Rule)) is { } same)
                rule.TakeOverFrom(same);
        }
    }

    /// <summary>Hands arriving events to its rules. May be called while they are evaluated.</summary>
    /// <returns>Whether some rule is about one of them.</returns>
    public bool Take(EventBatch batch)
    {
        int taken = 0;
        foreach (AlertRuleState rule in Alerting)
            taken += rule.Take(batch);
        return taken > 0;
    }

    /// <summary>Marks everything that was written as ended.</summary>
    public void EndAll(long at, SampleBatch output)
    {
        foreach (Labels gone in _written)
            output.Add(gone, at, StaleMarker.Value);
    }

    /// <summary>Evaluates all rules.</summary>
    /// <param name="round">The moment, and where the samples are.</param>
    /// <param name="queries">Makes what evaluates expressions over series.</param>
    /// <param name="output">Receives recorded series, <c>ALERTS</c> and their stale markers.</param>
    /// <param name="time">Times each rule.</param>
    /// <returns>Every change, with its rule.</returns>
    public List<(AlertRuleState Rule, AlertChange Change)> Evaluate(
        RuleRound round, Func<ISeriesSource, IVectorQueries> queries, SampleBatch output, TimeProvider time)
    {
        LastAt = round.At;
        long at = round.At - (long)Group.QueryOffset.TotalMilliseconds;
        var source = new RoundSource(round.Source);
        var context = new RuleContext(source, queries(source), at, round.ListeningSince, round.ExternalUrl) { Environment = round.Environment };
        var written = new HashSet<Labels>();
        var changes = new List<(AlertRuleState, AlertChange)>();
        foreach (RuleState rule in Rules)
        {
            long start = time.GetTimestamp();
            if (rule is RecordingRuleState recording)
            {
                foreach (VectorElement element in recording.Evaluate(context))
                {
                    source.Add(element);
                    Write(element.Labels, element.Sample.Value);
                }
            }
            else if (rule is AlertRuleState alerting)
            {
                changes.AddRange(alerting.Evaluate(context).Select(c => (alerting, c)));
                WriteAlerts(alerting);
            }
            rule.LastAt = at;
            rule.LastDuration = time.GetElapsedTime(start);
        }
        foreach (Labels gone in _written.Where(w => !written.Contains(w)))
            output.Add(gone, at, StaleMarker.Value);
        _written = written;
        return changes;

        void Write(Labels labels, double value)
        {
            if (written.Add(labels))
                output.Add(labels, at, value);
        }

        void WriteAlerts(AlertRuleState rule)
        {
            foreach (AlertInstance alert in rule.Alerts)
            {
                AlertState state = alert.State is AlertState.NoData n ? n.Before : alert.State;
                (string word, long since) = state is AlertState.Firing f ? ("firing", f.Since) : ("pending", ((AlertState.Pending)state).Since);
                var alerts = new VectorElement(alert.Labels.With(Labels.MetricName, "ALERTS").With("alertstate", word), new Sample(at, 1));
                source.Add(alerts);
                Write(alerts.Labels, 1);
                Write(alert.Labels.With(Labels.MetricName, "ALERTS_FOR_STATE"), since / 1000.0);
            }
        }
    }
}
