using Metrics.Model;
using Metrics.Query;
using Metrics.Rules;
using Metrics.Series;

namespace Metrics.Alerting;

/// <summary>A rule group at work: evaluates its rules at one moment and tells what changed and what is to be written back. Used by one thread.</summary>
internal sealed class GroupRunner(RuleGroup group, TimeProvider time)
{
    private static readonly string[] s_alertMetrics = ["ALERTS", "ALERTS_FOR_STATE"];

    private HashSet<Labels> _written = [];

    public RuleGroup Group => group;

    public IReadOnlyList<AlertRuleState> Rules { get; } = [.. group.Alerting.Select(r => new AlertRuleState(r, time))];

    /// <summary>When it is due, milliseconds since 1970 UTC.</summary>
    public long NextDue { get; set; }

    /// <summary>How long the last round took.</summary>
    public TimeSpan LastDuration { get; set; }

    /// <summary>When the last round was; 0 before the first.</summary>
    public long LastAt { get; private set; }

    /// <summary>File, group and name: what the state database knows a rule by.</summary>
    public string KeyOf(AlertRule rule) => $"{Path.GetFileName(group.File)};{group.Name};{rule.Name}";

    /// <summary>Evaluates all rules.</summary>
    /// <param name="head">Where the samples are.</param>
    /// <param name="at">The moment.</param>
    /// <param name="listeningSince">Since when samples are taken.</param>
    /// <param name="output">Receives recorded series, <c>ALERTS</c> and their stale markers.</param>
    /// <returns>Every change, with its rule.</returns>
    public List<(AlertRuleState Rule, AlertChange Change)> Evaluate(Head head, long at, long listeningSince, SampleBatch output)
    {
        LastAt = at;
        var written = new HashSet<Labels>();
        foreach (RecordingRule rule in group.Recording)
            Record(rule, head, at, output, written);
        var changes = new List<(AlertRuleState, AlertChange)>();
        foreach (AlertRuleState rule in Rules)
        {
            changes.AddRange(rule.Evaluate(head, at, listeningSince).Select(c => (rule, c)));
            WriteAlerts(rule, at, output, written);
        }
        foreach (Labels gone in _written.Where(w => !written.Contains(w)))
            output.Add(gone, at, StaleMarker.Value);
        _written = written;
        return changes;
    }

    private static void Record(RecordingRule rule, Head head, long at, SampleBatch output, HashSet<Labels> written)
    {
        foreach (VectorElement element in rule.Expr.Evaluate(head, at))
        {
            Labels labels = element.Labels.With(Labels.MetricName, rule.Name);
            foreach ((string name, string value) in rule.Labels)
                labels = labels.With(name, value);
            if (written.Add(labels))
                output.Add(labels, at, element.Sample.Value);
        }
    }

    private static void WriteAlerts(AlertRuleState rule, long at, SampleBatch output, HashSet<Labels> written)
    {
        foreach (AlertInstance alert in rule.Alerts)
        {
            AlertState state = alert.State is AlertState.NoData n ? n.Before : alert.State;
            (string word, long since) = state is AlertState.Firing f ? ("firing", f.Since) : ("pending", ((AlertState.Pending)state).Since);
            Labels alerts = alert.Labels.With(Labels.MetricName, s_alertMetrics[0]).With("alertstate", word);
            Labels forState = alert.Labels.With(Labels.MetricName, s_alertMetrics[1]);
            if (written.Add(alerts))
                output.Add(alerts, at, 1);
            if (written.Add(forState))
                output.Add(forState, at, since / 1000.0);
        }
    }
}
