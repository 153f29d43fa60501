namespace Metrics.Telemetry;

/// <summary>
/// What a room says of itself: a small class beside its code that declares each metric once, as a property. It is registered by
/// <see cref="TelemetryServices.AddOwnMetrics{T}"/>.
/// </summary>
internal abstract class OwnMetrics(MetricRegistry registry)
{
    /// <inheritdoc cref="MetricRegistry.Faults" />
    public Faults Faults => registry.Faults;

    /// <inheritdoc cref="MetricRegistry.Damages" />
    public Damages Damages => registry.Damages;
    /// <inheritdoc cref="MetricRegistry.Ledger" />
    public Ledger Ledger => registry.Ledger;

    /// <inheritdoc cref="MetricRegistry.BeforeCollect" />
    public void BeforeCollect(Action update) => registry.BeforeCollect(update);
}
