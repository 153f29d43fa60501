using Metrics.Model;

namespace Metrics.Routing;

/// <summary>Somebody is at an alert: it is neither repeated nor escalated.</summary>
/// <param name="FiredAt">When the alert fired; an acknowledgement holds for one time that it fires.</param>
/// <param name="By">Who.</param>
/// <param name="At">Since when.</param>
/// <param name="Comment">What they said.</param>
public sealed record Acknowledgement(Timestamp FiredAt, string By, Timestamp At, string Comment)
{
    /// <summary>Whether it holds for an alert as it fires now.</summary>
    public bool HoldsFor(RoutedAlert alert) => FiredAt == alert.FiredAt || alert.IsFlapping;
}
