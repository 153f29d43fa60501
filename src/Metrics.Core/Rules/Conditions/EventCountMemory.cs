using System.Globalization;
using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>
/// What a rule over events remembers: its windows. Not saved: after a restart they are read back out of the event log, where each event is
/// once (<see cref="EventWindows"/>). Events may be added by one thread while another evaluates.
/// </summary>
public sealed class EventCountMemory : ConditionMemory
{
    private readonly EventCount _condition;
    private readonly long _window;
    private EventGroups _groups;

    /// <summary>What the rule had left out before it was changed.</summary>
    private long _lateBefore;

    /// <summary>From when on every event that came is counted; null before the first round, unless it was read back.</summary>
    private long? _knownSince;

    /// <summary>Whether the counts were complete when all groups were judged last; null before the first round.</summary>
    private bool? _judgedComplete;

    internal EventCountMemory(EventCount condition)
    {
        _condition = condition;
        _window = (long)condition.Over.TotalMilliseconds;
        _groups = new EventGroups(condition);
    }

    /// <summary>How far back its window reaches.</summary>
    public TimeSpan Window => _condition.Over;

    /// <summary>Kinds of the events that it counts; null is any.</summary>
    public IReadOnlySet<string>? Kinds => _condition.EventKinds;

    /// <summary>Groups in the window.</summary>
    public int Groups => _groups.Count;

    /// <summary>Events that were not counted since they came when they had left the window already.</summary>
    public long Late => _lateBefore + _groups.Late;

    /// <summary>Whether its windows are known up to now, so that nothing need be read back.</summary>
    public bool IsKnown => _knownSince is not null;

    /// <inheritdoc />
    public override string? Status
    {
        get
        {
            (int groups, long late) = (_groups.Count, Late);
            string held = string.Create(CultureInfo.InvariantCulture, $"{groups} {(groups == 1 ? "group" : "groups")} in the window");
            return late == 0 ? held : string.Create(CultureInfo.InvariantCulture, $"{held}; {late} events came too late");
        }
    }

    /// <summary>Counts those rows of a batch that the rule is about. May be called while the rule is evaluated.</summary>
    /// <returns>How many these are.</returns>
    public int Take(EventBatch batch)
    {
        int row = _condition.Events.NextMatch(batch, 0);
        return row == batch.Count ? 0 : _groups.Add(batch, row, _condition.Events);
    }

    /// <summary>Everything from that moment on was read back.</summary>
    /// <param name="since">Milliseconds since 1970 UTC.</param>
    internal void NoteRead(long since) => _knownSince = since;

    /// <summary>Goes on with the windows of the rule as it was, if it counted the same, whatever its bounds were.</summary>
    internal void TakeOverFrom(EventCountMemory before)
    {
        EventCount other = before._condition;
        bool isSame = other.Events.ToString() == _condition.Events.ToString() && other.GroupBy.SequenceEqual(_condition.GroupBy)
            && other.Over == _condition.Over && other.Distinct == _condition.Distinct && other.MaxGroups == _condition.MaxGroups;
        if (isSame)
            (_groups, _knownSince, _lateBefore) = (before._groups, before._knownSince, before._lateBefore);
        else
            _lateBefore = before.Late;
    }

    internal override void Observe(ConditionRound round)
    {
        _knownSince ??= round.At;
        // Until a whole window was listened to a count may be too small: enough is enough then, but too little is not known.
        bool isComplete = round.At - _window >= Math.Max(round.Context.ListeningSince, _knownSince.Value);
        bool judgesAll = _judgedComplete != isComplete || !_condition.Bounds.IsConstant;
        IEnumerable<Labels> also = _condition.GroupBy.Count == 0 ? round.Open.Keys.Append(Labels.Empty) : round.Open.Keys;
        List<(Labels Series, long Count)> counted = _groups.Slide(round.At, judgesAll, also);
        List<Verdict> verdicts = [.. counted.Select(c => Judge(round, c.Series, c.Count, isComplete)).OfType<Verdict>()];
        round.Error ??= _groups.LimitReached;
        try
        {
            round.CheckLimit(verdicts.Count(v => v.Observation == Observation.Breached));
        }
        catch
        {
            _groups.Return(counted.Select(c => c.Series));
            throw;
        }
        _judgedComplete = isComplete;
        verdicts.ForEach(round.Say);
    }

    /// <summary>What is to be said of a group; null is nothing.</summary>
    private Verdict? Judge(ConditionRound round, Labels series, long count, bool isComplete)
    {
        bool isOpen = round.Open.TryGetValue(series, out AlertInstance? alert);
        bool isAlwaysThere = _condition.GroupBy.Count == 0 && series.Count == 0;
        // Nothing happened any more: that is health, also where few were too few.
        if (count == 0 && !isAlwaysThere)
            return isOpen && isComplete ? new Verdict(series, Observation.Clear, 0, alert!.Bound) : null;
        if (round.Judge(_condition.Bounds, series, count) is not var (observation, bound))
            return null;
        bool isBreached = observation == Observation.Breached;
        bool isSure = isComplete || (isBreached && _condition.Bounds.Kind == ThresholdKind.Above);
        if (!isSure || (!isBreached && !isOpen))
            return null;
        return new Verdict(series, observation, count, bound) { Events = isBreached ? _groups.NewestOf(series) : [] };
    }
}
