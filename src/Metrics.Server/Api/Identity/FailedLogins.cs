namespace Metrics.Api.Identity;

/// <summary>What failed at the Identity service in a time.</summary>
/// <param name="Failures">Attempts that failed.</param>
/// <param name="Unnamed">Of these, those of which no record says whose they were.</param>
/// <param name="Accounts">By account, the most failures first.</param>
/// <param name="AccountsInAll">How many accounts there are.</param>
/// <param name="Origins">By address, the most failures first.</param>
/// <param name="OriginsInAll">How many addresses there are.</param>
/// <param name="Proxies">Behind which proxies there were failures of which nobody says who came to them, the most first.</param>
/// <param name="IsCut">Whether there were more than are counted, so that some with few failures are left out.</param>
internal sealed record FailedLogins(
    long Failures, long Unnamed, IReadOnlyList<FailedLogin> Accounts, long AccountsInAll, IReadOnlyList<FailedLogin> Origins,
    long OriginsInAll, IReadOnlyList<FailedLogin> Proxies, bool IsCut);

/// <summary>The failures of one account, from one address, or behind one proxy; times are nanoseconds since 1970 UTC.</summary>
/// <param name="Name">The account, by name where one is known, else by id; or the address of either.</param>
/// <param name="Domain">The account's domain, as the source has it; empty where it says none.</param>
/// <param name="Id">The account's id; empty where none is known.</param>
/// <param name="Failures">Attempts that failed.</param>
/// <param name="Lockouts">Of these, those that met a locked account.</param>
/// <param name="Others">How many different addresses they came from, or how many accounts they were for.</param>
/// <param name="HasMoreOthers">Whether there were more than that, which are not told apart.</param>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them.</param>
/// <param name="LastSuccess">The last attempt that succeeded; null where there is none.</param>
/// <param name="Reason">Why most of them failed, where the source says so and most have the same.</param>
internal sealed record FailedLogin(
    string Name, string Domain, string Id, long Failures, long Lockouts, long Others, bool HasMoreOthers, long First, long Last,
    long? LastSuccess, string Reason);
