namespace Metrics.Query.Engine;

/// <summary>How queries are evaluated. Immutable.</summary>
public sealed record EngineOptions
{
    /// <summary>How far back a series' last sample counts when nothing newer came. Default 5 min.</summary>
    public TimeSpan Lookback { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Samples that one query may read, one after the other. Default 1,000,000,000.</summary>
    public long MaxSamplesRead { get; init; } = 1_000_000_000;

    /// <summary>Values that one query may keep in memory at a time, eight bytes each. Default 50,000,000.</summary>
    public long MaxSamples { get; init; } = 50_000_000;

    /// <summary>Bytes that one query may hold, where nobody gives it a <see cref="QueryMemory"/>. Default 512 MiB.</summary>
    public long MaxBytes { get; init; } = 512L << 20;

    /// <summary>Resolution of subqueries that name none. Default 1 min.</summary>
    public TimeSpan SubqueryStep { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether subqueries have their first and last step alone: to learn what is read, without computing.</summary>
    internal bool OnlyEnds { get; init; }

    /// <summary>
    /// Whether metric names that functions and operators drop stay visible until the end of the query, as Prometheus does with the feature
    /// <c>promql-delayed-name-removal</c>. Default false.
    /// </summary>
    public bool DelayedNameRemoval { get; init; }
}
