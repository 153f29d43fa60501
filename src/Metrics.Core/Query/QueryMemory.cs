namespace Metrics.Query;

/// <summary>
/// What one query holds in memory, bytes: an estimate, made of what it keeps until its end and not of what it throws away at once. It grows
/// a mebibyte at a time out of what all queries may hold together, and is given back when it is disposed. Used by one thread at a time.
/// </summary>
/// <param name="limit">What the query may hold.</param>
/// <param name="take">Takes bytes of what all queries may hold; false says that nothing is left. Null takes none.</param>
/// <param name="giveBack">Gives them back.</param>
public sealed class QueryMemory(long limit, Func<long, bool>? take = null, Action<long>? giveBack = null) : IDisposable
{
    private const long Step = 1L << 20;

    private long _taken;

    /// <summary>Bytes that it holds.</summary>
    public long Bytes { get; private set; }

    /// <summary>What a series costs by itself, bytes: its labels as an object, without their texts.</summary>
    public const int SeriesBytes = 128;

    /// <summary>Holds more.</summary>
    /// <exception cref="QueryException">It would be more than the query may hold, or than is left for all.</exception>
    public void Hold(long bytes)
    {
        Bytes += bytes;
        if (Bytes <= _taken)
            return;
        if (Bytes > limit)
            throw new QueryException($"query processing would take too much memory (limit: {limit >> 20} MiB)", QueryFailure.Limit);
        long more = ((Bytes - _taken + Step - 1) / Step) * Step;
        if (take?.Invoke(more) == false)
            throw new QueryException("queries hold all the memory that they may hold together; try again later", QueryFailure.Busy);
        _taken += more;
    }

    /// <summary>Holds nothing any more; it can be used again.</summary>
    public void Clear()
    {
        if (_taken > 0)
            giveBack?.Invoke(_taken);
        (_taken, Bytes) = (0, 0);
    }

    /// <inheritdoc />
    public void Dispose() => Clear();
}
