using Metrics.Model;

namespace Metrics.Rules;

/// <summary>Events of the past that come in again as time goes by, each when it came in: for tests and for replays of rules.</summary>
/// <param name="batches">In the order in which they came in. Each is disposed when it was handed out, or with the feed.</param>
public sealed class EventFeed(IEnumerable<EventBatch> batches) : IDisposable
{
    private readonly IEnumerator<EventBatch> _batches = batches.GetEnumerator();
    private EventBatch? _batch;
    private int _row;

    /// <summary>A feed of events that are kept.</summary>
    public static EventFeed Of(IReadOnlyList<Event> events) => new(Batches(events));

    /// <summary>When the next event comes in, milliseconds since 1970 UTC; <see cref="long.MaxValue"/> when there is none.</summary>
    public long Next => HasNext() ? _batch!.ObservedTimes[_row] / 1_000_000 : long.MaxValue;

    /// <summary>Hands what comes in up to a moment to groups.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="at">The moment, milliseconds since 1970 UTC, inclusive.</param>
    /// <returns>The groups that have rules about it, and which rules these are: as live, they are to be evaluated at once.</returns>
    public IReadOnlyList<(GroupRunner Group, RuleMask Woken)> HandTo(IReadOnlyList<GroupRunner> groups, long at)
    {
        if (Next > at)
            return [];
        using var arrived = new EventBatch(_batch!.Source);
        while (Next <= at)
            arrived.Add(_batch.ToEvent(_row++));
        return [.. groups.Select(g => (g, g.Take(arrived)!)).Where(g => g.Item2 is not null)];
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _batch?.Dispose();
        _batch = null;
        _batches.Dispose();
    }

    private bool HasNext()
    {
        while (_batch is null || _row == _batch.Count)
        {
            _batch?.Dispose();
            (_batch, _row) = (null, 0);
            if (!_batches.MoveNext())
                return false;
            _batch = _batches.Current;
        }
        return true;
    }

    private static IEnumerable<EventBatch> Batches(IReadOnlyList<Event> events)
    {
        foreach (Event[] chunk in events.Chunk(1024))
        {
            var batch = new EventBatch("kept", chunk.Length);
            foreach (Event one in chunk)
                batch.Add(one);
            yield return batch;
        }
    }
}
