using System.Runtime.CompilerServices;
using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>From rows of the event log to batches, as they come: nothing is gathered first.</summary>
internal static class EventReader
{
    private const int RowsPerBatch = 1024;

    /// <summary>Events may be large: a batch of few.</summary>
    private const long BytesPerBatch = 4L << 20;

    /// <param name="connection">The reading's connection.</param>
    /// <param name="sql">The question.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="maxBytes">With how many bytes a batch ends at the latest.</param>
    /// <exception cref="StoreException">The question fails.</exception>
    public static async IAsyncEnumerable<EventBatch> ReadAsync(
        DuckDBConnection connection, string sql, [EnumeratorCancellation] CancellationToken ct, long maxBytes = long.MaxValue)
    {
        maxBytes = Math.Min(BytesPerBatch, maxBytes);
        var batch = new EventBatch("event log", RowsPerBatch);
        foreach (DuckDBDataReader row in EventLogRows.Read(connection, sql, ct))
        {
            if (batch.Count == RowsPerBatch || batch.Bytes >= maxBytes)
            {
                yield return batch;
                batch = new EventBatch("event log", RowsPerBatch);
                await Task.Yield();
                ct.ThrowIfCancellationRequested();
            }
            Add(row, batch);
        }
        yield return batch;
    }

    private static void Add(DuckDBDataReader row, EventBatch batch)
    {
        batch.Add(row.GetInt64(1), row.GetInt64(2), row.GetString(3), row.GetByte(4), row.GetString(7));
        batch.Ids[^1] = row.GetInt64(0);
        batch.AddField(EventFields.Host, row.IsDBNull(5) ? null : row.GetString(5));
        batch.AddField(EventFields.Service, row.IsDBNull(6) ? null : row.GetString(6));
        EventAttributes.Read(row.GetString(8), batch);
    }
}
