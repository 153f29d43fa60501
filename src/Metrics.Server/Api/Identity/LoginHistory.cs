namespace Metrics.Api.Identity;

/// <summary>What the event log knows of log-ins at the Identity service; times are nanoseconds since 1970 UTC.</summary>
/// <param name="Since">Since when the log knows anything.</param>
/// <param name="Failures">Attempts that failed.</param>
/// <param name="FirstSuccess">The first success that Keystone itself reports; null where it reports none.</param>
/// <param name="LastSuccess">The last of these.</param>
/// <param name="HasAnswers">Whether an access log shows that tokens were given (201) in the last day.</param>
/// <param name="IsCut">Whether there were more accounts than are counted, so that some are left out.</param>
/// <param name="Accounts">When each account was seen last.</param>
internal sealed record LoginHistory(
    long Since, long Failures, long? FirstSuccess, long? LastSuccess, bool HasAnswers, bool IsCut, IReadOnlyList<SeenAccount> Accounts);

/// <summary>An account of which there are events.</summary>
/// <param name="Name">The name that it had last; empty where none is known.</param>
/// <param name="Domain">Its domain, as the source has it; empty where none is known.</param>
/// <param name="Id">Its id; empty where none is known.</param>
/// <param name="LastSuccess">When it logged in last, nanoseconds since 1970 UTC; null where that was not seen.</param>
/// <param name="LastFailure">When it last failed to.</param>
internal sealed record SeenAccount(string Name, string Domain, string Id, long? LastSuccess, long? LastFailure);
