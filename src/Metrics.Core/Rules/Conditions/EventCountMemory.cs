using System.Globalization;
using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>
/// What a rule over events remembers: its windows. Not saved: after a restart they are read back out of the event log, where each event is
/// once (<see cref="EventWindows"/>). Events may be added by one thread while another evaluates.
/// </summary>
public sealed class EventCountMemory : ConditionMemory
{
    private const long Never = long.MaxValue;

    private readonly EventCondition _condition;
    private readonly ComparedSide? _compared;
    private readonly long _window;
    private volatile EventGroups _groups;

    /// <summary>What the rule had left out before it was changed.</summary>
    private long _lateBefore;
    private long _leftOutBefore;

    /// <summary>Groups whose alerts had no room in the last round, and how many have ever waited so.</summary>
    private HashSet<Labels> _waiting = [];
    private long _waited;

    /// <summary>From when on every event that came is counted; never before the first round, unless it was read back.</summary>
    private long _knownSince = Never;
    private volatile bool _isKnown;

    /// <summary>Whether the counts were complete when all groups were judged last; null before the first round.</summary>
    private bool? _judgedComplete;

    internal EventCountMemory(EventCondition condition)
    {
        _condition = condition;
        _compared = condition.Expr is null ? null : ComparedSide.Of(condition.Expr);
        _window = (long)condition.Over.TotalMilliseconds;
        _groups = new EventGroups(condition);
    }

    /// <summary>Alerts that may be open at one time: those of groups that are counted alone, and that of all others.</summary>
    private int MaxAlerts => _condition.MaxAlerts
        ?? _condition.MaxGroups + (_condition.EstimatesHeavy ? HeavyGroups.MaxHeavy : 0) + (_condition.CountsOthers ? 1 : 0);

    /// <summary>How far back it remembers.</summary>
    public TimeSpan Window => _condition.Reach;

    /// <summary>Kinds of the events that it counts; null is any.</summary>
    public IReadOnlySet<string>? Kinds => _condition.EventKinds;

    /// <summary>Groups in the window.</summary>
    public int Groups => _groups.Tally.Groups;

    /// <summary>Events that were not counted since they came when they had left the window already.</summary>
    public long Late => _lateBefore + _groups.Tally.Late;

    /// <summary>Events that were left out, or forgotten, since there were too many groups.</summary>
    public long LeftOut => _leftOutBefore + _groups.Tally.LeftOut;

    /// <summary>Whether its windows were read back, or go on from before, so that nothing need be read back.</summary>
    public bool IsKnown => _isKnown;

    /// <inheritdoc />
    public override string? Status
    {
        get
        {
            (int groups, _, long excused, _) = _groups.Tally;
            (long late, long leftOut) = (Late, LeftOut);
            string[] parts =
            [
                string.Create(CultureInfo.InvariantCulture, $"{groups} {(groups == 1 ? "group" : "groups")} in the window"),
                late == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{late} events came too late"),
                excused == 0 ? "" : $"{Events(excused)} excused by 'unless'",
                leftOut == 0 ? "" : $"{Events(leftOut)} of further groups left out",
                _waited == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{_waited} alerts had to wait for room"),
            ];
            return string.Join("; ", parts.Where(p => p.Length > 0));
        }
    }

    /// <summary>Counts those rows of a batch that the rule is about. May be called while the rule is evaluated.</summary>
    /// <returns>How many these are.</returns>
    public int Take(EventBatch batch) => _groups.Add(batch, isReadBack: false);

    /// <summary>Counts those rows of a batch out of the log that have not come by themselves.</summary>
    internal void TakeBack(EventBatch batch) => _groups.Add(batch, isReadBack: true);

    /// <summary>Everything from that moment on was read back.</summary>
    /// <param name="since">Milliseconds since 1970 UTC.</param>
    internal void NoteRead(long since)
    {
        _groups.NoteRead();
        Interlocked.Exchange(ref _knownSince, since);
        _isKnown = true;
    }

    /// <summary>Forgets what was read back, since the rest of it could not be: all of it is in the log and can be read again.</summary>
    internal void BeginAnew()
    {
        (_lateBefore, _leftOutBefore) = (Late, LeftOut);
        // Before and after: a round that goes on meanwhile neither takes the new windows for those that were known, nor notes its moment
        // for them while it has the old ones.
        Interlocked.Exchange(ref _knownSince, Never);
        _groups = new EventGroups(_condition);
        Interlocked.Exchange(ref _knownSince, Never);
    }

    /// <summary>Goes on with the windows of the rule as it was, if it counted the same, whatever its bounds were.</summary>
    /// <param name="before">What that remembers.</param>
    /// <param name="looksFurtherBack">Whether it is judged by earlier moments than before, whose events may have left the windows.</param>
    internal void TakeOverFrom(EventCountMemory before, bool looksFurtherBack)
    {
        (_waiting, _waited) = (before._waiting, before._waited);
        if (looksFurtherBack || !_condition.RemembersLike(before._condition))
        {
            (_lateBefore, _leftOutBefore) = (before.Late, before.LeftOut);
            return;
        }
        (_groups, _knownSince, _isKnown) = (before._groups, before._knownSince, before._isKnown);
        (_lateBefore, _leftOutBefore) = (before._lateBefore, before._leftOutBefore);
        _groups.GoOnFor(_condition);
    }

