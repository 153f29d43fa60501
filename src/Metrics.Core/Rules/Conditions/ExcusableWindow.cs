namespace Metrics.Rules.Conditions;

/// <summary>
/// Counts events, or the different values of a field, that nothing excuses. Of a flood the oldest pass: they count at once, as in a window
/// without excuses, and nothing excuses them any more. So nobody hides by sending more.
/// </summary>
/// <param name="isDistinct">Whether values are counted.</param>
/// <param name="window">Length of the window, milliseconds.</param>
/// <param name="wait">How long an event waits before it counts, milliseconds.</param>
internal sealed class ExcusableWindow(bool isDistinct, long window, long wait) : EntryWindow(wait)
{
    /// <summary>What has passed; null while nothing has.</summary>
    private IEventWindow? _passed;

    public override int Entries => base.Entries + (_passed?.Entries ?? 0);

    public override long Oldest => Math.Min(base.Oldest, _passed?.Oldest ?? long.MaxValue);

    public override bool Add(in EventEntry entry) =>
        isDistinct
            ? !string.IsNullOrEmpty(entry.Value) && base.Add(entry with { Value = GroupKey.Short(entry.Value) })
            : base.Add(entry);

    public override long CountAt(long at)
    {
        int counting = CountingAt(at);
        if (!isDistinct)
            return Held.TimesOf(counting) + (_passed?.CountAt(at) ?? 0);
        var values = (DistinctWindow?)_passed;
        IEnumerable<string> held = Enumerable.Range(0, counting).Select(i => Held[i].Value!).Distinct();
        return Math.Min(held.Count(v => values?.Has(v) != true) + (values?.CountAt(at) ?? 0), DistinctWindow.MaxValues);
    }

    public override void Expire(long until)
    {
        base.Expire(until);
        _passed?.Expire(until);
        if (_passed is { Entries: 0 })
            _passed = null;
    }

    public override void Shrink(int entries)
    {
        if (Entries <= entries)
            return;
        Thin(entries / 2);
        _passed?.Shrink(entries / 2);
    }

    protected override void Pass(int count)
    {
        _passed ??= isDistinct ? new DistinctWindow() : new CountWindow(window);
        for (int i = 0; i < count; i++)
            _passed.Add(Held[i]);
    }
}
