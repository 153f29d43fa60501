using System.Globalization;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Alerting;

/// <summary>Why nobody is told of an alert: a silence, another alert, or the calendar.</summary>
/// <param name="silences">Asked for silences; null is none.</param>
/// <param name="routing">The configuration's.</param>
internal sealed class Suppression(Silences? silences, RoutingOptions routing)
{
    /// <summary>The alerts that fire, by what they may inhibit.</summary>
    public Inhibitor Inhibitor { get; } = new(routing.Inhibits);

    /// <summary>The reason in a few words, or null when people are told.</summary>
    public string? Reason(Labels alert, long now)
    {
        if (silences?.Of(alert, now).FirstOrDefault() is { } silence)
            return $"silenced by {silence.CreatedBy}: {silence.Comment} ({silence.Id})";
        if (Inhibitor.InhibitedBy(alert) is { } source)
            return $"inhibited by {source}";
        DateTimeOffset moment = DateTimeOffset.FromUnixTimeMilliseconds(now);
        foreach (MaintenanceWindow window in routing.Maintenance)
        {
            if (window.Matches(alert) && window.EndOf(moment) is { } end)
                return string.Create(CultureInfo.InvariantCulture, $"in the maintenance window {window.Name} until {end:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        }
        return null;
    }

    /// <summary>Why a route is mute now, or null.</summary>
    public string? Reason(Route route, long now)
    {
        DateTimeOffset moment = DateTimeOffset.FromUnixTimeMilliseconds(now);
        if (route.MuteTimeIntervals.FirstOrDefault(IsNow) is { } mute)
            return $"the route is mute in {mute}";
        return route.ActiveTimeIntervals.Count > 0 && !route.ActiveTimeIntervals.Any(IsNow) ? $"the route is active only in {string.Join(", ", route.ActiveTimeIntervals)}" : null;

        bool IsNow(string name) => routing.TimeIntervals[name].Any(i => i.Contains(moment));
    }
}
