using Metrics.Model;

namespace Metrics.Query.Engine;

/// <summary>
/// The labels that say which metric a series is of: its name and, where they are kept, its type and unit. They go together when a value is
/// no longer that metric.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/feature_flags/#type-and-unit-labels</remarks>
internal static class MetricIdentity
{
    private const string Type = "__type__";
    private const string Unit = "__unit__";

    /// <summary>Whether a label is one of them.</summary>
    public static bool Has(string label) => label is Labels.MetricName or Type or Unit;

    /// <summary>The labels without them.</summary>
    public static Labels WithoutIdentity(this Labels labels) => labels.Without(Labels.MetricName).Without(Type).Without(Unit);
}
