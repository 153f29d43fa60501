using Metrics.Model;

namespace Metrics.Pollers;

/// <summary>
/// Targets that were listed since this process began and no longer are. Whoever watches what they gave knows by this that it was taken
/// away, and did not fall silent. Written by one thread; <see cref="All"/> may be read by any.
/// </summary>
internal sealed class RetiredTargets
{
    /// <summary>How many are remembered; the oldest go.</summary>
    public const int Max = 10_000;

    private readonly Dictionary<Labels, long> _retired = [];
    private HashSet<Labels> _listed = [];
    private volatile ILookup<TargetName, RetiredTarget> _all = Array.Empty<RetiredTarget>().ToLookup(r => r.Name);

    /// <summary>All of them, by name; a snapshot.</summary>
    public ILookup<TargetName, RetiredTarget> All => _all;

    /// <summary>Notes what is listed: what was and is not any more is retired.</summary>
    /// <param name="targets">The labels of all targets.</param>
    /// <param name="now">The moment.</param>
    public void Note(IEnumerable<Labels> targets, Timestamp now)
    {
        HashSet<Labels> listed = [.. targets];
        if (listed.SetEquals(_listed))
            return;
        foreach (Labels gone in _listed.Where(l => !listed.Contains(l)))
            _retired[gone] = now.Milliseconds;
        foreach (Labels back in listed)
            _retired.Remove(back);
        foreach (Labels oldest in _retired.OrderBy(r => r.Value).Take(_retired.Count - Max).Select(r => r.Key).ToList())
            _retired.Remove(oldest);
        ILookup<TargetName, Labels> left = listed.ToLookup(TargetName.Of);
        _all = _retired.Select(r => new RetiredTarget(r.Key, r.Value) { Left = [.. left[TargetName.Of(r.Key)]] }).ToLookup(r => r.Name);
        _listed = listed;
    }
}
