namespace Metrics.Api.Identity;

/// <summary>What is counted of the attempts of one account, or from one address.</summary>
internal class LoginCount
{
    /// <summary>Different addresses or accounts of one that are told apart.</summary>
    public const int MaxOthers = 1_000;

    /// <summary>The other sides, by hash: outsiders choose them, and only how many there are is asked for.</summary>
    private readonly HashSet<int> _others = [];
    private readonly LoginReasons _reasons = new();

    public long Failures { get; private set; }

    public long Lockouts { get; private set; }

    public int Others => _others.Count;

    /// <summary>Whether there were more others than are told apart.</summary>
    public bool HasMoreOthers { get; private set; }

    public long First { get; private set; } = long.MaxValue;

    public long? LastFailure { get; private set; }

    public long? LastSuccess { get; private set; }

    /// <summary>The reason of most failures, if most have the same.</summary>
    public string Reason => _reasons.OfMost;

    /// <summary>Who is kept where there are too many: whoever got in once first.</summary>
    public virtual long Weight => Failures + (LastSuccess is not null ? 1L << 60 : 0);

    /// <param name="one">The attempt.</param>
    /// <param name="other">Hash of the other side, where it came from, or for whom; null where that is not known.</param>
    /// <param name="mayGrow">Whether there is room for one more of the other side.</param>
    public virtual void Add(LoginAttempt one, int? other, bool mayGrow)
    {
        if (!one.IsFailure)
        {
            LastSuccess = Math.Max(LastSuccess ?? 0, one.Time);
            return;
        }
        Failures++;
        Lockouts += one.IsLocked ? 1 : 0;
        First = Math.Min(First, one.Time);
        LastFailure = Math.Max(LastFailure ?? 0, one.Time);
        if (other is { } hash)
            AddOther(hash, mayGrow);
        _reasons.Add(one.Reason);
    }

    /// <summary>Accounts of the other side that turned out to be others: they count once.</summary>
    public void Join(Dictionary<int, int> same)
    {
        foreach (int other in (int[])[.. _others.Where(same.ContainsKey)])
        {
            _others.Remove(other);
            _others.Add(same[other]);
        }
    }

    /// <summary>Takes over what was counted of the same.</summary>
    protected void Add(LoginCount same)
    {
        Failures += same.Failures;
        Lockouts += same.Lockouts;
        First = Math.Min(First, same.First);
        LastFailure = Later(LastFailure, same.LastFailure);
        LastSuccess = Later(LastSuccess, same.LastSuccess);
        foreach (int other in same._others)
            AddOther(other, mayGrow: true);
        HasMoreOthers |= same.HasMoreOthers;
        _reasons.Add(same._reasons);
    }

    private void AddOther(int hash, bool mayGrow)
    {
        if (_others.Contains(hash))
            return;
        if (mayGrow && _others.Count < MaxOthers)
            _others.Add(hash);
        else
            HasMoreOthers = true;
    }

    private static long? Later(long? one, long? other) => one is null ? other : other is null ? one : Math.Max(one.Value, other.Value);
}
