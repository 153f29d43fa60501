using Metrics.Model;

namespace Metrics.Api.Identity;

/// <summary>One attempt to log in: what one record says of it, or several of one request together.</summary>
internal sealed record LoginAttempt
{
    private const int MaxReasonLength = 200;

    /// <summary>How the reason begins of a password that is right, and too old.</summary>
    private const string ExpiredPassword = "The password is expired";

    /// <summary>Keystone has no longer names and ids; who types a longer one means no account.</summary>
    private const int MaxNameLength = 255;

    public required long Time { get; init; }

    public required bool IsFailure { get; init; }

    public required bool IsLocked { get; init; }

    /// <summary>Empty where it is not said.</summary>
    public required string User { get; init; }

    /// <summary>The user's domain, by id or name as the source has it; empty where it is not said.</summary>
    public required string Domain { get; init; }

    /// <inheritdoc cref="User"/>
    public required string UserId { get; init; }

    /// <inheritdoc cref="User"/>
    public required string Source { get; init; }

    /// <summary>The trusted proxy by which it came; empty where it came by none.</summary>
    public required string Proxy { get; init; }

    /// <inheritdoc cref="User"/>
    public required string Reason { get; init; }

    /// <inheritdoc cref="User"/>
    public required string Request { get; init; }

    /// <summary>The same where the wrong password is the same; empty where it is not said.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Whether the password was right, and too old.</summary>
    public bool IsExpired => Reason.StartsWith(ExpiredPassword, StringComparison.Ordinal);

    /// <summary>Whether Keystone itself has said it; Horizon's log is of its own users only.</summary>
    public required bool IsKeystones { get; init; }

    /// <summary>From where, or behind which proxy; null where neither is said.</summary>
    public LoginOrigin? Origin =>
        Source.Length > 0 ? new LoginOrigin(Source, IsProxy: false) : Proxy.Length > 0 ? new LoginOrigin(Proxy, IsProxy: true) : null;

    /// <summary>How much it says of who it was.</summary>
    private int Weight => User.Length > 0 ? 2 : UserId.Length > 0 ? 1 : 0;

    /// <summary>Reads a row; null when it has no outcome.</summary>
    public static LoginAttempt? Of(EventBatch batch, int row)
    {
        string outcome = Text(EventFields.Outcome);
        if (outcome is not ("success" or "failure"))
            return null;
        string reason = Text(EventFields.Reason);
        return new LoginAttempt
        {
            Time = batch.Times[row], IsFailure = outcome == "failure", IsLocked = Text(EventFields.Kind) == EventKinds.IdentityLockout,
            User = Name(EventFields.UserName), Domain = Name(EventFields.UserDomain), UserId = Name(EventFields.UserId),
            Source = Name(EventFields.SourceIp), Proxy = Name(EventFields.ProxyIp), Reason = Cut(reason, MaxReasonLength),
            Request = Name(EventFields.RequestId), Fingerprint = Name(EventFields.Fingerprint),
            IsKeystones = Text(EventFields.Service) != "horizon",
        };

        string Text(string field) => batch.Value(row, field) ?? "";
        string Name(string field) => Cut(Text(field), MaxNameLength);
    }

    /// <summary>Both of one request: who it was as the one that knows more has it.</summary>
    public LoginAttempt With(LoginAttempt other)
    {
        LoginAttempt more = other.Weight > Weight ? other : this;
        return more with
        {
            Time = Math.Min(Time, other.Time), IsLocked = IsLocked || other.IsLocked,
            Domain = more.Domain.Length > 0 ? more.Domain : Domain.Length > 0 ? Domain : other.Domain,
            UserId = more.UserId.Length > 0 ? more.UserId : UserId.Length > 0 ? UserId : other.UserId,
            Proxy = more.Proxy.Length > 0 ? more.Proxy : Proxy.Length > 0 ? Proxy : other.Proxy,
            Source = more.Source.Length > 0 ? more.Source : Source.Length > 0 ? Source : other.Source,
            Reason = more.Reason.Length > 0 ? more.Reason : Reason.Length > 0 ? Reason : other.Reason,
            Fingerprint = Fingerprint.Length > 0 ? Fingerprint : other.Fingerprint,
            IsKeystones = IsKeystones || other.IsKeystones,
        };
    }

    private static string Cut(string text, int length) => text.Length > length ? text[..length] : text;
}
