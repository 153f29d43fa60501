using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>What is usual for each series; to be kept over a restart.</summary>
public sealed class LearnedMemory : ConditionMemory
{
    /// <summary>Series that are learned at most; outsiders choose them.</summary>
    public const int MaxSeries = 10_000;

    /// <summary>A series of which nothing came for so long is forgotten: what comes once a month is not missed.</summary>
    private static readonly TimeSpan s_forgottenAfter = TimeSpan.FromDays(35);

    private readonly Learned _condition;
    private readonly Lock _lock = new();
    private readonly Dictionary<Labels, Source> _models = [];
    private readonly List<Labels> _forgotten = [];

    internal LearnedMemory(Learned condition) => _condition = condition;

    /// <summary>The length of the windows that it learns of.</summary>
    public TimeSpan Window => _condition.Over;

    /// <summary>What was learned since this was last asked, and what was forgotten (null); any thread may ask.</summary>
    public IReadOnlyList<(Labels Series, byte[]? Model)> TakeChanged()
    {
        List<(Labels, byte[]?)> changed = [];
        lock (_lock)
        {
            changed.AddRange(_forgotten.Select(f => (f, (byte[]?)null)));
            _forgotten.Clear();
            foreach ((Labels series, Source source) in _models.Where(m => m.Value.IsChanged))
            {
                changed.Add((series, source.Model.ToBytes()));
                source.IsChanged = false;
            }
        }
        return changed;
    }

    /// <summary>Puts back what was learned; what goes on from before a reload knows more, and stays.</summary>
    public void Restore(Labels series, ReadOnlySpan<byte> model)
    {
        var source = new Source(ArrivalModel.FromBytes(model));
        lock (_lock)
            _models.TryAdd(series, source);
    }

    /// <summary>Has what was written down of a series removed, unless something is learned of it.</summary>
    public void Forget(Labels series)
    {
        lock (_lock)
        {
            if (!_models.ContainsKey(series))
                _forgotten.Add(series);
        }
    }

    /// <summary>
    /// Goes on with what the rule learned before it was changed, if that was of the same expression over windows of the same length.
    /// </summary>
    internal void TakeOverFrom(LearnedMemory before)
    {
        if (!_condition.RemembersLike(before._condition))
            return;
        List<KeyValuePair<Labels, Source>> models;
        List<Labels> forgotten;
        lock (before._lock)
            (models, forgotten) = ([.. before._models], [.. before._forgotten]);
        lock (_lock)
        {
            foreach ((Labels series, Source source) in models)
                _models[series] = source;
            _forgotten.AddRange(forgotten);
        }
    }

    internal override void Observe(ConditionRound round)
    {
        Dictionary<Labels, double> counts = [];
        foreach (VectorElement element in round.Evaluate(_condition.Expr))
            counts[element.Labels.Without(Labels.MetricName)] = element.Sample.Value;
        IReadOnlyList<VectorElement>? judged = _condition.While is { } query ? round.Evaluate(query) : null;
        var gate = judged is null ? null : new LearnedGate(judged);
        lock (_lock)
        {
            // An alert may be older than what is known of its series, after a crash or with another expression: it begins anew, too.
            foreach (Labels fresh in counts.Keys.Concat(round.Open.Keys).Where(s => !_models.ContainsKey(s)))
            {
                if (_models.Count < MaxSeries)
                    _models.Add(fresh, new Source(new ArrivalModel()));
                else
                    round.Error = $"there are more than {MaxSeries} series to learn; the others are not watched";
            }
            List<long> heard = [.. _models.Where(m => !counts.ContainsKey(m.Key)).Select(m => m.Value.Model.HeardAt)];
            var retired = new RetiredSeries(_condition.Expr, round, heard.Where(h => h > 0).DefaultIfEmpty(round.At).Min());
            // A series that gives nothing counts as zero.
            foreach ((Labels series, Source source) in _models)
            {
                if (!counts.ContainsKey(series) && source.Model.HeardAt > 0 && retired.Has(series, source.Model.HeardAt))
                {
                    // What is known of it waits for its target, as long as of others that pause.
                    if (round.Open.ContainsKey(series))
                        round.Say(Verdict.Ended(series, EndReason.Retired));
                    if (IsForgotten(source, round.At))
                        Forget(round, series);
                    continue;
                }
                double given = counts.GetValueOrDefault(series), count = double.IsFinite(given) ? Math.Max(0, given) : 0;
                if (gate?.IsOpenFor(series) != false)
                    Judge(round, series, source, count);
                else
                    source.Model.Hear(round.At, count);
                if (IsForgotten(source, round.At))
                    Forget(round, series);
            }
        }
    }

