namespace Metrics.Routing;

/// <summary>Somebody is at an alert: it is neither repeated nor escalated.</summary>
/// <param name="FiredAt">When the alert fired, milliseconds since 1970 UTC; an acknowledgement holds for one time that it fires.</param>
/// <param name="By">Who.</param>
/// <param name="At">Since when, milliseconds since 1970 UTC.</param>
/// <param name="Comment">What they said.</param>
public sealed record Acknowledgement(long FiredAt, string By, long At, string Comment)
{
    /// <summary>Whether it holds for an alert as it fires now.</summary>
    public bool HoldsFor(RoutedAlert alert) => FiredAt == alert.FiredAt || alert.IsFlapping;
}
