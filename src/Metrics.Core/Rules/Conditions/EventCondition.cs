using Metrics.Model;
using Metrics.Query;
using Metrics.Text;

namespace Metrics.Rules.Conditions;

/// <summary>
/// What a rule over events watches for: how many there are (<see cref="EventCount"/>), or whether some follow each other
/// (<see cref="EventSequence"/>), in a window that slides.
/// </summary>
/// <param name="Steps">Which events.</param>
/// <param name="Over">The window's length.</param>
/// <param name="GroupBy">Full names of the fields by which they are looked at apart; empty is all together.</param>
/// <param name="MaxGroups">Groups that are looked at apart.</param>
public abstract record EventCondition(
    IReadOnlyList<EventStep> Steps, TimeSpan Over, IReadOnlyList<string> GroupBy, int MaxGroups) : Condition
{
    /// <summary>Events around which others do not count.</summary>
    public IReadOnlyList<EventExcuse> Unless { get; init; } = [];

    /// <summary>Expressions that keep groups from firing.</summary>
    public IReadOnlyList<ExprExcuse> UnlessExpr { get; init; } = [];

    /// <summary>The expression that must give a value for a group beside what its events say; null is none.</summary>
    public PreparedQuery? Expr { get; init; }

    /// <summary>What is out of bounds.</summary>
    public abstract Bounds Bounds { get; init; }

    /// <summary>Alerts that may be open at one time; null is as many as there may be groups.</summary>
    public int? MaxAlerts { get; init; }

    /// <summary>How long events are remembered.</summary>
    public virtual TimeSpan Kept => Over;

    /// <summary>How far back events are read after a restart.</summary>
    public TimeSpan Reach => Kept + Unless.Select(u => u.Within).DefaultIfEmpty().Max();

    /// <inheritdoc />
    public override string Query => Text;

    /// <inheritdoc />
    public override IReadOnlyList<PreparedQuery> Queries => [.. UnlessExpr.Select(u => u.Expr).Concat(Expr is null ? [] : [Expr])];

    /// <inheritdoc />
    public override IReadOnlySet<string>? Metrics => MetricsOf([.. Queries]);

    /// <inheritdoc />
    public override IReadOnlySet<string>? EventKinds
    {
        get
        {
            List<EventFilter> filters = [.. Steps.Select(s => s.Events).Concat(Unless.Select(u => u.Events))];
            return filters.Exists(f => f.Kinds is null) ? null : filters.SelectMany(f => f.Kinds!).ToHashSet();
        }
    }

    /// <inheritdoc />
    public override TimeSpan? Window => Over;

    /// <summary>None: events are no series.</summary>
    public override PreparedQuery? Drawn => null;

    /// <summary>Full name of the field whose values are counted; null where none are.</summary>
    internal virtual string? ValueField => null;

    /// <summary>Whether groups beyond the greatest number are counted together, and events without the fields of a group are one.</summary>
    internal virtual bool CountsOthers => true;

    /// <summary>Whether of groups beyond the greatest number those with the most events are estimated.</summary>
    internal virtual bool EstimatesHeavy => false;

    /// <summary>Events of each step that an alert shows.</summary>
    internal virtual int NewestOfStep => EventGroup.MaxNewest;

    /// <summary>How long an event waits before it counts.</summary>
    internal TimeSpan Wait => Unless.Select(u => u.After).DefaultIfEmpty().Max();

    /// <summary>What is read beside the events, as people read it.</summary>
    private protected string Besides => string.Concat(UnlessEvents, UnlessText(UnlessExpr.Select(u => u.Text)))
        + (Expr is null ? "" : $" and {Expr.Text}");

    /// <summary>The events that excuse others, as people read it.</summary>
    private protected string UnlessEvents => UnlessText(Unless.Select(u => u.Text));

    private protected string By => GroupBy.Count == 0 ? "" : $" by {string.Join(", ", GroupBy)}";

    private static string UnlessText(IEnumerable<string> texts) => string.Concat(texts.Select(t => $" unless {t}"));

    /// <summary>What one group remembers.</summary>
    internal abstract IEventWindow NewWindow();

    internal override ConditionMemory Remember() => new EventCountMemory(this);
}

/// <summary>Some of the events of a rule.</summary>
/// <param name="Events">Which.</param>
/// <param name="Count">How many of them make the step.</param>
/// <param name="GroupBy">Full names of their fields that stand for those of the rule's <c>group_by</c>, in its order.</param>
public sealed record EventStep(EventFilter Events, int Count, IReadOnlyList<string> GroupBy)
{
    /// <summary>
    /// The time in which so many events count as one, that with which there are enough; null where each is an event of the sequence.
    /// </summary>
    public TimeSpan? Within { get; init; }

    /// <inheritdoc />
    public override string ToString() =>
        (Count == 1 ? $"{Events}" : $"{Count} × {Events}") + (Within is { } within ? $" in {Duration.Format(within)}" : "");
}
