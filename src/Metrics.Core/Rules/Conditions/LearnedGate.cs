using Metrics.Model;
using Metrics.Query;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Which series are judged at a moment: those whose labels agree with all labels of one of these. One look-up a set of label names.
/// </summary>
internal sealed class LearnedGate
{
    private readonly List<(string[] Names, HashSet<Labels> Values)> _byNames = [];

    /// <param name="given">What the expression gave; without labels it holds for every series.</param>
    public LearnedGate(IReadOnlyList<VectorElement> given)
    {
        foreach (IGrouping<string, Labels> alike in given.Select(g => g.Labels.Without(Labels.MetricName)).GroupBy(NamesOf))
            _byNames.Add(([.. ((IEnumerable<Label>)alike.First()).Select(l => l.Name)], [.. alike]));
    }

    public bool IsOpenFor(Labels series) => _byNames.Exists(b => b.Values.Contains(Only(series, b.Names)));

    private static string NamesOf(Labels labels) => string.Join('\n', ((IEnumerable<Label>)labels).Select(l => l.Name));

    private static Labels Only(Labels series, string[] names) =>
        Labels.Of([.. names.Where(n => series[n].Length > 0).Select(n => new Label(n, series[n]))]);
}
