using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Metrics.Storage.DuckDb;

namespace Metrics.Storage.Events;

/// <summary>Appends what was read to <see cref="LedgerTables"/>' newest rows: its columns are theirs, in their order.</summary>
internal sealed class LedgerAppender(DuckDBConnection connection) : ChunkAppender(
    connection, LedgerTables.Newest,
    [DuckDBType.Varchar, DuckDBType.Varchar, DuckDBType.Varchar, .. Enumerable.Repeat(DuckDBType.BigInt, 19)])
{
    /// <param name="row">What was read of a file.</param>
    /// <param name="hour">An hour that its records say, hours since 1970 UTC.</param>
    /// <param name="records">How many of them do.</param>
    /// <exception cref="IOException">DuckDB refuses what came before.</exception>
    public void Add(LedgerRow row, long hour, long records)
    {
        Set(0, row.Source);
        Set(1, row.Part);
        Set(2, row.Path);
        ReadOnlySpan<long> numbers =
        [
            row.Hour, row.Inode, row.Sequence, row.Begins, row.Ends, row.Bytes, row.Lines, row.Records, row.Stored, row.LeftOut, row.Cut,
            row.LongBytes, row.NulBytes, row.FirstTime, row.LastTime, row.FirstRead, row.LastRead, hour, records,
        ];
        for (int n = 0; n < numbers.Length; n++)
            Set(n + 3, numbers[n]);
        EndRow();
    }
}
