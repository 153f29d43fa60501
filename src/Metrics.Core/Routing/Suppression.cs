using Metrics.Model;

namespace Metrics.Routing;

/// <summary>Why nobody is notified of an alert: a silence, another alert, or the calendar. Not for use by two threads at once.</summary>
/// <param name="routing">The configuration's.</param>
public sealed class Suppression(RoutingOptions routing)
{
    /// <summary>The alerts that fire, by what they may inhibit.</summary>
    public Inhibitor Inhibitor { get; } = new(routing.Inhibits);

    /// <summary>All silences; those that are not on now do no harm.</summary>
    public IReadOnlyList<Silence> Silences { get; set; } = [];

    /// <summary>The reason, or null when people are notified.</summary>
    public SuppressionReason? Reason(Labels alert, Timestamp now)
    {
        foreach (Silence silence in Silences)
        {
            if (silence.IsOn(alert, now))
                return new SuppressionReason.Silenced(silence);
        }
        if (Inhibitor.InhibitedBy(alert) is { } source)
            return new SuppressionReason.Inhibited(source);
        DateTimeOffset moment = now.ToDateTimeOffset();
        foreach (MaintenanceWindow window in routing.Maintenance)
        {
            if (window.Matches(alert) && window.EndOf(moment) is { } end)
                return new SuppressionReason.InMaintenance(window.Name, end);
        }
        return null;
    }

    /// <summary>Why a route is mute now, or null.</summary>
    public SuppressionReason? Reason(Route route, Timestamp now)
    {
        DateTimeOffset moment = now.ToDateTimeOffset();
        if (route.MuteTimeIntervals.FirstOrDefault(IsNow) is { } mute)
            return new SuppressionReason.RouteIsMute(mute);
        return route.ActiveTimeIntervals.Count > 0 && !route.ActiveTimeIntervals.Any(IsNow)
            ? new SuppressionReason.RouteIsNotActive(route.ActiveTimeIntervals) : null;

        bool IsNow(string name) => routing.TimeIntervals[name].Any(i => i.Contains(moment));
    }
}
