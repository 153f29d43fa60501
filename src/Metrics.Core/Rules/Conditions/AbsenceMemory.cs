using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Rules.Conditions;

/// <summary>When each expected series was heard of last; to be kept over a restart.</summary>
public sealed class AbsenceMemory : ConditionMemory
{
    private readonly Absence _condition;
    private readonly Dictionary<Labels, long> _lastSeen = [];
    private readonly Dictionary<Labels, string> _reasons = [];

    /// <summary>Whether alerts that were put back have been compared with what is expected.</summary>
    private bool _knowsOpen;

    internal AbsenceMemory(Absence condition) => _condition = condition;

    /// <summary>What is expected since the last round; a snapshot that any thread may keep.</summary>
    public IReadOnlyList<ExpectedSeries> Expected { get; private set; } = [];

    /// <summary>
    /// Puts back what was expected; what is known to be newer stays, since not every sample is written down. What a selector does not name
    /// was expected when it was another one.
    /// </summary>
    public void Restore(IEnumerable<ExpectedSeries> expected)
    {
        foreach (ExpectedSeries series in expected.Where(e => Selector?.Matchers.All(m => m.Matches(e.Series)) ?? true))
            _lastSeen[series.Series] = Math.Max(series.LastSeen, _lastSeen.GetValueOrDefault(series.Series));
        Publish();
    }

    /// <summary>Goes on with what the rule expected before it was changed, if that is what it expects now.</summary>
    internal void TakeOverFrom(AbsenceMemory before)
    {
        if (_condition.RemembersLike(before._condition))
            Restore(before.Expected);
    }

    /// <summary>What a plain selector asks for; null where something else is expected.</summary>
    private VectorSelector? Selector =>
        _condition is { Expect: null, Expr.Root: SelectorExpr { Time: var time } expr } && time == SelectorTime.None ? expr.Selector : null;

    private void Publish() => Expected = _lastSeen.Count == 0 ? [] : [.. _lastSeen.Select(s => new ExpectedSeries(s.Key, s.Value))];

    internal override void Observe(ConditionRound round)
    {
        foreach (Labels gone in _condition.Expect is null ? NoteSeen(round) : NoteDeclared(round, _condition.Expect))
        {
            _lastSeen.Remove(gone);
            Labels open = gone.Without(Labels.MetricName);
            if (round.Open.ContainsKey(open))
                round.Say(Verdict.Ended(open, EndReason.Retired));
        }
        var retired = new RetiredSeries(_condition.Expr, round, _lastSeen.Count == 0 ? round.At : _lastSeen.Values.Min());
        foreach ((Labels expected, long seen) in _lastSeen.ToList())
            Judge(round, retired, expected, seen);
        if (!_knowsOpen)
            EndForeign(round);
        _knowsOpen = true;
        Publish();
    }

    /// <summary>What is open and no longer expected was expected by another expression.</summary>
    private void EndForeign(ConditionRound round)
    {
        if (round.Open.Count == 0)
            return;
        HashSet<Labels> expected = [.. _lastSeen.Keys.Select(e => e.Without(Labels.MetricName))];
        foreach (Labels foreign in round.Open.Keys.Where(s => !expected.Contains(s)).ToList())
            round.Say(Verdict.Ended(foreign, EndReason.Retired));
    }

