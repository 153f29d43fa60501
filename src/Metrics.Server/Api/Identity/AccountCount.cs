namespace Metrics.Api.Identity;

/// <summary>What is counted of one account, and what it is called.</summary>
internal sealed class AccountCount : LoginCount
{
    /// <summary>How the reason begins of an account of which Keystone knows nothing.</summary>
    private const string NoSuchUser = "Could not find user";

    private long _namedAt = long.MinValue;
    private bool _hasId;
    private bool _isKnown;

    /// <summary>The name that was said last; empty where none was.</summary>
    public string Name { get; private set; } = "";

    /// <summary>The domain that was said with it.</summary>
    public string Domain { get; private set; } = "";

    /// <summary>What its attempts say of its password.</summary>
    public PasswordSigns Signs { get; } = new();

    /// <summary>Whether it is an account of Keystone's: it got in, or has an id and not only failed as one that nobody knows.</summary>
    public bool IsAccount => LastSuccess is not null || (_hasId && _isKnown);

    /// <summary>Whether Keystone has only ever said that it knows nobody of that name.</summary>
    public bool IsUnknown => Failures > 0 && LastSuccess is null && !_isKnown;

    /// <summary>Behind who got in once, whoever has an id.</summary>
    public override long Weight => base.Weight + (LastSuccess is null && IsAccount ? 1L << 50 : 0);

    /// <inheritdoc/>
    public override void Add(LoginAttempt one, int? other, bool mayGrow)
    {
        base.Add(one, other, mayGrow);
        Signs.Add(one, other);
        _isKnown |= one.IsFailure && !one.Reason.StartsWith(NoSuchUser, StringComparison.Ordinal);
    }

    /// <summary>Notes what the account is called.</summary>
    public void Call(LoginAttempt one)
    {
        _hasId |= one.UserId.Length > 0;
        if (one.User.Length == 0 || one.Time < _namedAt)
            return;
        (Name, _namedAt) = (one.User, one.Time);
        if (one.Domain.Length > 0)
            Domain = one.Domain;
    }

    /// <summary>Takes over what was counted of the same by its name.</summary>
    public void Add(AccountCount same)
    {
        base.Add(same);
        Signs.Add(same.Signs);
        Domain = Domain.Length > 0 ? Domain : same.Domain;
        _isKnown |= same._isKnown;
    }
}
