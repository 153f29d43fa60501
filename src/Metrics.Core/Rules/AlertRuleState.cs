using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;
using Metrics.Rules.Absence;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>
/// An alerting rule at work: queries, judges, and moves its alerts through their lives. One thread at a time evaluates it; others may look at
/// its alerts, at what it expects and at what it learned meanwhile. Time is an argument.
/// </summary>
public sealed class AlertRuleState(AlertRule rule, TimeProvider time, int limit = 0) : RuleState(rule)
{
    private readonly Dictionary<Labels, AlertInstance> _alerts = [];
    private readonly Dictionary<Labels, long> _lastSeen = [];
    private readonly Dictionary<Labels, string> _absences = [];
    private readonly List<Labels> _retired = [];
    private readonly Dictionary<Labels, Source> _models = [];
    private readonly Dictionary<string, PreparedQuery> _asked = [];
    private readonly ComparedSide? _compared = rule.Threshold is null && rule.AbsentFor is null ? ComparedSide.Of(rule.Expr) : null;

    /// <summary>The rule.</summary>
    public new AlertRule Rule => rule;

    /// <summary>Alerts that are pending, firing or without data; a snapshot that any thread may keep.</summary>
    public IReadOnlyList<AlertInstance> Alerts { get; private set; } = [];

    /// <summary>The alert of a series, or null; any thread may ask.</summary>
    public AlertInstance? Find(Labels series)
    {
        lock (_alerts)
            return _alerts.GetValueOrDefault(series);
    }

    /// <summary>Series that an <c>absent_for</c> rule expects, to be remembered over a restart; a snapshot that any thread may keep.</summary>
    public IReadOnlyList<ExpectedSeries> Expected { get; private set; } = [];

    /// <summary>What was learned since this was last asked, to be remembered over a restart.</summary>
    public IReadOnlyList<(Labels Series, byte[] Model)> TakeLearned()
    {
        List<(Labels, byte[])> changed = [];
        lock (_models)
        {
            foreach ((Labels series, Source source) in _models.Where(m => m.Value.IsChanged))
            {
                changed.Add((series, source.Model.ToBytes()));
                source.IsChanged = false;
            }
        }
        return changed;
    }

    /// <summary>Puts back what was learned.</summary>
    public void RestoreLearned(Labels series, ReadOnlySpan<byte> model)
    {
        lock (_models)
            _models[series] = new Source(ArrivalModel.FromBytes(model));
    }

