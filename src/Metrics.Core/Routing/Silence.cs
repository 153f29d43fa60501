using Metrics.Model;
using Metrics.Series;

namespace Metrics.Routing;

/// <summary>A span of time in which nobody is notified of the alerts that match.</summary>
/// <param name="Id">A GUID.</param>
/// <param name="Matchers">What an alert must meet, all of it.</param>
/// <param name="StartsAt">From when on.</param>
/// <param name="EndsAt">Until when.</param>
/// <param name="CreatedBy">Who wants it.</param>
/// <param name="Comment">Why.</param>
/// <param name="UpdatedAt">When it was changed last.</param>
public sealed record Silence(
    string Id, IReadOnlyList<LabelMatcher> Matchers, Timestamp StartsAt, Timestamp EndsAt, string CreatedBy, string Comment,
    Timestamp UpdatedAt)
{
    /// <summary>Where it is in its life, in Alertmanager's words.</summary>
    public string StateAt(Timestamp now) => now < StartsAt ? "pending" : now < EndsAt ? "active" : "expired";

    /// <summary>Whether nobody is notified of an alert now, because of it.</summary>
    public bool IsOn(Labels alert, Timestamp now) => StartsAt <= now && now < EndsAt && Matches(alert);

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
