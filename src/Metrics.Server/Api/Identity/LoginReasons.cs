namespace Metrics.Api.Identity;

/// <summary>Why log-ins failed: the reason of most of them, in little memory.</summary>
internal sealed class LoginReasons
{
    /// <summary>Different reasons that are counted, the first ones; of further ones only how many there were.</summary>
    private const int MaxCounted = 3;

    private readonly List<(string Reason, long Count)> _counted = [];
    private long _all;

    /// <summary>The reason of more than half of those that have one; empty where none is, or it came too late to be counted.</summary>
    public string OfMost => _counted.Find(c => c.Count * 2 > _all).Reason ?? "";

    public void Add(string reason, long count = 1)
    {
        if (reason.Length == 0)
            return;
        _all += count;
        int at = _counted.FindIndex(c => c.Reason == reason);
        if (at >= 0)
            _counted[at] = (reason, _counted[at].Count + count);
        else if (_counted.Count < MaxCounted)
            _counted.Add((reason, count));
    }

    /// <summary>Takes over others.</summary>
    public void Add(LoginReasons other)
    {
        foreach ((string reason, long count) in other._counted)
            Add(reason, count);
        _all += other._all - other._counted.Sum(c => c.Count);
    }
}
