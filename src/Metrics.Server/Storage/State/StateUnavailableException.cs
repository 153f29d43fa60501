namespace Metrics.Storage.State;

/// <summary>The state cannot be read or written in the time that a request has; who asked may come again.</summary>
internal sealed class StateUnavailableException(string message, Exception? inner = null) : StoreException(message, inner)
{
    /// <summary>How long whoever asked had better wait.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
}
