namespace Metrics.Storage.Events.About;

/// <summary>How many share a value.</summary>
/// <param name="Events">Events that have it.</param>
/// <param name="Accounts">Accounts in them, at least.</param>
/// <param name="Requests">Requests in them, at least.</param>
internal readonly record struct ValueShare(long Events, long Accounts, long Requests)
{
    /// <summary>Both together: the same account may be in both.</summary>
    public ValueShare With(ValueShare other) => new(
        Events + other.Events, Math.Max(Accounts, other.Accounts), Math.Max(Requests, other.Requests));
}
