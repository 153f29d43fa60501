namespace Metrics.Rules.Conditions;

/// <summary>
/// Counts the different values of a field, each by the newest event that has it. Exact up to its bound; beyond it the values that are
/// heard of last are kept, so that the count is the bound itself, never more.
/// </summary>
internal sealed class DistinctWindow : IEventWindow
{
    /// <summary>Values that one group may have.</summary>
    internal const int MaxValues = 4096;

    private readonly Dictionary<string, long> _newest = [];
    private readonly SortedSet<(long Time, string Value)> _byTime = new(Comparer<(long Time, string Value)>.Create(Compare));

    public int Entries => _newest.Count;

    public long Oldest => _byTime.Count == 0 ? long.MaxValue : _byTime.Min.Time;

    public long CountAt(long at) => _newest.Count;

    /// <summary>Whether a value is there; as it is kept (<see cref="GroupKey.Short"/>).</summary>
    public bool Has(string value) => _newest.ContainsKey(value);

    public bool Add(in EventEntry entry)
    {
        if (string.IsNullOrEmpty(entry.Value))
            return false;
        string value = GroupKey.Short(entry.Value);
        long time = entry.Time;
        if (_newest.TryGetValue(value, out long known))
        {
            if (known >= time)
                return true;
            _byTime.Remove((known, value));
        }
        _newest[value] = time;
        _byTime.Add((time, value));
        Shrink(MaxValues);
        return true;
    }

    public void Expire(long until)
    {
        while (_byTime.Count > 0 && _byTime.Min.Time <= until)
            RemoveOldest();
    }

    public void Shrink(int entries)
    {
        while (_byTime.Count > entries)
            RemoveOldest();
    }

    private void RemoveOldest()
    {
        (long Time, string Value) oldest = _byTime.Min;
        _byTime.Remove(oldest);
        _newest.Remove(oldest.Value);
    }

    private static int Compare((long Time, string Value) a, (long Time, string Value) b) =>
        a.Time != b.Time ? a.Time.CompareTo(b.Time) : string.CompareOrdinal(a.Value, b.Value);
}
