using Metrics.Model;
using Metrics.Query.Syntax;
using Metrics.Series;

namespace Metrics.Query;

/// <summary>Which series, by conditions on their labels: <c>node_load1{instance="a",job=~"h.*"}</c>.</summary>
/// <param name="Matchers">The conditions, the metric name among them as <c>__name__</c>; at least one does not match the empty
/// text.</param>
public sealed record VectorSelector(IReadOnlyList<LabelMatcher> Matchers)
{
    /// <summary>The metric name, where one is asked for exactly; null otherwise.</summary>
    public string? MetricName =>
        Matchers.FirstOrDefault(IsName)?.Value;

    /// <summary>Reads a selector that is the whole text.</summary>
    /// <param name="text">Such as <c>up{job="host"}</c> or <c>{__name__=~"node_.*"}</c>.</param>
    /// <param name="selector">The selector, when the answer is true.</param>
    /// <param name="error">What is wrong, when it is false.</param>
    public static bool TryParse(string text, out VectorSelector? selector, out QueryError? error)
    {
        selector = Parser.TryParseSelector(text, out error);
        return selector is not null;
    }

    /// <inheritdoc />
    public override string ToString()
    {
        // A name by itself can be given once, and is not empty; another stands as a condition.
        bool isNamed = Matchers.Count(IsName) == 1 && MetricName!.Length > 0;
        bool isPlain = isNamed && IsName(Matchers[0]) && Labels.IsPlainMetricName(Matchers[0].Value);
        string name = isPlain ? Matchers[0].Value : "";
        string conditions = string.Join(',', Matchers.Skip(isPlain ? 1 : 0).Select(m =>
            isNamed && IsName(m) ? Labels.Quote(m.Value) : m.ToString()));
        return conditions.Length == 0 ? name : $"{name}{{{conditions}}}";
    }

    private static bool IsName(LabelMatcher matcher) => matcher is { Name: Labels.MetricName, Kind: MatchKind.Equal };
}
