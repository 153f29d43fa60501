using Metrics.Formats;
using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Whether steps of several events follow each other (or are all there, in any order) within a window. The alert is open for as long as the
/// event that completed them lies in the window that ends now.
/// </summary>
/// <param name="Steps">The steps.</param>
/// <param name="Over">The longest time from the first event to the last.</param>
/// <param name="GroupBy">Full names of the fields that all of their events have alike; empty is none.</param>
/// <param name="IsOrdered">Whether a step's events come after those of the step before it.</param>
/// <param name="MaxGroups">Groups that are looked at apart; the events of all further ones are left out.</param>
public sealed record EventSequence(
    IReadOnlyList<EventStep> Steps, TimeSpan Over, IReadOnlyList<string> GroupBy, bool IsOrdered, int MaxGroups)
    : EventCondition(Steps, Over, GroupBy, MaxGroups)
{
    /// <summary>Events that an alert shows, unless there are more steps.</summary>
    private const int MaxShown = 10;

    /// <summary>That it was completed at all.</summary>
    public override Bounds Bounds { get; init; } = new(ThresholdKind.Above, [RuleTemplate.Plain("0")], null);

    /// <summary>Each event that completes it needs those of the window before it, and what these are counted with.</summary>
    public override TimeSpan Kept => (2 * Over) + Steps.Max(s => s.Within ?? TimeSpan.Zero);

    /// <inheritdoc />
    public override string Text => $"{What} within {Duration.Format(Over)}{Besides}";

    /// <inheritdoc />
    internal override string Remembered =>
        $"{What} {string.Join(";", Steps.Select(s => string.Join(",", s.GroupBy)))} in {Over} of {MaxGroups}{UnlessEvents}";

    /// <inheritdoc />
    internal override bool CountsOthers => false;

    /// <inheritdoc />
    internal override int NewestOfStep => Math.Clamp(MaxShown / Steps.Count, 1, EventGroup.MaxNewest);

    private string What => $"events {string.Join(IsOrdered ? ", then " : " and ", Steps)}{By}";

    /// <inheritdoc />
    public override string Describe(AlertInstance alert)
    {
        if (alert.State is AlertState.Inactive)
            return $"no event of the last {Duration.Format(Over)} completes the sequence any more";
        string judged = $"{FloatText.Format(alert.Value)} {(alert.Value == 1 ? "event completes" : "events complete")} the sequence of "
            + $"{Steps.Count} steps within {Duration.Format(Over)}";
        return alert.Events is [var newest, ..] ? $"{judged}; the newest: {EventCount.Describe(newest)}" : judged;
    }

    internal override IEventWindow NewWindow() => new SequenceWindow(this);
}
