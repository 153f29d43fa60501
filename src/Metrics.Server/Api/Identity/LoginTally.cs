using Metrics.Model;

namespace Metrics.Api.Identity;

/// <summary>
/// Counts log-ins by account and by address, in bounded memory. Of one attempt there may be several records, a notification and lines of
/// a log: those of one request are one attempt. A record that has an id alone gets the name that others have for it.
/// </summary>
/// <param name="maxNames">Accounts, and addresses, that are counted; where there are more, those with the fewest failures go.</param>
internal sealed class LoginTally(int maxNames = 20_000)
{
    /// <summary>Requests of which more records may come.</summary>
    private const int MaxWaiting = 10_000;

    private readonly Dictionary<(string Request, bool IsFailure), LoginAttempt> _waiting = [];
    private readonly Queue<(string Request, bool IsFailure)> _order = new();
    private readonly Dictionary<string, LoginCount> _accounts = [];
    private readonly Dictionary<string, LoginCount> _origins = [];
    private readonly Dictionary<string, string> _names = [];
    private long _failures;
    private long _unnamed;
    private long? _firstSuccess;
    private long? _lastSuccess;

    /// <summary>Whether some accounts or addresses were too many to be counted.</summary>
    public bool IsCut { get; private set; }

    public void Add(EventBatch batch)
    {
        for (int row = 0; row < batch.Count; row++)
        {
            if (LoginAttempt.Of(batch, row) is { } one)
                Add(one);
        }
    }

    /// <summary>Who fails most.</summary>
    /// <param name="limit">Accounts and addresses that are told at most, of each.</param>
    public FailedLogins Failures(int limit)
    {
        Finish();
        (List<FailedLogin> accounts, long accountsInAll) = Most(_accounts, limit);
        (List<FailedLogin> origins, long originsInAll) = Most(_origins, limit);
        return new FailedLogins(_failures, _unnamed, accounts, accountsInAll, origins, originsInAll, IsCut);
    }

    /// <summary>Who was seen when.</summary>
    /// <param name="since">The oldest event of the log.</param>
    /// <param name="hasAnswers">Whether an access log shows that tokens were given.</param>
    public LoginHistory History(long since, bool hasAnswers)
    {
        Finish();
        // Names that no account has are whatever somebody has typed.
        IEnumerable<SeenAccount> seen = _accounts
            .Where(a => a.Value.LastSuccess is not null || !a.Value.Reason.StartsWith("Could not find user", StringComparison.Ordinal))
            .Select(a => new SeenAccount(a.Key, a.Value.Id, a.Value.LastSuccess, a.Value.LastFailure));
        return new LoginHistory(since, _failures, _firstSuccess, _lastSuccess, hasAnswers, [.. seen]);
    }

    private void Add(LoginAttempt one)
    {
        if (one.Request.Length == 0)
        {
            Count(one);
            return;
        }
        (string, bool) key = (one.Request, one.IsFailure);
        if (_waiting.TryGetValue(key, out LoginAttempt? same))
        {
            _waiting[key] = same.With(one);
            return;
        }
        _waiting.Add(key, one);
        _order.Enqueue(key);
        if (_order.Count > MaxWaiting)
            CountFirst();
    }

    private void CountFirst()
    {
        if (_waiting.Remove(_order.Dequeue(), out LoginAttempt? one))
            Count(one);
    }

    private void Finish()
    {
        while (_order.Count > 0)
            CountFirst();
        foreach ((string id, string name) in _names)
        {
            if (id == name || !_accounts.Remove(id, out LoginCount? byId))
                continue;
            if (_accounts.TryGetValue(name, out LoginCount? byName))
                byName.Add(byId);
            else
                _accounts.Add(name, byId);
        }
    }

    private void Count(LoginAttempt one)
    {
        string account = one.User.Length > 0 ? one.User : _names.GetValueOrDefault(one.UserId, one.UserId);
        if (one.User.Length > 0 && one.UserId.Length > 0 && _names.Count < maxNames)
            _names[one.UserId] = one.User;
        _failures += one.IsFailure ? 1 : 0;
        _unnamed += one.IsFailure && account.Length == 0 ? 1 : 0;
        if (one is { IsFailure: false, IsKeystones: true })
        {
            _firstSuccess = Math.Min(_firstSuccess ?? long.MaxValue, one.Time);
            _lastSuccess = Math.Max(_lastSuccess ?? 0, one.Time);
        }
        if (account.Length > 0)
            Of(_accounts, account).Add(one, one.UserId, one.Source);
        if (one.Source.Length > 0)
            Of(_origins, one.Source).Add(one, "", account);
    }

    private LoginCount Of(Dictionary<string, LoginCount> all, string name)
    {
        if (all.TryGetValue(name, out LoginCount? count))
            return count;
        if (all.Count >= maxNames)
        {
            IsCut = true;
            foreach (string least in all.OrderBy(a => a.Value.Weight).Take(maxNames / 2).Select(a => a.Key).ToList())
                all.Remove(least);
        }
        all.Add(name, count = new LoginCount());
        return count;
    }

    private static (List<FailedLogin> Most, long InAll) Most(Dictionary<string, LoginCount> all, int limit) => (
        [
            .. all.Where(a => a.Value.Failures > 0).OrderByDescending(a => a.Value.Failures).ThenBy(a => a.Key, StringComparer.Ordinal)
                .Take(limit).Select(a => new FailedLogin(
                    a.Key, a.Value.Id, a.Value.Failures, a.Value.Lockouts, a.Value.Others, a.Value.First, a.Value.LastFailure!.Value,
                    a.Value.LastSuccess, a.Value.Reason)),
        ], all.LongCount(a => a.Value.Failures > 0));
}
