using Metrics.Model;

namespace Metrics.Api.Identity;

/// <summary>
/// Counts log-ins by account and by address, in bounded memory. Of one attempt there may be several records, a notification and lines of
/// a log: those of one request are one attempt. A record that has a name alone belongs to the one account that has it.
/// </summary>
/// <param name="maxNames">Accounts, and addresses, that are counted; where there are more, those with the fewest failures go.</param>
/// <param name="maxOthers">Addresses of all accounts, and accounts of all addresses, that are told apart.</param>
internal sealed class LoginTally(int maxNames = LoginTally.MaxNames, int maxOthers = 1_000_000)
{
    /// <summary>Accounts, and addresses, that are counted.</summary>
    public const int MaxNames = 20_000;

    /// <summary>Requests of which more records may come.</summary>
    private const int MaxWaiting = 10_000;

    private readonly Dictionary<(string Request, bool IsFailure), LoginAttempt> _waiting = [];
    private readonly Queue<(string Request, bool IsFailure)> _order = new();
    private readonly Dictionary<LoginAccount, AccountCount> _accounts = [];
    private readonly Dictionary<LoginOrigin, LoginCount> _origins = [];
    private readonly SprayWatch _sprays = new();
    private long _others;
    private long _failures;
    private long _unnamed;
    private long _first = long.MaxValue;
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
        (List<FailedLogin> accounts, long accountsInAll) = Most(_accounts, limit, a => (a.Key.Id, a.Value.Name, a.Value.Domain));
        (List<FailedLogin> origins, long originsInAll) = Most(
            _origins.Where(o => !o.Key.IsProxy), limit, o => ("", o.Key.Address, ""));
        (List<FailedLogin> proxies, _) = Most(_origins.Where(o => o.Key.IsProxy), limit, o => ("", o.Key.Address, ""));
        return new FailedLogins(_failures, _unnamed, accounts, accountsInAll, origins, originsInAll, proxies, IsCut);
    }

    /// <summary>Who was seen when.</summary>
    /// <param name="since">The event that came first of those in the log; what was read in later may be older.</param>
    /// <param name="hasAnswers">Whether an access log shows that tokens were given.</param>
    public LoginHistory History(long since, bool hasAnswers)
    {
        Finish();
        // What was only typed is no account.
        IEnumerable<SeenAccount> seen = _accounts.Where(a => a.Value.IsAccount).Select(a => new SeenAccount(
            a.Value.Name, a.Value.Domain, a.Key.Id, a.Value.LastSuccess, a.Value.LastFailure));
        return new LoginHistory(Math.Min(since, _first), _failures, _firstSuccess, _lastSuccess, hasAnswers, IsCut, [.. seen]);
    }

    /// <summary>Whose password should be strengthened.</summary>
    public WeakAccounts Weak()
    {
        Finish();
        // What was only typed is no account.
        IEnumerable<WeakAccount> weak = _accounts.Where(a => a.Value.IsAccount)
            .Select(a => WeakAccount.Of(a.Key.Id, a.Value)).Where(a => a.Reasons.Count > 0);
        return new WeakAccounts([.. weak.Order()], _lastSuccess is not null || _failures == 0, IsCut || _sprays.IsCut);
    }

    /// <summary>Whether log-ins fail, and none that succeeds is heard of: so it must be asked whether there are any.</summary>
    public bool LacksSuccesses()
    {
        Finish();
        return _failures > 0 && _lastSuccess is null;
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

    /// <summary>Counts what waits, and puts what has a name alone to the account of that name, if there is one such account.</summary>
    private void Finish()
    {
        while (_order.Count > 0)
            CountFirst();
        ILookup<string, LoginAccount> byName = _accounts.Where(a => a.Key.Id.Length > 0 && a.Value.Name.Length > 0)
            .ToLookup(a => a.Value.Name, a => a.Key);
        var joined = new Dictionary<int, int>();
        List<LoginAccount> byNameAlone = [.. _accounts.Where(a => a.Key.Id.Length == 0 && !a.Value.IsUnknown).Select(a => a.Key)];
        foreach (LoginAccount named in byNameAlone)
        {
            LoginAccount[] same = [.. byName[named.Name].Where(a => !LoginAccount.AreApart(_accounts[a].Domain, named.Domain))];
            if (same.Length != 1 || !_accounts.Remove(named, out AccountCount? count))
                continue;
            _accounts[same[0]].Add(count);
            joined[named.GetHashCode()] = same[0].GetHashCode();
        }
        if (joined.Count == 0)
            return;
        foreach (LoginCount origin in _origins.Values)
            origin.Join(joined);
    }

    private void Count(LoginAttempt one)
    {
        var account = LoginAccount.Of(one);
        _first = Math.Min(_first, one.Time);
        _failures += one.IsFailure ? 1 : 0;
        _unnamed += one.IsFailure && !account.IsNamed ? 1 : 0;
        if (one is { IsFailure: false, IsKeystones: true })
        {
            _firstSuccess = Math.Min(_firstSuccess ?? long.MaxValue, one.Time);
            _lastSuccess = Math.Max(_lastSuccess ?? 0, one.Time);
        }
        AccountCount? count = account.IsNamed ? Of(_accounts, account) : null;
        int? origin = one.Source.Length > 0 ? one.Source.GetHashCode(StringComparison.Ordinal) : null;
        if (count is not null)
        {
            count.Call(one);
            if (!one.IsFailure && origin is { } entered)
                TakeRuns(count, entered);
            Add(count, one, origin);
        }
        if (one.Origin is { } place)
            Add(Of(_origins, place), one, account.IsNamed ? account.GetHashCode() : null);
        // A proxy is no origin: many accounts behind it are no spraying.
        if (origin is not { } from)
            return;
        // Nobody can try what is locked: whose account it is comes too.
        if (one is { IsFailure: true, IsExpired: false, IsLocked: false } && count is not null)
            _sprays.Try(from, count.Signs, one.Time);
    }

    /// <summary>Who gets in has perhaps failed from there before, in records that have the name alone.</summary>
    private void TakeRuns(AccountCount account, int origin)
    {
        foreach (string domain in (string[])[account.Domain, ""])
        {
            if (_accounts.TryGetValue(LoginAccount.Of(domain, account.Name), out AccountCount? named)
                && named != account && !named.IsUnknown)
            {
                account.Signs.TakeRun(named.Signs, origin);
            }
        }
    }

    private void Add(LoginCount to, LoginAttempt one, int? other)
    {
        int before = to.Others;
        to.Add(one, other, _others < maxOthers);
        _others += to.Others - before;
    }

    private TCount Of<TKey, TCount>(Dictionary<TKey, TCount> all, TKey name)
        where TKey : notnull
        where TCount : LoginCount, new()
    {
        if (all.TryGetValue(name, out TCount? count))
            return count;
        if (all.Count >= maxNames)
        {
            IsCut = true;
            foreach ((TKey least, TCount gone) in all.OrderBy(a => a.Value.Weight).Take(maxNames / 2).ToList())
            {
                all.Remove(least);
                _others -= gone.Others;
            }
        }
        all.Add(name, count = new TCount());
        return count;
    }

    private static (List<FailedLogin> Most, long InAll) Most<TKey, TCount>(
        IEnumerable<KeyValuePair<TKey, TCount>> all, int limit,
        Func<KeyValuePair<TKey, TCount>, (string Id, string Name, string Domain)> who)
        where TKey : notnull
        where TCount : LoginCount
    {
        List<KeyValuePair<TKey, TCount>> failed = [.. all.Where(a => a.Value.Failures > 0)];
        IEnumerable<FailedLogin> most = failed.Select(a => (Who: who(a), Count: a.Value))
            .OrderByDescending(a => a.Count.Failures).ThenBy(a => a.Who.Name, StringComparer.Ordinal)
            .ThenBy(a => a.Who.Id, StringComparer.Ordinal).ThenBy(a => a.Who.Domain, StringComparer.Ordinal)
            .Take(limit).Select(a => new FailedLogin(
                a.Who.Name.Length > 0 ? a.Who.Name : a.Who.Id, a.Who.Domain, a.Who.Id, a.Count.Failures, a.Count.Lockouts, a.Count.Others,
                a.Count.HasMoreOthers, a.Count.First, a.Count.LastFailure!.Value, a.Count.LastSuccess, a.Count.Reason));
        return ([.. most], failed.Count);
    }
}
