using Metrics.Model;
using Metrics.Series;

namespace Metrics.Query;

/// <summary>Which series, by conditions on their labels: <c>node_load1{instance="a",job=~"h.*"}</c>.</summary>
/// <param name="Matchers">The conditions, the metric name among them as <c>__name__</c>; at least one does not match the empty text.</param>
public sealed record VectorSelector(IReadOnlyList<LabelMatcher> Matchers)
{
    /// <summary>The metric name, where one is asked for exactly; null otherwise.</summary>
    public string? MetricName =>
        Matchers.FirstOrDefault(m => m.Name == Labels.MetricName && m.Kind == MatchKind.Equal)?.Value;

    /// <inheritdoc />
    public override string ToString() => MetricName is { } name && Matchers.Count(m => m.Name == Labels.MetricName) == 1 && SelectorParser.IsPlainName(name)
        ? Matchers.Count == 1 ? name : $"{name}{{{string.Join(',', Matchers.Where(m => m.Name != Labels.MetricName))}}}"
        : $"{{{string.Join(',', Matchers)}}}";
}
