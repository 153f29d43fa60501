namespace Metrics.Telemetry;

/// <summary>A part of the memory for one purpose: who wants of it takes first, and gives back. Safe for use by several threads.</summary>
/// <param name="name">The purpose, one word, as metrics have it.</param>
/// <param name="bytes">How much it is.</param>
internal sealed class MemoryShare(string name, long bytes)
{
    private long _inUse;
    private long _refused;

    /// <summary>The purpose.</summary>
    public string Name => name;

    /// <summary>How much it is.</summary>
    public long Bytes => bytes;

    /// <summary>How much of it is taken.</summary>
    public long InUse => Volatile.Read(ref _inUse);

    /// <summary>How often there was not as much as was asked for.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Takes a part.</summary>
    /// <returns>Whether there was as much.</returns>
    public bool TryTake(long wanted)
    {
        if (Interlocked.Add(ref _inUse, wanted) <= bytes)
            return true;
        Interlocked.Add(ref _inUse, -wanted);
        Interlocked.Increment(ref _refused);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(long taken) => Interlocked.Add(ref _inUse, -taken);
}
