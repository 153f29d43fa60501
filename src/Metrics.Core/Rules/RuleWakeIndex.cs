namespace Metrics.Rules;

/// <summary>
/// Which rules of a group are to be evaluated when something arrives: those that read it, and those after them that read what these
/// record. Rules before them that did not get anything new stay as they are. Immutable.
/// </summary>
public sealed class RuleWakeIndex
{
    private static readonly string[] s_alertMetrics = [AlertSeries.Metric, AlertSeries.ForStateMetric];

    private readonly Dictionary<string, RuleMask> _byMetric = [];
    private readonly RuleMask?[] _downstream;

    /// <param name="rules">The group's rules in the order of the file.</param>
    public RuleWakeIndex(IReadOnlyList<Rule> rules)
    {
        var readers = new Dictionary<string, List<int>>();
        var readersOfAny = new List<int>();
        for (int i = 0; i < rules.Count; i++)
            NoteReader(rules[i], i);
        _downstream = Downstream(rules, readers, readersOfAny);
        foreach ((string metric, List<int> places) in readers)
            _byMetric[metric] = MaskOf(places, _downstream);
        OfAny = readersOfAny.Count == 0 ? null : MaskOf(readersOfAny, _downstream);

        void NoteReader(Rule rule, int place)
        {
            if (rule.Metrics is not { } names)
            {
                readersOfAny.Add(place);
                return;
            }
            foreach (string name in names)
            {
                if (!readers.TryGetValue(name, out List<int>? places))
                    readers.Add(name, places = []);
                places.Add(place);
            }
        }
    }

    /// <summary>By metric name: the rules that its arrival concerns.</summary>
    public IReadOnlyDictionary<string, RuleMask> ByMetric => _byMetric;

    /// <summary>The rules that the arrival of any metric concerns, since they may read any; null when there is none.</summary>
    public RuleMask? OfAny { get; }

    /// <summary>The rules that the arrival of a metric concerns; null when there is none. Not to be changed.</summary>
    public RuleMask? Of(string metric) => (_byMetric.GetValueOrDefault(metric), OfAny) switch
    {
        ({ } readers, { } ofAny) => RuleMask.Of([readers, ofAny]),
        var (readers, ofAny) => readers ?? ofAny,
    };

    /// <summary>The rules that news for one rule concerns: itself, and those after it that read what it writes.</summary>
    public RuleMask Of(int rule) => MaskOf([rule], _downstream);

    /// <summary>By rule: those after it that read, at first or second hand, what it records; null where nobody does.</summary>
    private static RuleMask?[] Downstream(IReadOnlyList<Rule> rules, Dictionary<string, List<int>> readers, List<int> readersOfAny)
    {
        var downstream = new RuleMask?[rules.Count];
        for (int i = rules.Count - 1; i >= 0; i--)
        {
            foreach (string written in rules[i] is RecordingRule ? [rules[i].Name] : s_alertMetrics)
            {
                foreach (int reader in readers.GetValueOrDefault(written, []).Concat(readersOfAny))
                {
                    if (reader <= i)
                        continue;
                    RuleMask mask = downstream[i] ??= new RuleMask(rules.Count);
                    mask.Add(reader);
                    if (downstream[reader] is { } further)
                        mask.Add(further);
                }
            }
        }
        return downstream;
    }

    private static RuleMask MaskOf(List<int> places, RuleMask?[] downstream)
    {
        var mask = new RuleMask(downstream.Length);
        foreach (int place in places)
        {
            mask.Add(place);
            if (downstream[place] is { } further)
                mask.Add(further);
        }
        return mask;
    }
}
