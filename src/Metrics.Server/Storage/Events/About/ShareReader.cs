using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events.About;

/// <summary>Counts in one table of the event log who shares values.</summary>
internal static class ShareReader
{
    /// <exception cref="StoreException">It cannot be read now.</exception>
    public static List<(string Value, ValueShare Share)> Read(
        DuckDBConnection connection, EventTable table, FieldValues values, IReadOnlyList<(long From, long To)> spans, bool withAccounts,
        CancellationToken ct)
    {
        string accounts = withAccounts ? $"{Distinct(EventFields.UserName)}, {Distinct(EventFields.RequestId)}" : "0::BIGINT, 0::BIGINT";
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT {values.Key}, count(*), {accounts} FROM {table.Name}
            WHERE {EventQuery.WithinAny(spans)} AND {values.Sql} GROUP BY 1
            """;
        using CancellationTokenRegistration cancelled = ct.Register(command.Cancel);
        ct.ThrowIfCancellationRequested();
        try
        {
            using DuckDBDataReader reader = command.ExecuteReader();
            var shares = new List<(string, ValueShare)>();
            while (reader.Read())
                shares.Add((reader.GetString(0), new ValueShare(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3))));
            return shares;
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

    private static string Distinct(string field) => $"count(DISTINCT nullif({EventQuery.Attribute(field)}, ''))";
}
