using Metrics.Model;
using Metrics.Series;

namespace Metrics.Intake.Marks;

/// <summary>What of the configuration's calendar events are held against.</summary>
/// <param name="Planned">Planned times.</param>
/// <param name="IsWorkingHour">Whether a moment lies in the time interval <see cref="WorkingHours"/>; null where there is none.</param>
internal sealed record EventCalendar(IReadOnlyList<PlannedTime> Planned, Func<DateTimeOffset, bool>? IsWorkingHour)
{
    /// <summary>Name of the time interval in which people work.</summary>
    public const string WorkingHours = "working_hours";

    /// <summary>Whether a moment lies outside working hours; where these are not given none does.</summary>
    public bool IsOutside(DateTimeOffset moment) => IsWorkingHour is { } isOne && !isOne(moment);

    /// <summary>The planned time in which an event happened; null where there is none.</summary>
    public string? PlannedBy(EventBatch batch, int row, DateTimeOffset moment) =>
        Planned.FirstOrDefault(p => p.IsAbout(batch, row) && p.Contains(moment))?.Name;
}

/// <summary>A window of <c>maintenance</c>.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Matchers">What it is about.</param>
/// <param name="Contains">Whether a moment lies in it.</param>
internal sealed record PlannedTime(string Name, IReadOnlyList<LabelMatcher> Matchers, Func<DateTimeOffset, bool> Contains)
{
    /// <summary>
    /// Whether it is about an event. A window that asks for what no event has, such as a name of an alert, is about alerts alone.
    /// </summary>
    public bool IsAbout(EventBatch batch, int row) => Matchers.All(
        m => batch.Value(row, EventFields.FullName(m.Name)) is { } value && m.Matches(value));
}
