namespace Metrics.Api.Identity;

/// <summary>
/// Why log-ins failed: the reason of most of them, in little memory, by the algorithm <em>space-saving</em>. What is not among the few that
/// are counted takes the place of the rarest, and its count, of which it is noted how much may be others'.
/// </summary>
internal sealed class LoginReasons
{
    /// <summary>Different reasons that are counted at one time.</summary>
    private const int MaxCounted = 4;

    private readonly List<(string Reason, long Count, long Others)> _counted = [];
    private long _all;

    /// <summary>The reason of more than half of those that have one; empty where none is, or it cannot be told among many.</summary>
    public string OfMost => _counted.Find(c => (c.Count - c.Others) * 2 > _all).Reason ?? "";

    public void Add(string reason)
    {
        if (reason.Length == 0)
            return;
        _all++;
        Add(reason, 1, 0);
    }

    /// <summary>Takes over others.</summary>
    public void Add(LoginReasons other)
    {
        _all += other._all;
        foreach ((string reason, long count, long others) in other._counted)
            Add(reason, count, others);
    }

    private void Add(string reason, long count, long others)
    {
        int at = _counted.FindIndex(c => c.Reason == reason);
        if (at >= 0)
        {
            _counted[at] = (reason, _counted[at].Count + count, _counted[at].Others + others);
            return;
        }
        if (_counted.Count < MaxCounted)
        {
            _counted.Add((reason, count, others));
            return;
        }
        at = _counted.IndexOf(_counted.MinBy(c => c.Count));
        long before = _counted[at].Count;
        _counted[at] = (reason, before + count, before + others);
    }
}