    private void Judge(ConditionRound round, RetiredSeries retired, Labels expected, long seen)
    {
        long listeningSince = round.Context.ListeningSince;
        Labels series = expected.Without(Labels.MetricName);
        double silentFor = round.At - Math.Max(seen, listeningSince);
        bool isAbsent = silentFor > _condition.For.TotalMilliseconds, isOpen = round.Open.ContainsKey(series);
        if (!isAbsent && !isOpen)
            return;
        // An alert that was open before a restart stays as it is until we have listened for long enough to know.
        if (!isAbsent && seen < listeningSince)
            return;
        if (isAbsent && IsRetired(round, retired, expected, seen))
        {
            if (isOpen)
                round.Say(Verdict.Ended(series, EndReason.Retired));
            _lastSeen.Remove(expected);
            return;
        }
        if (isAbsent && silentFor > (_condition.For + round.Policy.NoDataTimeout).TotalMilliseconds)
        {
            if (isOpen)
                round.Say(Verdict.Ended(series, EndReason.Expired));
            _lastSeen.Remove(expected);
            return;
        }
        if (isAbsent && !_reasons.ContainsKey(series))
            _reasons[series] = AbsenceReason.Of(round.Context, expected, seen, _lastSeen, _condition.For);
        else if (!isAbsent)
            _reasons.Remove(series);
        Observation observation = isAbsent ? Observation.Breached : Observation.Clear;
        round.Say(new Verdict(series, observation, (round.At - seen) / 1000.0, _condition.For.TotalSeconds)
        {
            Sample = expected, Absence = _reasons.GetValueOrDefault(series, ""),
        });
    }

    /// <summary>Whether its target was taken out; what is declared is expected all the same.</summary>
    private bool IsRetired(ConditionRound round, RetiredSeries retired, Labels expected, long seen) => _condition.Expect is null
        && (Selector is null
            ? retired.Has(expected, seen)
            : round.Context.Environment.Retired[TargetName.Of(expected)].Any(r => r.Gave(expected, seen)));

    /// <summary>Of a plain selector every series is expected from its own last sample on; of another expression all it gives.</summary>
    private IReadOnlyList<Labels> NoteSeen(ConditionRound round)
    {
        if (Selector is not { } selector)
        {
            foreach (VectorElement element in round.Evaluate(_condition.Expr))
                _lastSeen[element.Labels] = round.At;
            return [];
        }
        SampleBuffer? samples = null;
        foreach (ISeries series in round.Context.Source.Select(selector.Matchers, long.MinValue, round.At))
        {
            bool known = _lastSeen.TryGetValue(series.Labels, out long seen);
            if (series.TryLast(round.At, long.MinValue, out Sample last))
            {
                if (!known || last.Time > seen)
                    _lastSeen[series.Labels] = last.Time;
            }
            else
            {
                // It ended before we first looked, or between two looks: it was there, up to the sample before its end.
                (samples ??= new SampleBuffer()).Clear();
                series.Read(known ? seen : long.MinValue, round.At, samples);
                samples.DropStale();
                if (samples.Count > 0)
                    _lastSeen[series.Labels] = samples.Times[^1];
            }
        }
        return [];
    }

    /// <summary>What is declared is expected from the moment that we listen; what is no longer declared, no longer.</summary>
    /// <returns>What is no longer declared.</returns>
    private IReadOnlyList<Labels> NoteDeclared(ConditionRound round, DeclaredExpectation expect)
    {
        HashSet<Labels> declared = [.. expect.Series];
        if (expect.File is not null)
            declared.UnionWith(round.Context.Environment.Inventory(expect.File));
        if (expect.Query is not null)
            declared.UnionWith(round.Evaluate(expect.Query).Select(e => Named(e.Labels, expect.By)));
        // An inventory that is empty for a moment (a cloud that does not answer) says nothing.
        if (declared.Count == 0)
            return [];
        IReadOnlyList<VectorElement> there = round.Evaluate(_condition.Expr);
        foreach (Labels series in declared)
        {
            if (there.Any(e => ((IEnumerable<Label>)series).All(l => e.Labels[l.Name] == l.Value)))
                _lastSeen[series] = round.At;
            else
                _lastSeen.TryAdd(series, round.At);
        }
        return [.. _lastSeen.Keys.Where(s => !declared.Contains(s))];
    }

    private static Labels Named(Labels series, IReadOnlyList<string> by) =>
        Labels.Of([.. by.Where(b => series[b].Length > 0).Select(b => new Label(b, series[b]))]);
}
