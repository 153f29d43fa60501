namespace Metrics.Rules.Conditions;

/// <summary>
/// Counts events, or the different values of a field, that nothing excuses. Exact up to its bound; beyond it the count is the bound itself,
/// never more.
/// </summary>
/// <param name="isDistinct">Whether values are counted.</param>
/// <param name="wait">How long an event waits before it counts, milliseconds.</param>
internal sealed class ExcusableWindow(bool isDistinct, long wait) : EntryWindow(wait)
{
    public override bool Add(in EventEntry entry) =>
        isDistinct
            ? !string.IsNullOrEmpty(entry.Value) && base.Add(entry with { Value = GroupKey.Short(entry.Value) })
            : base.Add(entry);

    public override long CountAt(long at)
    {
        int count = CountingAt(at);
        if (isDistinct)
            count = Enumerable.Range(0, count).Select(i => Held[i].Value).Distinct().Count();
        return Math.Min(count, MaxEntries);
    }
}