    private static bool IsForgotten(Source source, long at) => at - source.Model.HeardAt > s_forgottenAfter.TotalMilliseconds;

    private void Forget(ConditionRound round, Labels series)
    {
        if (round.Open.ContainsKey(series))
            round.Say(Verdict.Ended(series, EndReason.Expired));
        _models.Remove(series);
        _forgotten.Add(series);
    }

    private void Judge(ConditionRound round, Labels series, Source source, double count)
    {
        long at = round.At, window = (long)_condition.Over.TotalMilliseconds;
        double timeout = round.Policy.NoDataTimeout.TotalMilliseconds;
        bool isOpen = round.Open.TryGetValue(series, out AlertInstance? alert), isListening = at - round.Context.ListeningSince >= window;
        ArrivalModel model = source.Model;
        source.Look(count);
        bool isWatching = model.Windows * window >= _condition.MinHistory.TotalMilliseconds && isListening;
        double share = Math.Min(1, (at - source.LearnedAt) / (double)window);
        bool isUnusual = isWatching && _condition.IsLittle(count, model.Expected(at))
            && model.Probability(at, count, share) < 1 - _condition.Probability;
        // Silence is not learned, else it would become usual; after a day it is what is usual now, until something comes again.
        if (isUnusual && alert is not null && at - Began(alert, at) > timeout)
            source.IsUsual = true;
        else if (!isUnusual && count > 0)
            source.IsUsual = false;
        bool isNews = isUnusual && !source.IsUsual;
        if (at - source.LearnedAt >= window && isListening)
        {
            model.Take(at, count > 0 ? count : source.Passed, learn: !isNews);
            source.LearnedAt = at;
            source.Passed = 0;
            source.IsChanged = true;
        }
        model.Hear(at, count);
        if (isOpen && source.IsUsual)
            round.Say(Verdict.Ended(series, EndReason.Expired));
        else if (isNews || isOpen)
            round.Say(new Verdict(series, isNews ? Observation.Breached : Observation.Clear, Value(), model.Expected(at)));

        // What came last lies somewhere in the window before the one that is empty.
        double Value() => !_condition.OnlySilence ? count : count > 0 ? 0 : (at - model.HeardAt + window) / 1000.0;
    }

    private static long Began(AlertInstance alert, long at) => alert.State switch
    {
        AlertState.Firing firing => firing.Since,
        AlertState.Pending pending => pending.Since,
        _ => at,
    };

    private sealed class Source(ArrivalModel model)
    {
        private double _last;

        public ArrivalModel Model { get; } = model;

        public long LearnedAt { get; set; }

        public bool IsChanged { get; set; }

        /// <summary>Whether that little comes was told for as long as an alert may be open: nobody is told of it again.</summary>
        public bool IsUsual { get; set; }

        /// <summary>
        /// The most that was seen to come since a window was taken: a window of samples is a little shorter than it says, and what came
        /// just after one was taken may be gone from the next.
        /// </summary>
        public double Passed { get; set; }

        public void Look(double count)
        {
            if (count > _last)
                Passed = Math.Max(Passed, count);
            _last = count;
        }
    }
}
