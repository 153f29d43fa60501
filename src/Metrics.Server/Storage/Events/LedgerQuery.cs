namespace Metrics.Storage.Events;

/// <summary>What is asked of the ledger.</summary>
/// <param name="From">The earliest time, nanoseconds since 1970 UTC.</param>
/// <param name="To">The latest time.</param>
/// <param name="ByArrival">Whether by when it was read; else by the times that records say.</param>
/// <param name="Source">One input; null is all.</param>
/// <param name="File">A file's name, with <c>*</c> and <c>?</c> for what does not matter; null is all.</param>
internal sealed record LedgerQuery(long From, long To, bool ByArrival = false, string? Source = null, string? File = null);
