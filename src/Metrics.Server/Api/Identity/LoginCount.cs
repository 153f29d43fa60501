namespace Metrics.Api.Identity;

/// <summary>What is counted of one account, or of one address.</summary>
internal sealed class LoginCount
{
    /// <summary>Different addresses or accounts of one that are counted; more are not told apart.</summary>
    private const int MaxOthers = 1_000;

    private readonly HashSet<string> _others = [];
    private long _votes;

    public string Id { get; private set; } = "";

    public long Failures { get; private set; }

    public long Lockouts { get; private set; }

    public int Others => _others.Count;

    public long First { get; private set; } = long.MaxValue;

    public long? LastFailure { get; private set; }

    public long? LastSuccess { get; private set; }

    /// <summary>The reason of most failures, if most have the same.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Who is kept where there are too many: whoever got in once is a real account.</summary>
    public long Weight => Failures + (LastSuccess is null ? 0 : 1_000_000);

    /// <param name="one">The attempt.</param>
    /// <param name="id">The account's id; empty for an address.</param>
    /// <param name="other">The other side: where it came from, or for whom.</param>
    public void Add(LoginAttempt one, string id, string other)
    {
        if (id.Length > 0)
            Id = id;
        if (!one.IsFailure)
        {
            LastSuccess = Math.Max(LastSuccess ?? 0, one.Time);
            return;
        }
        Failures++;
        Lockouts += one.IsLocked ? 1 : 0;
        First = Math.Min(First, one.Time);
        LastFailure = Math.Max(LastFailure ?? 0, one.Time);
        if (other.Length > 0 && _others.Count < MaxOthers)
            _others.Add(other);
        Vote(one.Reason, 1);
    }

    /// <summary>Takes over what was counted by another name.</summary>
    public void Add(LoginCount same)
    {
        if (Id.Length == 0)
            Id = same.Id;
        Failures += same.Failures;
        Lockouts += same.Lockouts;
        First = Math.Min(First, same.First);
        LastFailure = Later(LastFailure, same.LastFailure);
        LastSuccess = Later(LastSuccess, same.LastSuccess);
        foreach (string other in same._others.Take(MaxOthers - _others.Count))
            _others.Add(other);
        Vote(same.Reason, same._votes);
    }

    /// <summary>A majority is found without keeping all that were there (Boyer and Moore).</summary>
    private void Vote(string reason, long votes)
    {
        if (reason.Length == 0)
            return;
        if (_votes == 0)
            Reason = reason;
        _votes = Reason == reason ? _votes + votes : Math.Abs(_votes - votes);
    }

    private static long? Later(long? one, long? other) => one is null ? other : other is null ? one : Math.Max(one.Value, other.Value);
}
