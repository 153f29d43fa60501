namespace Metrics.Storage.Events.About;

/// <summary>How many share a value.</summary>
/// <param name="Others">Events that have it, and not the value that is asked for.</param>
/// <param name="Accounts">Accounts in all that have it, at least.</param>
/// <param name="Requests">Requests in all that have it, at least.</param>
internal readonly record struct ValueShare(long Others, long Accounts, long Requests)
{
    /// <summary>Both together: the same account may be in both.</summary>
    public ValueShare With(ValueShare other) => new(
        Others + other.Others, Math.Max(Accounts, other.Accounts), Math.Max(Requests, other.Requests));
}
