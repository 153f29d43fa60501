namespace Metrics.Model;

/// <summary>A metric as a poller declares it: name, kind, help and the names of its own labels.</summary>
/// <remarks>Names follow https://prometheus.io/docs/practices/naming/ and the exporters that people know.</remarks>
public sealed class Metric
{
    private Metric(string name, MetricType type, string help, string[] labelNames)
    {
        Name = name;
        Metadata = new MetricMetadata(type, help);
        LabelNames = labelNames;
    }

    /// <summary>The metric name.</summary>
    public string Name { get; }

    /// <summary>Kind and help.</summary>
    public MetricMetadata Metadata { get; }

    /// <summary>Names of the labels that each sample gives values for, in that order.</summary>
    public IReadOnlyList<string> LabelNames { get; }

    /// <summary>A value that goes up and down.</summary>
    public static Metric Gauge(string name, string help, params string[] labelNames) => new(name, MetricType.Gauge, help, labelNames);

    /// <summary>A value that only grows.</summary>
    public static Metric Counter(string name, string help, params string[] labelNames) => new(name, MetricType.Counter, help, labelNames);

    /// <summary>A value of a kind that the source does not tell.</summary>
    public static Metric Untyped(string name, string help, params string[] labelNames) => new(name, MetricType.Unknown, help, labelNames);

    /// <summary>The labels of one series of this metric.</summary>
    /// <exception cref="ArgumentException">The number of values is not that of <see cref="LabelNames"/>.</exception>
    public Labels Series(params ReadOnlySpan<string> values)
    {
        if (values.Length != LabelNames.Count)
            throw new ArgumentException($"{Name} takes {LabelNames.Count} label values, not {values.Length}.", nameof(values));
        var labels = new Label[values.Length + 1];
        labels[0] = new Label(Labels.MetricName, Name);
        for (int i = 0; i < values.Length; i++)
            labels[i + 1] = new Label(LabelNames[i], values[i]);
        return Labels.Of(labels);
    }

    /// <inheritdoc />
    public override string ToString() => Name;
}
