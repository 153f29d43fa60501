namespace Metrics.Model;

/// <summary>One value of a series at one moment.</summary>
/// <param name="Time">Milliseconds since 1970 UTC.</param>
/// <param name="Value">The value; a stale marker (see <see cref="StaleMarker"/>) ends the series at this moment.</param>
public readonly record struct Sample(long Time, double Value);
