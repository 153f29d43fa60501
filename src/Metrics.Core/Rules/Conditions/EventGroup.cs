using Metrics.Model;

namespace Metrics.Rules.Conditions;

/// <summary>The events of one group that lie in the window, and the newest of them as evidence.</summary>
internal sealed class EventGroup(Labels series, IEventWindow window, long number)
{
    /// <summary>Events that an alert shows.</summary>
    internal const int MaxNewest = 5;

    private const int MaxText = 500;
    private const int MaxFields = 32;

    private readonly List<Event> _newest = [];

    /// <summary>Its fields as labels.</summary>
    public Labels Series => series;

    /// <summary>Tells it from every other group of its rule.</summary>
    public long Number => number;

    /// <summary>What is counted.</summary>
    public IEventWindow Window => window;

    /// <summary>When something leaves the window next, as the queue of its owner has it.</summary>
    public long QueuedExpiry { get; set; } = long.MaxValue;

    /// <summary>The newest events, the newest first.</summary>
    public IReadOnlyList<Event> Newest => [.. _newest];

    /// <summary>Keeps a row as evidence when it is among the newest.</summary>
    /// <param name="batch">Its batch.</param>
    /// <param name="row">The row.</param>
    /// <param name="max">How many are kept.</param>
    public void Keep(EventBatch batch, int row, int max)
    {
        (long Time, long Id) mine = (batch.Times[row], batch.Ids[row]);
        int place = _newest.FindIndex(e => (e.Time, e.Id).CompareTo(mine) <= 0);
        if (place >= 0 && mine.Id != 0 && _newest[place].Id == mine.Id)
            return;
        place = place < 0 ? _newest.Count : place;
        if (place >= max)
            return;
        _newest.Insert(place, Shortened(batch.ToEvent(row)));
        if (_newest.Count > max)
            _newest.RemoveRange(max, _newest.Count - max);
    }

    /// <summary>Forgets evidence that has left the window.</summary>
    /// <param name="until">Last moment that has left, milliseconds since 1970 UTC.</param>
    public void ExpireNewest(long until) => _newest.RemoveAll(e => EventGroups.MomentOf(e.Time, e.ObservedTime) <= until);

    /// <summary>Outsiders choose how long texts are.</summary>
    private static Event Shortened(Event one) => one with
    {
        Body = Shorten(one.Body), Fields = [.. one.Fields.Take(MaxFields).Select(f => f with { Value = Shorten(f.Value) })],
    };

    private static string Shorten(string text) => text.Length <= MaxText ? text : text[..MaxText] + "…";
}
