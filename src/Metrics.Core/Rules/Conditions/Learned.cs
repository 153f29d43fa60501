using Metrics.Formats;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>The expression counts what came in a window; less than is usual for the hour of the week is out of bounds.</summary>
/// <param name="Expr">The expression.</param>
/// <param name="Probability">How sure it must be; 0.999 is one false alarm in a thousand windows.</param>
/// <param name="Over">The time that the expression counts over.</param>
/// <param name="MinHistory">How long a series is watched before anything is said of it.</param>
public sealed record Learned(PreparedQuery Expr, double Probability, TimeSpan Over, TimeSpan MinHistory) : Condition
{
    /// <inheritdoc />
    public override string Text => $"{Expr.Text} less than is usual, with a probability of {FloatText.Format(Probability)}";

    /// <inheritdoc />
    public override string Query => Expr.Text;

    /// <inheritdoc />
    public override IReadOnlyList<PreparedQuery> Queries { get; } = [Expr];

    /// <inheritdoc />
    public override IReadOnlySet<string>? Metrics { get; } = MetricsOf(Expr);

    /// <inheritdoc />
    public override TimeSpan? Window => Over;

    /// <inheritdoc />
    public override PreparedQuery Drawn => Expr;

    /// <inheritdoc />
    public override string Describe(AlertInstance alert)
    {
        string usual = FloatText.Format(Math.Round(alert.Bound, 2));
        return $"{FloatText.Format(alert.Value)} came in {Duration.Format(Over)}; usual for this hour are {usual}";
    }

    internal override ConditionMemory Remember() => new LearnedMemory(this);
}

/// <summary>What is usual for each series; to be kept over a restart.</summary>
public sealed class LearnedMemory : ConditionMemory
{
    private readonly Learned _condition;
    private readonly Lock _lock = new();
    private readonly Dictionary<Labels, Source> _models = [];

    internal LearnedMemory(Learned condition) => _condition = condition;

    /// <summary>What was learned since this was last asked; any thread may ask.</summary>
    public IReadOnlyList<(Labels Series, byte[] Model)> TakeChanged()
    {
        List<(Labels, byte[])> changed = [];
        lock (_lock)
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
    public void Restore(Labels series, ReadOnlySpan<byte> model)
    {
        var source = new Source(ArrivalModel.FromBytes(model));
        lock (_lock)
            _models[series] = source;
    }

    internal override void Observe(ConditionRound round)
    {
        Dictionary<Labels, double> counts = [];
        foreach (VectorElement element in round.Evaluate(_condition.Expr))
            counts[element.Labels.Without(Labels.MetricName)] = element.Sample.Value;
        lock (_lock)
        {
            foreach (Labels fresh in counts.Keys.Where(s => !_models.ContainsKey(s)))
                _models.Add(fresh, new Source(new ArrivalModel()));
            // A series that gives nothing counts as zero.
            foreach ((Labels series, Source source) in _models)
            {
                double given = counts.GetValueOrDefault(series);
                Judge(round, series, source, double.IsFinite(given) ? Math.Max(0, given) : 0);
            }
        }
    }

    private void Judge(ConditionRound round, Labels series, Source source, double count)
    {
        long at = round.At, window = (long)_condition.Over.TotalMilliseconds;
        double timeout = round.Policy.NoDataTimeout.TotalMilliseconds;
        bool isOpen = round.Open.TryGetValue(series, out AlertInstance? alert), isListening = at - round.Context.ListeningSince >= window;
        bool isWatching = source.Model.Windows * window >= _condition.MinHistory.TotalMilliseconds && isListening;
        bool isSilent = isWatching && source.Model.Probability(at, count) < 1 - _condition.Probability;
        // Silence is not learned, else it would become usual; after a day it is what is usual now.
        bool isNews = isSilent && (alert is null || at - Began(alert, at) < timeout);
        if (at - source.LearnedAt >= window && isListening)
        {
            source.Model.Take(at, count, learn: !isNews);
            source.LearnedAt = at;
            source.IsChanged = true;
        }
        if (isSilent && alert is not null && at - Began(alert, at) > timeout)
            round.Say(Verdict.Ended(series, EndReason.Expired));
        else if (isSilent || isOpen)
            round.Say(new Verdict(series, isSilent ? Observation.Breached : Observation.Clear, count, source.Model.Expected(at)));
    }

    private static long Began(AlertInstance alert, long at) => alert.State switch
    {
        AlertState.Firing firing => firing.Since,
        AlertState.Pending pending => pending.Since,
        _ => at,
    };

    private sealed class Source(ArrivalModel model)
    {
        public ArrivalModel Model { get; } = model;

        public long LearnedAt { get; set; }

        public bool IsChanged { get; set; }
    }
}
