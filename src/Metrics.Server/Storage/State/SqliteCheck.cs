using Microsoft.Data.Sqlite;

namespace Metrics.Storage.State;

/// <summary>Looks whether a file of SQLite is sound, in bounded time.</summary>
internal static class SqliteCheck
{
    /// <summary>A larger file than can be read in this time is trusted; what is damaged in it is found when it is used.</summary>
    private static readonly TimeSpan s_atMost = TimeSpan.FromSeconds(5);

    /// <summary>What is wrong with it, or null.</summary>
    /// <exception cref="SqliteException">It cannot be read at all.</exception>
    public static string? FindDamage(SqliteConnection connection, TimeProvider time)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        using ITimer bound = time.CreateTimer(
            _ => SQLitePCL.raw.sqlite3_interrupt(connection.Handle), null, s_atMost, Timeout.InfiniteTimeSpan);
        try
        {
            return command.ExecuteScalar() is string and not "ok" and var damage ? damage : null;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
        {
            return null;
        }
    }
}
