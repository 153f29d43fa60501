using Metrics.Model;
using Metrics.Query;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>
/// An alerting rule at work: queries, judges, and moves its alerts through their lives. Owned by whoever evaluates its group; not for use
/// by two threads at once. Time is an argument.
/// </summary>
public sealed class AlertRuleState(AlertRule rule, TimeProvider time)
{
    private readonly Dictionary<Labels, AlertInstance> _alerts = [];
    private readonly Dictionary<Labels, long> _lastSeen = [];

    /// <summary>The rule.</summary>
    public AlertRule Rule => rule;

    /// <summary>Alerts that are pending, firing or without data.</summary>
    public IReadOnlyCollection<AlertInstance> Alerts => _alerts.Values;

    /// <summary>Series that an <c>absent_for</c> rule expects, to be remembered over a restart.</summary>
    public IEnumerable<ExpectedSeries> Expected => _lastSeen.Select(s => new ExpectedSeries(s.Key, s.Value));

    /// <summary>Why the last evaluation was not complete, or null. The alerts of what could not be judged are left as they are.</summary>
    public string? Error { get; private set; }

    /// <summary>Puts back what was remembered.</summary>
    public void Restore(IEnumerable<AlertInstance> alerts, IEnumerable<ExpectedSeries> expected)
    {
        foreach (AlertInstance alert in alerts)
            _alerts[alert.Series] = alert;
        foreach (ExpectedSeries series in expected)
            _lastSeen[series.Series] = series.LastSeen;
    }

    /// <summary>Evaluates the rule.</summary>
    /// <param name="head">Where the samples are.</param>
    /// <param name="at">The moment, milliseconds since 1970 UTC.</param>
    /// <param name="listeningSince">Since when this process has been taking samples: what came before cannot count as absence.</param>
    /// <returns>Every alert that changed its state.</returns>
    public List<AlertChange> Evaluate(Head head, long at, long listeningSince)
    {
        Error = null;
        var changes = new List<AlertChange>();
        if (rule.AbsentFor is { } absentFor)
            EvaluateAbsence(head, at, Math.Max(0, listeningSince), absentFor, changes);
        else
            EvaluateValues(head, at, changes);
        return changes;
    }

    private void EvaluateValues(Head head, long at, List<AlertChange> changes)
    {
        var judged = new HashSet<Labels>();
        foreach (VectorElement element in rule.Expr.Evaluate(head, at))
        {
            Labels series = element.Labels.Without(Labels.MetricName);
            if (!judged.Add(series))
            {
                Error = $"the expression gives {series} more than once, under different metric names";
                continue;
            }
            Judge(head, series, element.Sample.Value, at, changes);
        }
        foreach (AlertInstance alert in _alerts.Values.Where(a => !judged.Contains(a.Series)).ToList())
            Step(head, alert, Reading.NoData, double.NaN, alert.Bound, at, changes);
    }

    private void Judge(Head head, Labels series, double value, long at, List<AlertChange> changes)
    {
        AlertInstance? alert = _alerts.GetValueOrDefault(series);
        var reading = Reading.Breached;
        double bound = double.NaN;
        if (rule.Threshold is not null)
        {
            bool open = alert?.State is AlertState.Firing or AlertState.NoData { Before: AlertState.Firing };
            try
            {
                (reading, bound) = rule.Threshold.Judge(Scope(head, series, value, double.NaN, at), open, time);
            }
            catch (TemplateException e)
            {
                Error = $"threshold of {series}: {e.Message}";
                return;
            }
        }
        if (alert is null)
        {
            if (reading != Reading.Breached)
                return;
            alert = new AlertInstance { Series = series, Labels = Labels.Empty, State = new AlertState.Inactive() };
        }
        Step(head, alert, reading, value, bound, at, changes);
    }

