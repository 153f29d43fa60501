using System.Runtime.CompilerServices;
using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>From rows of the event log to batches, as they come: nothing is gathered first.</summary>
internal static class EventReader
{
    private const int RowsPerBatch = 1024;

    /// <exception cref="StoreException">The question fails.</exception>
    public static async IAsyncEnumerable<EventBatch> ReadAsync(
        DuckDBConnection connection, string sql, [EnumeratorCancellation] CancellationToken ct)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.UseStreamingMode = true;
        command.CommandText = sql;
        // It may look at many rows before it finds one.
        await using CancellationTokenRegistration cancelled = ct.Register(command.Cancel);
        // What was given up before there was something to cancel.
        ct.ThrowIfCancellationRequested();
        using DuckDBDataReader reader = Try(command.ExecuteReader, ct);
        var batch = new EventBatch("event log", RowsPerBatch);
        while (Try(reader.Read, ct))
        {
            if (batch.Count == RowsPerBatch)
            {
                yield return batch;
                batch = new EventBatch("event log", RowsPerBatch);
                await Task.Yield();
                ct.ThrowIfCancellationRequested();
            }
            Add(reader, batch);
        }
        yield return batch;
    }

    private static void Add(DuckDBDataReader reader, EventBatch batch)
    {
        batch.Add(reader.GetInt64(1), reader.GetInt64(2), reader.GetString(3), reader.GetByte(4), reader.GetString(7));
        batch.Ids[^1] = reader.GetInt64(0);
        batch.AddField(EventFields.Host, reader.IsDBNull(5) ? null : reader.GetString(5));
        batch.AddField(EventFields.Service, reader.IsDBNull(6) ? null : reader.GetString(6));
        EventAttributes.Read(reader.GetString(8), batch);
    }

    private static T Try<T>(Func<T> read, CancellationToken ct)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (ct.IsCancellationRequested && e is not OutOfMemoryException)
        {
            throw new OperationCanceledException("The reading of the event log was given up.", e, ct);
        }
        catch (DuckDBException e)
        {
            throw new StoreException($"The event log cannot be read: {e.Message.Split('\n')[0]}", e);
        }
    }
}
