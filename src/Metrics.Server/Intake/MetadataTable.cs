using System.Collections.Concurrent;
using Metrics.Model;
using Metrics.Series;

namespace Metrics.Intake;

/// <summary>What is known of metrics by name: the newest word wins. Bounded, since outsiders choose the names.</summary>
internal sealed class MetadataTable
{
    private const int MaxMetrics = 200_000;
    private const int MaxTextLength = 4_096;

    private readonly ConcurrentDictionary<string, MetricMetadata> _metadata = new();

    public void Set(string metric, MetricMetadata metadata)
    {
        if (metric.Length > SeriesBounds.MaxValueLength || (!_metadata.ContainsKey(metric) && _metadata.Count >= MaxMetrics))
            return;
        _metadata[metric] = metadata.Help.Length > MaxTextLength ? metadata with { Help = metadata.Help[..MaxTextLength] } : metadata;
    }

    /// <summary>All that is known.</summary>
    public IEnumerable<KeyValuePair<string, MetricMetadata>> All() => _metadata;

    /// <summary>Kind and help of a metric, or null.</summary>
    public MetricMetadata? Find(string metric) => _metadata.GetValueOrDefault(metric);
}
