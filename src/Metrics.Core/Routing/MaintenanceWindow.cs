using Metrics.Model;
using Metrics.Series;

namespace Metrics.Routing;

/// <summary>A planned time that comes again and again, in which nobody is notified of the alerts that match.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Matchers">What an alert must meet; nothing is every alert.</param>
/// <param name="EndOf">When the window that holds a moment ends; null when the moment lies outside. A pure function of the moment.</param>
public sealed record MaintenanceWindow(string Name, IReadOnlyList<LabelMatcher> Matchers, Func<DateTimeOffset, DateTimeOffset?> EndOf)
{
    /// <summary>Whether it is about an alert.</summary>
    public bool Matches(Labels alert)
    {
        foreach (LabelMatcher matcher in Matchers)
        {
            if (!matcher.Matches(alert))
                return false;
        }
        return true;
    }
}
