using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>
/// An alerting rule at work: queries, judges, and moves its alerts through their lives. Owned by whoever evaluates its group; not for use
/// by two threads at once. Time is an argument.
/// </summary>
public sealed class AlertRuleState(AlertRule rule, TimeProvider time, int limit = 0) : RuleState(rule)
{
    private readonly Dictionary<Labels, AlertInstance> _alerts = [];
    private readonly Dictionary<Labels, long> _lastSeen = [];
    private readonly Dictionary<string, PreparedQuery> _asked = [];
    private readonly ComparedSide? _compared = rule.Threshold is null && rule.AbsentFor is null ? ComparedSide.Of(rule.Expr) : null;

    /// <summary>The rule.</summary>
    public new AlertRule Rule => rule;

    /// <summary>Alerts that are pending, firing or without data; a snapshot that any thread may keep.</summary>
    public IReadOnlyList<AlertInstance> Alerts { get; private set; } = [];

    /// <summary>The alert of a series, or null. For the thread that evaluates.</summary>
    public AlertInstance? Find(Labels series) => _alerts.GetValueOrDefault(series);

    /// <summary>Series that an <c>absent_for</c> rule expects, to be remembered over a restart.</summary>
    public IEnumerable<ExpectedSeries> Expected => _lastSeen.Select(s => new ExpectedSeries(s.Key, s.Value));

    /// <summary>Puts back what was remembered.</summary>
    public void Restore(IEnumerable<AlertInstance> alerts, IEnumerable<ExpectedSeries> expected)
    {
        foreach (AlertInstance alert in alerts)
            _alerts[alert.Series] = alert;
        foreach (ExpectedSeries series in expected)
            _lastSeen[series.Series] = series.LastSeen;
        Alerts = [.. _alerts.Values];
    }

    /// <summary>Evaluates the rule.</summary>
    /// <param name="context">The moment, and where the samples are.</param>
    /// <returns>Every alert that changed its state.</returns>
    public List<AlertChange> Evaluate(RuleContext context)
    {
        Error = null;
        var changes = new List<AlertChange>();
        try
        {
            if (rule.AbsentFor is { } absentFor)
                EvaluateAbsence(context, absentFor, changes);
            else
                EvaluateValues(context, changes);
        }
        catch (QueryException e)
        {
            // Nothing is known: every alert stays as it is.
            Error = e.Message;
        }
        Alerts = [.. _alerts.Values];
        return changes;
    }

    private void EvaluateValues(RuleContext context, List<AlertChange> changes)
    {
        var judged = new HashSet<Labels>();
        IReadOnlyList<VectorElement> vector = context.Queries.Evaluate(rule.Expr, context.At);
        if (limit > 0 && vector.Count > limit)
            throw new QueryException($"exceeded limit of {limit} with {vector.Count} alerts");
        foreach (VectorElement element in vector)
        {
            Labels series = element.Labels.Without(Labels.MetricName);
            if (!judged.Add(series))
            {
                Error = $"the expression gives {series} more than once, under different metric names";
                continue;
            }
            Judge(context, element.Labels, series, element.Sample.Value, changes);
        }
        if (judged.IsSupersetOf(_alerts.Keys))
            return;
        IReadOnlySet<Labels>? within = _compared?.SeriesWithValue(context);
        foreach (AlertInstance alert in _alerts.Values.Where(a => !judged.Contains(a.Series)).ToList())
        {
            bool isClear = within is null ? _compared is { AlwaysKnown: true } : within.Contains(alert.Series);
            Step(context, alert, alert.Series, isClear ? Reading.Clear : Reading.NoData, double.NaN, alert.Bound, changes);
        }
    }

