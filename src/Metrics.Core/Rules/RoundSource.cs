using Metrics.Model;
using Metrics.Query;
using Metrics.Series;

namespace Metrics.Rules;

/// <summary>The series as a rule of a group sees them: those of the head, and what the rules before it have recorded this round.</summary>
internal sealed class RoundSource(ISeriesSource inner) : ISeriesSource
{
    private readonly Dictionary<string, Dictionary<Labels, Sample>> _recorded = [];

    public void Add(IReadOnlyList<VectorElement> elements)
    {
        foreach (VectorElement element in elements)
        {
            if (!_recorded.TryGetValue(element.Labels.Name, out Dictionary<Labels, Sample>? series))
                _recorded.Add(element.Labels.Name, series = []);
            series[element.Labels] = element.Sample;
        }
    }

    public IReadOnlyList<ISeries> Select(IReadOnlyList<LabelMatcher> matchers, long after, long to)
    {
        IReadOnlyList<ISeries> found = inner.Select(matchers, after, to);
        if (_recorded.Count == 0 || Matching(matchers) is not { Count: > 0 } fresh)
            return found;
        var all = new List<ISeries>(found.Count + fresh.Count);
        foreach (ISeries series in found)
            all.Add(fresh.Remove(series.Labels, out Sample sample) ? new Extended(series.Labels, series, sample) : series);
        all.AddRange(fresh.Select(f => new Extended(f.Key, null, f.Value)));
        return all;
    }

    /// <summary>Most selectors name their metric, and most metrics are not recorded here.</summary>
    private Dictionary<Labels, Sample>? Matching(IReadOnlyList<LabelMatcher> matchers)
    {
        string? name = matchers.FirstOrDefault(m => m is { Name: Labels.MetricName, Kind: MatchKind.Equal })?.Value;
        if (name is null)
            return _recorded.Values.SelectMany(r => r).Where(Matches).ToDictionary();
        return _recorded.TryGetValue(name, out Dictionary<Labels, Sample>? series) ? series.Where(Matches).ToDictionary() : null;

        bool Matches(KeyValuePair<Labels, Sample> recorded) => matchers.All(m => m.Matches(recorded.Key));
    }

    /// <summary>A series and one sample that is on its way into it.</summary>
    private sealed class Extended(Labels labels, ISeries? inner, Sample newest) : ISeries
    {
        public Labels Labels => labels;

        public void Read(long after, long to, SampleBuffer into)
        {
            inner?.Read(after, Math.Min(to, newest.Time - 1), into);
            if (newest.Time > after && newest.Time <= to)
                into.Add(newest.Time, newest.Value);
        }

        public bool TryLast(long at, long after, out Sample sample)
        {
            if (newest.Time > at)
            {
                sample = default;
                return inner is not null && inner.TryLast(at, after, out sample);
            }
            sample = newest;
            return newest.Time > after;
        }
    }
}
