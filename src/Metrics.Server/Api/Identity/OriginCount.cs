namespace Metrics.Api.Identity;

/// <summary>What is counted of one address, and whether it tries many accounts at one time.</summary>
internal sealed class OriginCount : LoginCount
{
    /// <summary>Accounts that an address which is no attacker's may try at one time: that of an office.</summary>
    public const int MaxTried = 15;

    /// <summary>Nanoseconds.</summary>
    public const long Window = 600_000_000_000;

    private HashSet<LoginAccount>? _tried;
    private long _window = long.MinValue;
    private bool _sprays;

    /// <summary>Notes a failure.</summary>
    /// <returns>The accounts that are found to be tried among many by this.</returns>
    public IReadOnlyCollection<LoginAccount> Try(LoginAccount account, long time)
    {
        if (time / Window != _window)
        {
            (_window, _sprays) = (time / Window, false);
            _tried?.Clear();
        }
        if (_sprays)
            return [account];
        _tried ??= [];
        _tried.Add(account);
        if (_tried.Count <= MaxTried)
            return [];
        _sprays = true;
        LoginAccount[] all = [.. _tried];
        _tried = null;
        return all;
    }
}