    private void Judge(RuleContext context, Labels sample, Labels series, double value, List<AlertChange> changes)
    {
        AlertInstance? alert = _alerts.GetValueOrDefault(series);
        var reading = Reading.Breached;
        double bound = double.NaN;
        if (rule.Threshold is not null)
        {
            bool open = alert?.State is AlertState.Firing or AlertState.NoData { Before: AlertState.Firing };
            try
            {
                (reading, bound) = rule.Threshold.Judge(Scope(context, series, value, double.NaN), open, time);
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
        Step(context, alert, sample, reading, value, bound, changes);
    }

    private void EvaluateAbsence(RuleContext context, TimeSpan absentFor, List<AlertChange> changes)
    {
        long at = context.At, listeningSince = context.ListeningSince;
        NoteSeen(context);
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
            if (absent && at - silentSince > (absentFor + rule.Policy.NoDataTimeout).TotalMilliseconds)
            {
                if (alert is not null)
                    End(alert, EndReason.Expired, at, changes);
                _lastSeen.Remove(expected);
                continue;
            }
            alert ??= new AlertInstance { Series = series, Labels = Labels.Empty, State = new AlertState.Inactive() };
            Step(context, alert, expected, absent ? Reading.Breached : Reading.Clear, (at - seen) / 1000.0, absentFor.TotalSeconds, changes);
        }
    }

    /// <summary>Of a plain selector every series is expected from its own last sample on; of any other expression every series it gives.</summary>
    private void NoteSeen(RuleContext context)
    {
        if (rule.Expr.Root is not SelectorExpr selector || selector.Time != SelectorTime.None)
        {
            foreach (VectorElement element in context.Queries.Evaluate(rule.Expr, context.At))
                _lastSeen[element.Labels] = context.At;
            return;
        }
        SampleBuffer? samples = null;
        foreach (ISeries series in context.Source.Select(selector.Selector.Matchers, long.MinValue, context.At))
        {
            bool known = _lastSeen.TryGetValue(series.Labels, out long seen);
            if (series.TryLast(context.At, long.MinValue, out Sample last))
            {
                if (!known || last.Time > seen)
                    _lastSeen[series.Labels] = last.Time;
            }
            else if (!known)
            {
                // It ended before we first looked: it was there, up to the sample before its end.
                (samples ??= new SampleBuffer()).Clear();
                series.Read(long.MinValue, context.At, samples);
                samples.DropStale();
                if (samples.Count > 0)
                    _lastSeen[series.Labels] = samples.Times[^1];
            }
        }
    }

    private void Step(RuleContext context, AlertInstance alert, Labels sample, Reading reading, double value, double bound, List<AlertChange> changes)
    {
        long at = context.At;
        AlertState before = alert.State;
        AlertState after = before.Next(reading, at, rule.Policy);
        AlertInstance next = alert with { State = after };
        if (reading != Reading.NoData)
            next = next with { Value = value, Bound = bound };
        // Texts follow the value while it is out of bounds, and stay as they were when it left: the last message tells of the breach.
        if (reading == Reading.Breached && after is not AlertState.Inactive)
            next = Render(context, next, sample);
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

    private AlertInstance Render(RuleContext context, AlertInstance alert, Labels sample)
    {
        TemplateScope scope = Scope(context, alert.Series, alert.Value, alert.Bound) with { Sample = sample };
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

    private TemplateScope Scope(RuleContext context, Labels series, double value, double bound) =>
        new(series, value, bound, context.At, rule.AbsentFor ?? rule.Policy.For, expression => Ask(context, expression), context.ExternalUrl);

    private IReadOnlyList<VectorElement> Ask(RuleContext context, string expression)
    {
        if (!_asked.TryGetValue(expression, out PreparedQuery? query))
        {
            if (!PreparedQuery.TryParse(expression, out query, out QueryError? error))
                throw new ArgumentException($"'{expression}': {error}");
            _asked.Add(expression, query!);
        }
        try
        {
            return context.Queries.Evaluate(query!, context.At);
        }
        catch (QueryException e)
        {
            throw new ArgumentException($"'{expression}': {e.Message}");
        }
    }
}
