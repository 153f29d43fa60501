namespace Metrics.Configuration;

/// <summary>How the last reading of the configuration went; for those who tell of it.</summary>
internal sealed class ReloadOutcome(TimeProvider time)
{
    private volatile bool _succeeded = true;
    private long _at = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether the last reading put a configuration in force; the one at start did.</summary>
    public bool Succeeded => _succeeded;

    /// <summary>When the configuration in force was read, milliseconds since 1970 UTC.</summary>
    public long At => Interlocked.Read(ref _at);

    /// <summary>A configuration is in force.</summary>
    public void Succeed()
    {
        Interlocked.Exchange(ref _at, time.GetUtcNow().ToUnixTimeMilliseconds());
        _succeeded = true;
    }

    /// <summary>A wrong one was refused; the one before stays.</summary>
    public void Fail() => _succeeded = false;
}
