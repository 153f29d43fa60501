using Metrics.Intake.Marks;
using Metrics.Routing;

namespace Metrics.Hosting;

/// <summary>The calendar that was read with who is notified, for those who look at events.</summary>
internal static class EventCalendars
{
    public static EventCalendar Of(RoutingOptions routing) => new(
        [.. routing.Maintenance.Select(m => new PlannedTime(m.Name, m.Matchers, moment => m.EndOf(moment) is not null))],
        routing.TimeIntervals.TryGetValue(EventCalendar.WorkingHours, out IReadOnlyList<TimeInterval>? hours)
            ? moment => hours.Any(h => h.Contains(moment)) : null);
}
