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
        string sql = $"""
            SELECT {values.Key}, count(*), {accounts} FROM {table.Name}
            WHERE {EventQuery.WithinAny(spans)} AND {values.Sql} GROUP BY 1
            """;
        return [.. EventRows.Read(connection, sql, ct)
            .Select(r => (r.GetString(0), new ValueShare(r.GetInt64(1), r.GetInt64(2), r.GetInt64(3))))];
    }

    private static string Distinct(string field) => $"count(DISTINCT nullif({EventQuery.Attribute(field)}, ''))";
}
