using Metrics.Model;
using Metrics.Query;
using Metrics.Query.Engine;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Which series are judged at a moment: those whose labels agree with all labels of one of these. One look-up a set of label names.
/// </summary>
internal sealed class LearnedGate
{
    private readonly List<LabelGrouping> _byNames = [];

    /// <param name="given">What the expression gave; without labels it holds for every series.</param>
    public LearnedGate(IReadOnlyList<VectorElement> given)
    {
        foreach (IGrouping<string, Labels> alike in given.Select(g => g.Labels.Without(Labels.MetricName)).GroupBy(NamesOf))
        {
            var values = new LabelGrouping([.. ((IEnumerable<Label>)alike.First()).Select(l => l.Name)], only: true);
            foreach (Labels labels in alike)
                values.Of(labels, nameless: false);
            _byNames.Add(values);
        }
    }

    public bool IsOpenFor(Labels series) => _byNames.Exists(b => b.Has(series));

    private static string NamesOf(Labels labels) => string.Join('\n', ((IEnumerable<Label>)labels).Select(l => l.Name));
}
