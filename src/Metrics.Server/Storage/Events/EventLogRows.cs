using DuckDB.NET.Data;

namespace Metrics.Storage.Events;

/// <summary>What the event log's file answers, a row after another, whatever was asked; a reading that is given up ends at once.</summary>
internal static class EventLogRows
{
    /// <summary>The columns of an event, in the order in which readers expect them.</summary>
    public const string Columns = "id, time, observed_time, kind, severity, host, service, body, attributes";

    /// <summary>The same, with an empty text in place of the body.</summary>
    public const string ColumnsWithoutBody = "id, time, observed_time, kind, severity, host, service, '' AS body, attributes";

    /// <summary>Asks, and stands on each row in turn.</summary>
    /// <param name="connection">The reading's connection.</param>
    /// <param name="sql">The question.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="StoreException">The question fails.</exception>
    public static IEnumerable<DuckDBDataReader> Read(DuckDBConnection connection, string sql, CancellationToken ct)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.UseStreamingMode = true;
        command.CommandText = sql;
        // It may look at many rows before it finds one.
        using CancellationTokenRegistration cancelled = ct.Register(command.Cancel);
        // What was given up before there was something to cancel.
        ct.ThrowIfCancellationRequested();
        using DuckDBDataReader reader = Try(command.ExecuteReader, ct);
        while (Try(reader.Read, ct))
            yield return reader;
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
