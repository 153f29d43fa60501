using System.Security.Cryptography;
using System.Text;

namespace Metrics.Rules.Conditions;

/// <summary>
/// Counts the different values of a field, each by the newest event that has it. Exact up to its bound; beyond it the values that are
/// heard of last are kept, so that the count is the bound itself, never more.
/// </summary>
internal sealed class DistinctWindow : IEventWindow
{
    /// <summary>Values that one group may have.</summary>
    internal const int MaxValues = 4096;

    /// <summary>A longer value is kept as its digest: outsiders choose how long values are.</summary>
    private const int MaxLength = 100;

    private readonly Dictionary<string, long> _newest = [];
    private readonly SortedSet<(long Time, string Value)> _byTime = new(Comparer<(long Time, string Value)>.Create(Compare));

    public long Count => _newest.Count;

    public int Entries => _newest.Count;

    public long Oldest => _byTime.Count == 0 ? long.MaxValue : _byTime.Min.Time;

    public bool Add(long time, long id, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return false;
        if (value.Length > MaxLength)
            value = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(value)));
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
