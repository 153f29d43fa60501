using Metrics.Model;
using Metrics.Series;

namespace Metrics.Rules.Testing;

/// <summary>Series held in memory, any time apart from now: what tests of rules and queries are evaluated against.</summary>
public sealed class MemorySeries : ISeriesSource
{
    private readonly Dictionary<Labels, OneSeries> _byLabels = [];
    private readonly List<OneSeries> _all = [];
    private readonly Dictionary<string, List<OneSeries>> _byName = [];

    /// <summary>Adds a sample behind those of its series; one that is not newer replaces the last of the same time or is ignored.</summary>
    /// <param name="labels">The series.</param>
    /// <param name="time">Milliseconds since 1970 UTC.</param>
    /// <param name="value">The value, or a stale marker.</param>
    /// <param name="start">When the counter began; 0 is unknown.</param>
    public void Add(Labels labels, long time, double value, long start = 0)
    {
        if (!_byLabels.TryGetValue(labels, out OneSeries? series))
        {
            _byLabels.Add(labels, series = new OneSeries(labels));
            _all.Add(series);
            if (!_byName.TryGetValue(labels.Name, out List<OneSeries>? named))
                _byName.Add(labels.Name, named = []);
            named.Add(series);
        }
        series.Add(time, value, start);
    }

    /// <inheritdoc />
    public IReadOnlyList<ISeries> Select(IReadOnlyList<LabelMatcher> matchers, long after, long to)
    {
        var found = new List<ISeries>();
        string? name = matchers.FirstOrDefault(m => m is { Name: Labels.MetricName, Kind: MatchKind.Equal })?.Value;
        foreach (OneSeries series in name is null ? _all : _byName.GetValueOrDefault(name) ?? [])
        {
            if (matchers.All(m => m.Matches(series.Labels)))
                found.Add(series);
        }
        return found;
    }

    private sealed class OneSeries(Labels labels) : ISeries
    {
        private readonly List<(long Time, double Value, long Start)> _samples = [];

        public Labels Labels => labels;

        public void Add(long time, double value, long start)
        {
            if (_samples.Count > 0 && _samples[^1].Time > time)
                return;
            if (_samples.Count > 0 && _samples[^1].Time == time)
                _samples[^1] = (time, value, start);
            else
                _samples.Add((time, value, start));
        }

        public void Read(long after, long to, SampleBuffer into)
        {
            for (int i = FirstAfter(after); i < _samples.Count && _samples[i].Time <= to; i++)
            {
                if (_samples[i].Start == 0)
                    into.Add(_samples[i].Time, _samples[i].Value);
                else
                    into.Add(_samples[i].Time, _samples[i].Value, _samples[i].Start);
            }
        }

        public bool TryLast(long at, long after, out Sample sample)
        {
            int last = FirstAfter(at) - 1;
            sample = last < 0 ? default : new Sample(_samples[last].Time, _samples[last].Value);
            return last >= 0 && sample.Time > after && !StaleMarker.Is(sample.Value);
        }

        private int FirstAfter(long time)
        {
            int low = 0, high = _samples.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = _samples[middle].Time <= time ? (middle + 1, high) : (low, middle);
            }
            return low;
        }
    }
}