    internal override void Observe(ConditionRound round)
    {
        // First of all: what is known of windows that take their place meanwhile is less.
        EventGroups groups = _groups;
        Interlocked.CompareExchange(ref _knownSince, round.At, Never);
        // Until a whole window was listened to a count may be too small: enough is enough then, but too little is not known.
        bool isComplete = round.At - _window >= Math.Max(round.Context.ListeningSince, Interlocked.Read(ref _knownSince));
        var gate = new EventGate(_condition, _compared, round);
        // Where none may open, those that wait need not be looked at; what changes in them is.
        if (MaxAlerts > round.Open.Count)
            groups.Return(_waiting);
        bool judgesAll = _judgedComplete != isComplete || !_condition.Bounds.IsConstant;
        IEnumerable<Labels> also = _condition.GroupBy.Count == 0 ? round.Open.Keys.Append(Labels.Empty) : round.Open.Keys;
        List<CountedGroup> counted = groups.Slide(round.At, judgesAll, also);
        var look = new Look(gate, isComplete, []);
        List<Verdict> verdicts = [.. counted.Select(c => Judge(round, look, c)).OfType<Verdict>()];
        round.Error ??= groups.LimitReached;
        LeaveRoom(round, verdicts, [.. counted.Select(c => c.Series)]);
        try
        {
            round.CheckLimit(verdicts.Count(v => v.Observation == Observation.Breached));
        }
        catch
        {
            groups.Return(counted.Select(c => c.Series));
            throw;
        }
        _judgedComplete = isComplete;
        groups.Return(look.Held);
        List<Verdict> breached = [.. verdicts.Where(v => v.Observation == Observation.Breached)];
        // Of a flood most are left out by then.
        var events = breached.ToDictionary(v => v.Series, v => groups.NewestOf(v.Series));
        groups.Keep(events.Keys);
        verdicts.ForEach(v => round.Say(events.TryGetValue(v.Series, out IReadOnlyList<Event>? newest) ? v with { Events = newest } : v));
    }

    /// <summary>
    /// Bounds the alerts that are open as groups are, since <c>for</c> and <c>keep_firing_for</c> outlast a window: where more would open
    /// those furthest out of bounds do, and the others wait until some have ended.
    /// </summary>
    /// <param name="round">The round.</param>
    /// <param name="verdicts">What is to be said; that of groups that wait is removed.</param>
    /// <param name="judged">Groups that were looked at; of others nothing has changed.</param>
    private void LeaveRoom(ConditionRound round, List<Verdict> verdicts, HashSet<Labels> judged)
    {
        int room = Math.Max(0, MaxAlerts - round.Open.Count);
        HashSet<Labels> waiting =
        [
            .. verdicts.Where(v => v.Observation == Observation.Breached && !round.Open.ContainsKey(v.Series))
                .OrderByDescending(v => Math.Abs(v.Value - v.Bound)).Skip(room).Select(v => v.Series),
        ];
        // Whoever has waited once is counted once.
        _waited += waiting.Count(s => !_waiting.Contains(s));
        waiting.UnionWith(_waiting.Where(s => !judged.Contains(s)));
        _waiting = waiting;
        if (waiting.Count == 0)
            return;
        verdicts.RemoveAll(v => waiting.Contains(v.Series));
        string by = _condition.MaxAlerts is null ? " (max_groups)" : "";
        round.Error ??= string.Create(
            CultureInfo.InvariantCulture, $"{MaxAlerts} alerts are open, as many as may be{by}: {waiting.Count} more wait");
    }

    /// <summary>How groups are looked at in a round.</summary>
    /// <param name="Gate">Which may fire now.</param>
    /// <param name="IsComplete">Whether no count is too small.</param>
    /// <param name="Held">
    /// Receives those that only the gate keeps from firing, or whose alert it ends: it may open again without an event of theirs.
    /// </param>
    private readonly record struct Look(EventGate Gate, bool IsComplete, List<Labels> Held);

    /// <summary>What is to be said of a group; null is nothing.</summary>
    private Verdict? Judge(ConditionRound round, Look look, CountedGroup counted)
    {
        (Labels series, long count, long unsure) = counted;
        bool isOpen = round.Open.TryGetValue(series, out AlertInstance? alert);
        bool isAlwaysThere = _condition.GroupBy.Count == 0 && series.Count == 0;
        // Nothing happened any more: that is health, also where few were too few.
        if (count == 0 && !isAlwaysThere)
            return isOpen && look.IsComplete ? new Verdict(series, Observation.Clear, 0, alert!.Bound) : null;
        if (round.Judge(_condition.Bounds, series, count) is not var (observation, bound))
            return null;
        bool isOut = observation == Observation.Breached;
        if (isOut)
            observation = look.Gate.Judge(series, alert);
        bool isBreached = observation == Observation.Breached;
        if (isOut && !isBreached)
            look.Held.Add(series);
        // Enough is enough, and then what the gate says of it is all that counts.
        bool isSure = look.IsComplete || (isOut && _condition.Bounds.Kind == ThresholdKind.Above);
        if (!isSure || (!isBreached && !isOpen))
            return null;
        return new Verdict(series, observation, count, bound)
        {
            Estimate = unsure == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
                $"at least {count} and at most {count + unsure} events: there are more groups than are counted alone"),
        };
    }

    private static string Events(long count) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "event" : "events")}");
}
