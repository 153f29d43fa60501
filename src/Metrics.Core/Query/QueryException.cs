namespace Metrics.Query;

/// <summary>What kind of failure ended an evaluation.</summary>
public enum QueryFailure
{
    /// <summary>The data or an argument does not allow a result.</summary>
    Execution,

    /// <summary>A limit (samples, memory) was reached.</summary>
    Limit,

    /// <summary>It took longer than it may.</summary>
    Timeout,

    /// <summary>The caller gave up.</summary>
    Canceled,

    /// <summary>Others take what it would need; the same query may be answered later.</summary>
    Busy,
}

/// <summary>An expression that was read cannot be evaluated; the message says why, in one line.</summary>
public sealed class QueryException(string message, QueryFailure failure = QueryFailure.Execution) : Exception(message)
{
    /// <summary>An allocation failed: the process may take no more memory.</summary>
    public static QueryException NoMemory() =>
        new("query processing found no memory; narrow its selectors or its range", QueryFailure.Limit);

    /// <summary>The kind of failure.</summary>
    public QueryFailure Failure => failure;
}
