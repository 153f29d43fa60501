using DuckDB.NET.Data;

namespace Metrics.Storage.DuckDb;

/// <summary>A copy of a whole database as it is at one moment, while others read and write it.</summary>
internal static class DuckDbCopy
{
    /// <summary>Writes a copy; a file that is there already is replaced.</summary>
    /// <param name="connection">A connection of its own, or one that nobody uses meanwhile.</param>
    /// <param name="path">The new file.</param>
    /// <param name="options">Of <c>ATTACH</c>, or empty.</param>
    /// <exception cref="DuckDBException">It cannot be read or written; what there is of the new file may be left.</exception>
    public static void Write(DuckDBConnection connection, string path, string options = "")
    {
        File.Delete(path);
        File.Delete(path + ".wal");
        string name = Ask(connection, "SELECT current_database()");
        Execute(connection, $"ATTACH '{path.Replace("'", "''", StringComparison.Ordinal)}' AS rewritten {options}");
        try
        {
            Execute(connection, $"COPY FROM DATABASE {name} TO rewritten");
        }
        finally
        {
            Execute(connection, "DETACH rewritten");
        }
    }

    private static string Ask(DuckDBConnection connection, string sql)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (string)command.ExecuteScalar()!;
    }

    private static void Execute(DuckDBConnection connection, string sql)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
