namespace Metrics.Model;

/// <summary>What kind of numbers a metric gives.</summary>
public enum MetricType
{
    /// <summary>Not told.</summary>
    Unknown,

    /// <summary>Only grows, except for resets to zero.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Cumulative buckets with <c>le</c>, a sum and a count.</summary>
    Histogram,

    /// <summary>A histogram whose buckets can fall.</summary>
    GaugeHistogram,

    /// <summary>Quantiles, a sum and a count.</summary>
    Summary,

    /// <summary>The constant 1, the labels tell.</summary>
    Info,

    /// <summary>One boolean series a state.</summary>
    StateSet,
}

/// <summary>What is known of a metric apart from its samples.</summary>
/// <param name="Type">Kind of numbers.</param>
/// <param name="Help">One line for people, unescaped; may be empty.</param>
/// <param name="Unit">Base unit as OpenMetrics has it (<c>seconds</c>, <c>bytes</c>), or empty.</param>
public sealed record MetricMetadata(MetricType Type, string Help, string Unit = "");
