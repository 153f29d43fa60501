namespace Metrics.Storage;

/// <summary>
/// Batches of one producer of which none is stored behind one that could not be: who reads on from what is stored misses nothing then,
/// however many were on their way. Once broken it stays so: the producer begins anew, with another.
/// </summary>
internal sealed class CommitOrder
{
    private volatile bool _isBroken;

    /// <summary>Whether one could not be stored.</summary>
    public bool IsBroken => _isBroken;

    /// <summary>Says that one could not be stored.</summary>
    public void Break() => _isBroken = true;
}
