using Metrics.Series;

namespace Metrics.Rules;

/// <summary>
/// When samples of the past came in, for replays of rules: as live, those that read them are judged then, and not at the interval alone.
/// Of what came in within a tenth of a group's interval only the last moment counts, so that a replay costs at most ten times as much.
/// </summary>
public sealed class SampleFeed
{
    private const int RoundsPerInterval = 10;

    private readonly List<Arrivals> _groups;

    /// <param name="groups">Who reads.</param>
    /// <param name="samples">What came in.</param>
    /// <param name="after">Samples of this moment and before are left out, milliseconds since 1970 UTC.</param>
    /// <param name="to">The last moment.</param>
    public SampleFeed(IReadOnlyList<GroupRunner> groups, Head samples, long after, long to)
    {
        _groups = [.. groups.Select(g => new Arrivals(g, after))];
        var buffer = new SampleBuffer();
        foreach (HeadSeries series in samples.Select([]))
        {
            buffer.Clear();
            foreach (Arrivals group in _groups)
            {
                if (group.Group.Wakes.Of(series.Labels.Name) is not { } readers)
                    continue;
                if (buffer.Count == 0)
                    series.Read(after, to, buffer);
                group.Note(readers, buffer.Times);
            }
        }
        _groups.ForEach(g => g.Sort());
    }

    /// <summary>When the next one comes in, milliseconds since 1970 UTC; <see cref="long.MaxValue"/> when none does.</summary>
    public long Next => _groups.Count == 0 ? long.MaxValue : _groups.Min(g => g.Next);

    /// <summary>Goes on to a moment.</summary>
    /// <param name="at">The moment, milliseconds since 1970 UTC, inclusive.</param>
    /// <returns>The groups that read what came in since, and which of their rules do.</returns>
    public IReadOnlyList<(GroupRunner Group, RuleMask Woken)> TakeUntil(long at) =>
        [.. _groups.Where(g => g.Next <= at).Select(g => (g.Group, g.TakeUntil(at)))];

    /// <summary>The moments in which something of one group came in.</summary>
    private sealed class Arrivals(GroupRunner group, long start)
    {
        private readonly long _step = Math.Max(1, (long)group.Group.Interval.TotalMilliseconds / RoundsPerInterval);
        private readonly Dictionary<long, Arrival> _bySlot = [];
        private Queue<Arrival> _sorted = [];

        private sealed class Arrival(int rules)
        {
            public long Time { get; set; }

            public RuleMask Rules { get; } = new(rules);
        }

        public GroupRunner Group => group;

        public long Next => _sorted.TryPeek(out Arrival? next) ? next.Time : long.MaxValue;

        public void Note(RuleMask readers, ReadOnlySpan<long> times)
        {
            foreach (long time in times)
            {
                long slot = (time - start) / _step;
                if (!_bySlot.TryGetValue(slot, out Arrival? arrival))
                    _bySlot.Add(slot, arrival = new Arrival(group.Rules.Count));
                arrival.Time = Math.Max(arrival.Time, time);
                arrival.Rules.Add(readers);
            }
        }

        public void Sort()
        {
            _sorted = new Queue<Arrival>(_bySlot.Values.OrderBy(a => a.Time));
            _bySlot.Clear();
        }

        public RuleMask TakeUntil(long at)
        {
            var woken = new RuleMask(group.Rules.Count);
            while (Next <= at)
                woken.Add(_sorted.Dequeue().Rules);
            return woken;
        }
    }
}
