using Metrics.Model;
using Metrics.Series;

namespace Metrics.Querying;

/// <summary>
/// The series of a query: the head's, and before the moment up to which the head is complete those of the store. Each sample comes from one
/// of them alone, so that nothing is missing and nothing is there twice.
/// </summary>
/// <param name="head">The recent window.</param>
/// <param name="boundary">The last moment that the store answers for, milliseconds since 1970 UTC.</param>
internal sealed class HeadAndStoreSource(Head head, long boundary) : ISeriesSource
{
    private readonly Dictionary<Labels, StoredSeries> _stored = [];

    /// <summary>Whether the store has given nothing yet.</summary>
    public bool IsEmpty => _stored.Count == 0;

    /// <summary>Adds samples of the store; those of one series in order of time, but for repeats.</summary>
    /// <returns>How many series are new by them.</returns>
    public int Add(SampleBatch batch)
    {
        int before = _stored.Count;
        for (int i = 0; i < batch.Count; i++)
        {
            if (!_stored.TryGetValue(batch.Series[i], out StoredSeries? series))
                _stored.Add(batch.Series[i], series = new StoredSeries(batch.Series[i]));
            series.Add(batch.Times[i], batch.Values[i]);
        }
        return _stored.Count - before;
    }

    /// <summary>Brings what came late into its place.</summary>
    public void Seal()
    {
        foreach (StoredSeries series in _stored.Values)
            series.Sort();
    }

    public IReadOnlyList<ISeries> Select(IReadOnlyList<LabelMatcher> matchers, long after, long to)
    {
        List<HeadSeries> recent = head.Select(matchers);
        if (after >= boundary)
            return recent;
        var all = new List<ISeries>(recent.Count);
        var joined = new HashSet<Labels>();
        foreach (HeadSeries series in recent)
        {
            joined.Add(series.Labels);
            all.Add(new Joined(_stored.GetValueOrDefault(series.Labels), series, boundary));
        }
        foreach ((Labels labels, StoredSeries series) in _stored)
        {
            if (!joined.Contains(labels) && matchers.All(m => m.Matches(labels)))
                all.Add(series);
        }
        return all;
    }

    private sealed class Joined(StoredSeries? stored, HeadSeries recent, long boundary) : ISeries
    {
        public Labels Labels => recent.Labels;

        public void Read(long after, long to, SampleBuffer into)
        {
            if (after < boundary)
                stored?.Read(after, Math.Min(to, boundary), into);
            if (to > boundary)
                recent.Read(Math.Max(after, boundary), to, into);
        }

        public bool TryLast(long at, long after, out Sample sample)
        {
            if (at > boundary)
            {
                recent.TryLast(at, long.MinValue, out sample);
                if (sample.Time > boundary)
                    return sample.Time > after && !StaleMarker.Is(sample.Value);
            }
            sample = default;
            return stored is not null && stored.TryLast(Math.Min(at, boundary), after, out sample);
        }
    }

    private sealed class StoredSeries(Labels labels) : ISeries
    {
        private readonly List<long> _times = [];
        private readonly List<double> _values = [];
        private bool _unsorted;

        public Labels Labels => labels;

        public void Add(long time, double value)
        {
            _unsorted |= _times.Count > 0 && time <= _times[^1];
            _times.Add(time);
            _values.Add(value);
        }

        public void Sort()
        {
            if (!_unsorted)
                return;
            // The same moment may have been written twice, by a replay or a late repeat: the first word counts, as in the head.
            var sorted = _times.Zip(_values).DistinctBy(s => s.First).OrderBy(s => s.First).ToList();
            _times.Clear();
            _values.Clear();
            foreach ((long time, double value) in sorted)
            {
                _times.Add(time);
                _values.Add(value);
            }
            _unsorted = false;
        }

        public void Read(long after, long to, SampleBuffer into)
        {
            for (int i = FirstAfter(after); i < _times.Count && _times[i] <= to; i++)
                into.Add(_times[i], _values[i]);
        }

        public bool TryLast(long at, long after, out Sample sample)
        {
            int last = FirstAfter(at) - 1;
            sample = last < 0 ? default : new Sample(_times[last], _values[last]);
            return last >= 0 && sample.Time > after && !StaleMarker.Is(sample.Value);
        }

        private int FirstAfter(long time)
        {
            int place = _times.BinarySearch(time);
            return place >= 0 ? place + 1 : ~place;
        }
    }
}
