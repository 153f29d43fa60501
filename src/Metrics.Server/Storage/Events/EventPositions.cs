using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>The table of how far each source has been read: one row a part of it, written in the commit of its events.</summary>
internal static class EventPositions
{
    private const int RowsPerStatement = 256;

    /// <summary>Makes the table in a file that has none yet.</summary>
    public const string Create = """
        CREATE TABLE IF NOT EXISTS positions(
            source VARCHAR NOT NULL, key VARCHAR NOT NULL, state VARCHAR NOT NULL, PRIMARY KEY(source, key))
        """;

    /// <summary>Writes the newest position of each part, within the transaction of the connection.</summary>
    public static void Save(DuckDBConnection connection, IEnumerable<SourcePosition> positions)
    {
        var newest = new Dictionary<(string, string), SourcePosition>();
        foreach (SourcePosition position in positions)
            newest[(position.Source, position.Key)] = position;
        // A statement for each row takes more memory than the event log has, where there are many.
        foreach (SourcePosition[] some in newest.Values.Where(p => p.State is not null).Chunk(RowsPerStatement))
        {
            string rows = string.Join(',', some.Select((_, n) => $"(${(3 * n) + 1}, ${(3 * n) + 2}, ${(3 * n) + 3})"));
            Execute(connection, $"INSERT OR REPLACE INTO positions VALUES {rows}", [.. some.SelectMany(Values)]);
        }
        foreach (SourcePosition gone in newest.Values.Where(p => p.State is null))
            Execute(connection, "DELETE FROM positions WHERE source = $1 AND key = $2", gone.Source, gone.Key);

        static IEnumerable<string> Values(SourcePosition one) => [one.Source, one.Key, one.State!];
    }

    /// <summary>Reads the positions of a source.</summary>
    public static IReadOnlyList<SourcePosition> Load(DuckDBConnection connection, string source)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = "SELECT key, state FROM positions WHERE source = $1";
        command.Parameters.Add(new DuckDBParameter(source));
        using DuckDBDataReader reader = command.ExecuteReader();
        var positions = new List<SourcePosition>();
        while (reader.Read())
            positions.Add(new SourcePosition(source, reader.GetString(0), reader.GetString(1)));
        return positions;
    }

    private static void Execute(DuckDBConnection connection, string sql, params ReadOnlySpan<string> values)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (string value in values)
            command.Parameters.Add(new DuckDBParameter(value));
        command.ExecuteNonQuery();
    }
}