    /// <summary>Puts back what was remembered.</summary>
    public void Restore(IEnumerable<AlertInstance> alerts, IEnumerable<ExpectedSeries> expected)
    {
        lock (_alerts)
        {
            foreach (AlertInstance alert in alerts)
                _alerts[alert.Series] = alert;
        }
        foreach (ExpectedSeries series in expected)
            _lastSeen[series.Series] = series.LastSeen;
        Publish();
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
            else if (rule.Learned is { } learned)
                EvaluateLearned(context, learned, changes);
            else
                EvaluateValues(context, changes);
        }
        catch (QueryException e)
        {
            // Nothing is known: every alert stays as it is.
            Error = e.Message;
        }
        Publish();
        return changes;
    }

    /// <summary>Shows others what is so now.</summary>
    private void Publish()
    {
        Alerts = _alerts.Count == 0 ? [] : [.. _alerts.Values];
        Expected = _lastSeen.Count == 0 ? [] : [.. _lastSeen.Select(s => new ExpectedSeries(s.Key, s.Value))];
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
        // Of a moment at which nobody was listening, what is not there says nothing.
        if (context.IsCatchUp || judged.IsSupersetOf(_alerts.Keys))
            return;
        IReadOnlySet<Labels>? within = _compared?.SeriesWithValue(context);
        foreach (AlertInstance alert in _alerts.Values.Where(a => !judged.Contains(a.Series)).ToList())
        {
            bool isClear = within is null ? _compared is { AlwaysKnown: true } : within.Contains(alert.Series);
            Step(context, alert, alert.Series, isClear ? Observation.Clear : Observation.NoData, double.NaN, alert.Bound, changes);
        }
    }

    private void Judge(RuleContext context, Labels sample, Labels series, double value, List<AlertChange> changes)
    {
        AlertInstance? alert = _alerts.GetValueOrDefault(series);
        var reading = Observation.Breached;
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
            if (reading != Observation.Breached)
                return;
            alert = new AlertInstance { Series = series, Labels = Labels.Empty, State = new AlertState.Inactive() };
        }
        Step(context, alert, sample, reading, value, bound, changes);
    }

    private void EvaluateAbsence(RuleContext context, TimeSpan absentFor, List<AlertChange> changes)
    {
        long at = context.At, listeningSince = context.ListeningSince;
        NoteSeen(context);
        foreach (Labels gone in _retired)
        {
            _lastSeen.Remove(gone);
            if (_alerts.TryGetValue(gone, out AlertInstance? open))
                End(open, EndReason.Retired, at, changes);
        }
        _retired.Clear();
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
            if (absent && !_absences.ContainsKey(series))
                _absences[series] = AbsenceReason.Of(context, expected, seen, _lastSeen, absentFor);
            else if (!absent)
                _absences.Remove(series);
            Step(context, alert, expected, absent ? Observation.Breached : Observation.Clear, (at - seen) / 1000.0, absentFor.TotalSeconds, changes);
        }
    }

    /// <summary>Less came than is usual for this hour of the week; a series that gives nothing counts as zero.</summary>
    private void EvaluateLearned(RuleContext context, LearnedExpectation learned, List<AlertChange> changes)
    {
        Dictionary<Labels, double> counts = [];
        foreach (VectorElement element in context.Queries.Evaluate(rule.Expr, context.At))
            counts[element.Labels.Without(Labels.MetricName)] = element.Sample.Value;
        lock (_models)
            JudgeCounts(context, learned, counts, changes);
    }

    private void JudgeCounts(RuleContext context, LearnedExpectation learned, Dictionary<Labels, double> counts, List<AlertChange> changes)
    {
        long at = context.At, window = (long)learned.Window.TotalMilliseconds;
        foreach (Labels fresh in counts.Keys.Where(s => !_models.ContainsKey(s)))
            _models.Add(fresh, new Source(new ArrivalModel()));
        foreach ((Labels series, Source source) in _models.ToList())
        {
            double count = counts.TryGetValue(series, out double given) && double.IsFinite(given) ? Math.Max(0, given) : 0;
            AlertInstance? alert = _alerts.GetValueOrDefault(series);
            bool isWatching = source.Model.Windows * window >= learned.MinHistory.TotalMilliseconds && at - context.ListeningSince >= window;
            bool isSilent = isWatching && source.Model.Probability(at, count) < 1 - learned.Probability;
            // Silence is not learned, else it would become usual; after a day it is what is usual now.
            bool isNews = isSilent && (alert is null || at - Began(alert, at) < rule.Policy.NoDataTimeout.TotalMilliseconds);
            if (at - source.LearnedAt >= window && at - context.ListeningSince >= window)
            {
                source.Model.Take(at, count, learn: !isNews);
                source.LearnedAt = at;
                source.IsChanged = true;
            }
            if (isSilent && alert is not null && at - Began(alert, at) > rule.Policy.NoDataTimeout.TotalMilliseconds)
            {
                End(alert, EndReason.Expired, at, changes);
                continue;
            }
            if (!isSilent && alert is null)
                continue;
            alert ??= new AlertInstance { Series = series, Labels = Labels.Empty, State = new AlertState.Inactive() };
            Step(context, alert, series, isSilent ? Observation.Breached : Observation.Clear, count, source.Model.Expected(at), changes);
        }

        static long Began(AlertInstance alert, long at) => alert.State switch { AlertState.Firing f => f.Since, AlertState.Pending p => p.Since, _ => at };
    }

    private sealed class Source(ArrivalModel model)
    {
        public ArrivalModel Model { get; } = model;

        public long LearnedAt { get; set; }

        public bool IsChanged { get; set; }
    }

    /// <summary>Of a plain selector every series is expected from its own last sample on; of any other expression every series it gives.</summary>
    private void NoteSeen(RuleContext context)
    {
        if (rule.Expect is { } expect)
        {
            NoteDeclared(context, expect);
            return;
        }
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

    /// <summary>What is declared is expected from the moment that we listen; what is no longer declared, no longer.</summary>
    private void NoteDeclared(RuleContext context, DeclaredExpectation expect)
    {
        HashSet<Labels> declared = [.. expect.Series];
        if (expect.File is not null)
            declared.UnionWith(context.Environment.Inventory(expect.File));
        if (expect.Query is not null)
            declared.UnionWith(context.Queries.Evaluate(expect.Query, context.At).Select(e => Labels.Of([.. expect.By.Where(b => e.Labels[b].Length > 0).Select(b => new Label(b, e.Labels[b]))])));
        // An inventory that is empty for a moment (a cloud that does not answer) says nothing.
        if (declared.Count == 0)
            return;
        IReadOnlyList<VectorElement> there = context.Queries.Evaluate(rule.Expr, context.At);
        foreach (Labels series in declared)
        {
            if (there.Any(e => ((IEnumerable<Label>)series).All(l => e.Labels[l.Name] == l.Value)))
                _lastSeen[series] = context.At;
            else
                _lastSeen.TryAdd(series, context.At);
        }
        _retired.Clear();
        _retired.AddRange(_lastSeen.Keys.Where(s => !declared.Contains(s)));
    }

    private void Step(RuleContext context, AlertInstance alert, Labels sample, Observation reading, double value, double bound, List<AlertChange> changes)
    {
        long at = context.At;
        AlertState before = alert.State;
        AlertState after = before.Next(reading, at, rule.Policy);
        AlertInstance next = alert with { State = after };
        if (reading != Observation.NoData)
            next = next with { Value = value, Bound = bound };
        // Texts follow the value while it is out of bounds, and stay as they were when it left: the last message tells of the breach.
        if (reading == Observation.Breached && after is not AlertState.Inactive)
            next = Render(context, next, sample);
        lock (_alerts)
        {
            if (after is AlertState.Inactive)
                _alerts.Remove(alert.Series);
            else
                _alerts[alert.Series] = next;
        }
        if (after.Name != before.Name)
            changes.Add(new AlertChange(next, before, at));
    }

    private void End(AlertInstance alert, EndReason reason, long at, List<AlertChange> changes)
    {
        lock (_alerts)
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
        if (scope.Absence.Length > 0)
            annotations.TryAdd("absence", scope.Absence);
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
        new(series, value, bound, context.At, rule.AbsentFor ?? rule.Learned?.Window ?? rule.Policy.For, expression => Ask(context, expression), context.ExternalUrl)
        {
            Baseline = () => context.Environment.BaselineOf(rule.Expr, series, context.At),
            IsWithin = interval => context.Environment.IsWithin(interval, context.At),
            Absence = _absences.GetValueOrDefault(series, ""),
        };

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
