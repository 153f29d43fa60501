using Microsoft.Data.Sqlite;

namespace Metrics.Storage.State;

/// <summary>
/// The state in memory while its file cannot be written. It has all that was in the file, and lives until it is disposed; whoever opens its
/// address works with the same tables.
/// </summary>
/// <remarks>https://www.sqlite.org/inmemorydb.html, with a shared cache</remarks>
internal sealed class SqliteRefuge : IDisposable
{
    /// <summary>The tables are there as long as one connection is.</summary>
    private readonly SqliteConnection _keeper;

    private SqliteRefuge() => _keeper = new SqliteConnection(Address);

    /// <summary>Where it is, for connections of this process.</summary>
    public string Address { get; } = new SqliteConnectionStringBuilder
    {
        DataSource = $"metricsd-state-{Guid.NewGuid():N}",
        Mode = SqliteOpenMode.Memory,
        Cache = SqliteCacheMode.Shared,
        DefaultTimeout = 10,
    }.ToString();

    /// <summary>Copies a file into memory, which needs no room on the disk.</summary>
    /// <param name="file">The file's path.</param>
    /// <param name="open">A connection to it that is open already; null opens one.</param>
    /// <param name="isWhole">Whether all that was in it is here; else nothing is.</param>
    public static SqliteRefuge Of(string file, SqliteConnection? open, out bool isWhole)
    {
        var refuge = new SqliteRefuge();
        refuge._keeper.Open();
        isWhole = (open is not null && refuge.TryFill(open)) || refuge.TryFill(file);
        return refuge;
    }

    /// <summary>Writes it to a new file.</summary>
    /// <exception cref="SqliteException">There is no room for it, or the disk cannot be written.</exception>
    public void WriteTo(string path)
    {
        using var file = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        file.Open();
        _keeper.BackupDatabase(file);
    }

    public void Dispose() => _keeper.Dispose();

    private bool TryFill(string file)
    {
        try
        {
            using var connection = new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            connection.Open();
            return TryFill(connection);
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private bool TryFill(SqliteConnection from)
    {
        try
        {
            from.BackupDatabase(_keeper);
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }
}
