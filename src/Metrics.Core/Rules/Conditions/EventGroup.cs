using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>The events of one group that lie in the window, and the newest of them as evidence.</summary>
internal sealed class EventGroup(Labels series, IEventWindow window, long number, int steps)
{
    /// <summary>Events that an alert shows.</summary>
    internal const int MaxNewest = 5;

    private const int MaxText = 500;
    private const int MaxFields = 32;

    /// <summary>Of each step the newest first.</summary>
    private readonly List<Evidence>[] _newest = [.. Enumerable.Range(0, steps).Select(_ => new List<Evidence>())];
    private bool _hasNoted;
    private string?[]? _keys;

    /// <summary>An event; null while it is still a row of the batch at hand.</summary>
    private readonly record struct Evidence(long Time, long Id, int Row, Event? Event);

    /// <summary>Its fields as labels.</summary>
    public Labels Series => series;

    /// <summary>Tells it from every other group of its rule.</summary>
    public long Number => number;

    /// <summary>What is counted.</summary>
    public IEventWindow Window => window;

    /// <summary>How many of its events came before it had a window.</summary>
    public long Before { get; init; }

    /// <summary>How many events speak for its place, where there are too few.</summary>
    public long Weight => Before + window.Entries;

    /// <summary>When something leaves the window next, as the queue of its owner has it.</summary>
    public long QueuedExpiry { get; set; } = long.MaxValue;

    /// <summary>The same keys as those of its newest event, where they are alike: mostly they are, and so take no memory.</summary>
    public string?[]? Share(string?[]? keys)
    {
        if (keys is null || (_keys is not null && _keys.AsSpan().SequenceEqual(keys)))
            return _keys;
        return _keys = keys;
    }

    /// <summary>The newest events, the newest first.</summary>
    public IReadOnlyList<Event> Newest => steps == 1
        ? [.. _newest[0].Select(e => e.Event!)]
        :
        [
            .. _newest.SelectMany(s => s).DistinctBy(e => e.Id == 0 ? e.Event : (object)e.Id)
                .OrderByDescending(e => e.Time).ThenByDescending(e => e.Id).Select(e => e.Event!),
        ];

    /// <summary>Notes a row as evidence when it is among the newest; <see cref="Keep"/> copies it when its batch is through.</summary>
    /// <param name="batch">Its batch.</param>
    /// <param name="row">The row.</param>
    /// <param name="step">The step that it belongs to.</param>
    /// <param name="max">How many of a step are kept.</param>
    /// <returns>Whether it is the first of its batch.</returns>
    public bool Note(EventBatch batch, int row, int step, int max)
    {
        List<Evidence> newest = _newest[step];
        (long Time, long Id) mine = (batch.Times[row], batch.Ids[row]);
        int place = 0;
        while (place < newest.Count && (newest[place].Time, newest[place].Id).CompareTo(mine) > 0)
            place++;
        if (place >= max || (mine.Id != 0 && place < newest.Count && newest[place].Id == mine.Id))
            return false;
        newest.Insert(place, new Evidence(mine.Time, mine.Id, row, null));
        if (newest.Count > max)
            newest.RemoveRange(max, newest.Count - max);
        bool isFirst = !_hasNoted;
        _hasNoted = true;
        return isFirst;
    }

    /// <summary>Copies the rows that were noted: their batch goes.</summary>
    public void Keep(EventBatch batch)
    {
        _hasNoted = false;
        foreach (List<Evidence> newest in _newest)
        {
            for (int i = 0; i < newest.Count; i++)
            {
                if (newest[i].Event is null)
                    newest[i] = newest[i] with { Event = Shortened(batch.ToEvent(newest[i].Row)) };
            }
        }
    }

    /// <summary>Forgets evidence that has left the window.</summary>
    /// <param name="until">Last moment that has left, milliseconds since 1970 UTC.</param>
    public void ExpireNewest(long until)
    {
        foreach (List<Evidence> newest in _newest)
            newest.RemoveAll(e => e.Event!.MomentMilliseconds <= until);
    }

    /// <summary>Outsiders choose how long texts are.</summary>
    private static Event Shortened(Event one)
    {
        bool fits = one.Body.Length <= MaxText && one.Fields.Count <= MaxFields && one.Fields.All(f => f.Value.Length <= MaxText);
        return fits ? one : one with
        {
            Body = Shorten(one.Body), Fields = [.. one.Fields.Take(MaxFields).Select(f => f with { Value = Shorten(f.Value) })],
        };
    }

    private static string Shorten(string text) => text.Length <= MaxText ? text : EventBounds.Cut(text, MaxText) + "…";
}