    private void EvaluateAbsence(Head head, long at, long listeningSince, TimeSpan absentFor, List<AlertChange> changes)
    {
        foreach (HeadSeries series in rule.Expr.Select(head))
        {
            Sample last = series.Last;
            bool known = _lastSeen.TryGetValue(series.Labels, out long seen);
            // A stale marker says that the series ended there: it was there, but this is no sign of life.
            if (!known || (last.Time > seen && !StaleMarker.Is(last.Value)))
                _lastSeen[series.Labels] = last.Time;
        }
        foreach ((Labels expected, long seen) in _lastSeen.ToList())
        {
            Labels series = expected.Without(Labels.MetricName);
            long silentSince = Math.Max(seen, listeningSince);
            bool absent = at - silentSince > absentFor.TotalMilliseconds;
            AlertInstance? alert = _alerts.GetValueOrDefault(series);
            if (!absent && alert is null)
                continue;
            // An alert that was open before a restart stays as it is until we have listened for long enough to know.
            if (!absent && seen < listeningSince)
                continue;
            alert ??= new AlertInstance { Series = series, Labels = Labels.Empty, State = new AlertState.Inactive() };
            if (absent && at - silentSince > (absentFor + rule.Policy.NoDataTimeout).TotalMilliseconds)
            {
                End(alert, EndReason.Expired, at, changes);
                _lastSeen.Remove(expected);
                continue;
            }
            Step(head, alert, absent ? Reading.Breached : Reading.Clear, (at - seen) / 1000.0, absentFor.TotalSeconds, at, changes);
        }
    }

    private void Step(Head head, AlertInstance alert, Reading reading, double value, double bound, long at, List<AlertChange> changes)
    {
        AlertState before = alert.State;
        AlertState after = before.Next(reading, at, rule.Policy);
        AlertInstance next = alert with { State = after };
        if (reading != Reading.NoData)
            next = next with { Value = value, Bound = bound };
        // Texts follow the value while it is out of bounds, and stay as they were when it left: the last message tells of the breach.
        if (reading == Reading.Breached && after is not AlertState.Inactive)
            next = Render(head, next, at);
        if (after is AlertState.Inactive)
            _alerts.Remove(alert.Series);
        else
            _alerts[alert.Series] = next;
        if (after.Name != before.Name)
            changes.Add(new AlertChange(next, before, at));
    }

    private void End(AlertInstance alert, EndReason reason, long at, List<AlertChange> changes)
    {
        _alerts.Remove(alert.Series);
        changes.Add(new AlertChange(alert with { State = new AlertState.Inactive(reason) }, alert.State, at));
    }

    private AlertInstance Render(Head head, AlertInstance alert, long at)
    {
        TemplateScope scope = Scope(head, alert.Series, alert.Value, alert.Bound, at);
        var labels = new Dictionary<string, string>();
        foreach (Label label in alert.Series)
            labels[label.Name] = label.Value;
        foreach ((string name, RuleTemplate template) in rule.Labels)
            labels[name] = RenderText(template, scope, $"label {name}");
        labels["alertname"] = rule.Name;
        Labels all = Labels.Of([.. labels.Select(l => new Label(l.Key, l.Value))]);
        scope = scope with { Labels = all };
        var annotations = new Dictionary<string, string>();
        foreach ((string name, RuleTemplate template) in rule.Annotations)
            annotations[name] = RenderText(template, scope, $"annotation {name}");
        return alert with { Labels = all, Annotations = annotations };
    }

    /// <summary>A text that cannot be rendered must not hold the alert back: it says what is wrong in its place.</summary>
    private string RenderText(RuleTemplate template, TemplateScope scope, string what)
    {
        try
        {
            return template.Render(scope, time);
        }
        catch (TemplateException e)
        {
            Error = $"{what}: {e.Message}";
            return $"<error in template: {e.Message}>";
        }
    }

    private TemplateScope Scope(Head head, Labels series, double value, double bound, long at) =>
        new(series, value, bound, at, rule.AbsentFor ?? rule.Policy.For, expression => Ask(head, expression, at));

    private static IReadOnlyList<double> Ask(Head head, string expression, long at) =>
        InstantQuery.TryParse(expression, out InstantQuery? query, out QueryError? error)
            ? [.. query!.Evaluate(head, at).Select(e => e.Sample.Value)]
            : throw new ArgumentException($"'{expression}': {error}");
}
