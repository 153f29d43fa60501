using Metrics.Model;
using Metrics.Query;
using Metrics.Rules.Conditions;

namespace Metrics.Rules;

/// <summary>
/// An alerting rule at work: moves its alerts through their lives by what its condition says. One thread at a time evaluates it; others may
/// look at its alerts and at its memory meanwhile. Time is an argument.
/// </summary>
public sealed class AlertRuleState : RuleState
{
    private readonly TimeProvider _time;
    private readonly int _limit;
    private readonly TemplateScopes _scopes;
    private readonly AlertTexts _texts;
    private readonly Dictionary<Labels, AlertInstance> _alerts = [];

    /// <param name="rule">The rule.</param>
    /// <param name="time">For the time limit of templates.</param>
    /// <param name="limit">Alerts that it may give; 0 is any number.</param>
    public AlertRuleState(AlertRule rule, TimeProvider time, int limit = 0)
        : base(rule)
    {
        Rule = rule;
        Memory = rule.Condition.Remember();
        _scopes = new TemplateScopes(rule);
        _texts = new AlertTexts(rule, _scopes, time);
        (_time, _limit) = (time, limit);
    }

    /// <summary>The rule.</summary>
    public new AlertRule Rule { get; }

    /// <summary>How far before now it is judged.</summary>
    public TimeSpan QueryOffset { get; init; }

    /// <summary>What its condition remembers from round to round.</summary>
    public ConditionMemory Memory { get; }

    /// <summary>Alerts that are pending, firing or without data; a snapshot that any thread may keep.</summary>
    public IReadOnlyList<AlertInstance> Alerts { get; private set; } = [];

    /// <summary>The alert of a series, or null; any thread may ask.</summary>
    public AlertInstance? Find(Labels series)
    {
        lock (_alerts)
            return _alerts.GetValueOrDefault(series);
    }

    /// <summary>Puts back alerts that were open.</summary>
    public void Restore(IEnumerable<AlertInstance> alerts)
    {
        lock (_alerts)
        {
            foreach (AlertInstance alert in alerts)
            {
                _alerts[alert.Series] = alert;
                _texts.Doubt(alert.Series);
            }
        }
        Alerts = _alerts.Count == 0 ? [] : [.. _alerts.Values];
    }

    /// <summary>Takes arriving events; those that the rule is about are counted. May be called while the rule is evaluated.</summary>
    /// <returns>How many these are.</returns>
    public int Take(EventBatch batch) => Memory is EventCountMemory events ? events.Take(batch) : 0;

    /// <summary>
    /// A digest of what it is that the rule remembers, whatever its bounds are: what is written down under another says nothing to it.
    /// </summary>
    public string MemoryDigest => field ??= Rule.Condition.RememberedDigest;

    /// <summary>Whether what another state of the rule remembers says something to this one.</summary>
    public bool RemembersLike(AlertRuleState other) => Rule.Condition.RemembersLike(other.Rule.Condition);

    /// <summary>Goes on with what the same rule remembered before a reload, where that is not saved, or not each time.</summary>
    public void TakeOverFrom(AlertRuleState before)
    {
        switch (Memory, before.Memory)
        {
            case (EventCountMemory mine, EventCountMemory events):
                mine.TakeOverFrom(events, QueryOffset > before.QueryOffset);
                break;
            case (AbsenceMemory mine, AbsenceMemory seen):
                mine.TakeOverFrom(seen);
                break;
            case (LearnedMemory mine, LearnedMemory learned):
                mine.TakeOverFrom(learned);
                break;
        }
    }

    /// <summary>Evaluates the rule.</summary>
    /// <param name="context">The moment, and where the samples are.</param>
    /// <returns>Every alert that changed its state.</returns>
    public List<AlertChange> Evaluate(RuleContext context)
    {
        var changes = new List<AlertChange>();
        ConditionRound round = null!;
        round = new ConditionRound(context, Rule.Policy, _limit, _alerts, _scopes, verdict => Take(round, verdict, changes), _time);
        try
        {
            Memory.Observe(round);
        }
        catch (QueryException e)
        {
            // Nothing is known: every alert stays as it is.
            round.Error = e.Message;
        }
        Error = round.Error;
        Alerts = _alerts.Count == 0 ? [] : [.. _alerts.Values];
        return changes;
    }

    private void Take(ConditionRound round, Verdict verdict, List<AlertChange> changes)
    {
        AlertInstance alert = _alerts.GetValueOrDefault(verdict.Series)
            ?? new AlertInstance { Series = verdict.Series, Labels = Labels.Empty, State = new AlertState.Inactive() };
        AlertState before = alert.State;
        AlertInstance next = verdict.End is { } reason
            ? alert with { State = new AlertState.Inactive(reason) }
            : Step(round, alert, verdict);
        lock (_alerts)
        {
            if (next.State is AlertState.Inactive)
            {
                _alerts.Remove(alert.Series);
                _texts.Forget(alert.Series);
            }
            else
            {
                _alerts[alert.Series] = next;
            }
        }
        if (next.State.Name != before.Name)
            changes.Add(new AlertChange(next, before, new Timestamp(round.At)));
    }

    private AlertInstance Step(ConditionRound round, AlertInstance alert, Verdict verdict)
    {
        AlertState state = alert.State.Next(verdict.Observation, round.At, Rule.Policy);
        AlertInstance next = verdict.Observation == Observation.NoData
            ? alert with { State = state }
            : alert with { State = state, Value = verdict.Value, Bound = verdict.Bound };
        // Texts follow the value while it is out of bounds, and stay as they were when it left: the last message speaks of the breach.
        bool isBreach = verdict.Observation == Observation.Breached && state is not AlertState.Inactive;
        return isBreach && !_texts.Has(alert, verdict) ? _texts.Render(round, next, verdict) : next;
    }
}
