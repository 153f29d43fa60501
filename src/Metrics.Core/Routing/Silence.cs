using Metrics.Model;
using Metrics.Series;

namespace Metrics.Routing;

/// <summary>A span of time in which nobody is notified of the alerts that match.</summary>
/// <param name="Id">A GUID.</param>
/// <param name="Matchers">What an alert must meet, all of it.</param>
/// <param name="StartsAt">Milliseconds since 1970 UTC.</param>
/// <param name="EndsAt">Milliseconds since 1970 UTC.</param>
/// <param name="CreatedBy">Who wants it.</param>
/// <param name="Comment">Why.</param>
/// <param name="UpdatedAt">Milliseconds since 1970 UTC.</param>
public sealed record Silence(
    string Id, IReadOnlyList<LabelMatcher> Matchers, long StartsAt, long EndsAt, string CreatedBy, string Comment, long UpdatedAt)
{
    /// <summary>Where it is in its life, in Alertmanager's words.</summary>
    public string StateAt(long now) => now < StartsAt ? "pending" : now < EndsAt ? "active" : "expired";

    /// <summary>Whether nobody is notified of an alert now, because of it.</summary>
    public bool IsOn(Labels alert, long now) => StartsAt <= now && now < EndsAt && Matches(alert);

    /// <summary>Whether an alert meets it, whatever the time.</summary>
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
