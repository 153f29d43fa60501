using Metrics.Model;
using Metrics.Routing;
using Metrics.Series;

namespace Metrics.Intake.Marks;

/// <summary>What of the configuration's calendar events are held against.</summary>
/// <param name="Maintenance">Planned times.</param>
/// <param name="WorkingHours">The time interval <see cref="WorkingHoursName"/>; null where there is none.</param>
internal sealed record EventCalendar(IReadOnlyList<MaintenanceWindow> Maintenance, IReadOnlyList<TimeInterval>? WorkingHours)
{
    /// <summary>Name of the time interval in which people work.</summary>
    public const string WorkingHoursName = "working_hours";

    /// <summary>What of it was read with who is notified.</summary>
    public static EventCalendar Of(RoutingOptions routing) =>
        new(routing.Maintenance, routing.TimeIntervals.GetValueOrDefault(WorkingHoursName));

    /// <summary>Whether a moment lies outside working hours; where these are not given none does.</summary>
    public bool IsOutside(DateTimeOffset moment) => WorkingHours is { } hours && !hours.Any(h => h.Contains(moment));

    /// <summary>
    /// The window in which an event was planned; null where there is none. One with a matcher for what no event has, such as a name of an
    /// alert, is about alerts alone.
    /// </summary>
    public string? PlannedBy(EventBatch batch, int row, DateTimeOffset moment)
    {
        foreach (MaintenanceWindow window in Maintenance)
        {
            if (window.EndOf(moment) is not null && window.Matchers.All(m => Meets(m, batch, row)))
                return window.Name;
        }
        return null;
    }

    private static bool Meets(LabelMatcher matcher, EventBatch batch, int row) =>
        batch.Value(row, EventFields.FullName(matcher.Name)) is { } value && matcher.Matches(value);
}
