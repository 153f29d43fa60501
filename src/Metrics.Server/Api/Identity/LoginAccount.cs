namespace Metrics.Api.Identity;

/// <summary>
/// Whose log-in it is: an account goes by its id, since two domains may have the same name and a name may change; what has no id goes by
/// domain and name.
/// </summary>
/// <param name="Id">The account's id; empty where none is said.</param>
/// <param name="Domain">Only without an id: the domain, by id or name as the source has it, in large letters.</param>
/// <param name="Name">Only without an id: the name.</param>
internal readonly record struct LoginAccount(string Id, string Domain, string Name)
{
    /// <summary>Whether anything says whose it is.</summary>
    public bool IsNamed => Id.Length > 0 || Name.Length > 0;

    public static LoginAccount Of(LoginAttempt one) =>
        one.UserId.Length > 0 ? new LoginAccount(one.UserId, "", "")
        : one.User.Length > 0 ? Of(one.Domain, one.User)
        : new LoginAccount("", "", "");

    /// <summary>Whose log-in it is of which the name alone is known; a domain is the same in small and large letters.</summary>
    public static LoginAccount Of(string domain, string name) => new("", domain.ToUpperInvariant(), name);

    /// <summary>Whether a domain may be another: both are said, and differ.</summary>
    public static bool AreApart(string domain, string other) =>
        domain.Length > 0 && other.Length > 0 && !domain.Equals(other, StringComparison.OrdinalIgnoreCase);
}
