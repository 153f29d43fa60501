using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>
/// The state in memory while its file cannot be written. It has what is needed to go on; what is only told of the past stays in the file.
/// It lives until it is disposed, and whoever opens its address works with the same tables.
/// </summary>
/// <remarks>https://www.sqlite.org/inmemorydb.html, with a shared cache</remarks>
internal sealed class SqliteRefuge : IDisposable
{
    /// <summary>Nobody can write while the file is waited for.</summary>
    private const int PatienceSeconds = 1;

    /// <summary>The tables are there as long as one connection is.</summary>
    private readonly SqliteConnection _keeper;

    /// <summary>All that was in the file and may change was taken along.</summary>
    private bool _isWhole;

    public SqliteRefuge()
    {
        _keeper = new SqliteConnection(Address);
        _keeper.Open();
    }

    /// <summary>A table, and whether its rows are only told of the past: they are written once, each with a greater number.</summary>
    private sealed record Table(string Name, string Columns, bool IsPast);

    /// <summary>Where it is, for connections of this process.</summary>
    /// <remarks>As a URI: a connection that is opened as one to memory takes what is attached to it for memory, too.</remarks>
    public string Address { get; } = new SqliteConnectionStringBuilder
    {
        DataSource = $"file:metricsd-state-{Guid.NewGuid():N}?mode=memory&cache=shared", DefaultTimeout = 10,
    }.ToString();

    /// <summary>Takes along what is in a file, once the tables have been made here.</summary>
    /// <param name="file">The file's path.</param>
    /// <param name="model">The tables.</param>
    /// <param name="beyond">
    /// A number greater than that of any row of the file: when it is not known how far those go, new ones begin here, and none takes the
    /// place of one in the file.
    /// </param>
    /// <returns>Whether all of it could be read.</returns>
    public bool TryFill(string file, StateDb model, long beyond)
    {
        _isWhole = TryTakeAlong(file, model);
        if (!_isWhole)
        {
            Run("DELETE FROM main.sqlite_sequence");
            foreach (Table table in TablesOf(model))
                Run(string.Create(
                    CultureInfo.InvariantCulture,
                    $"INSERT INTO main.sqlite_sequence (name, seq) VALUES ('{table.Name.Trim('"')}', {beyond})"));
        }
        return _isWhole;
    }

    private bool TryTakeAlong(string file, StateDb model)
    {
        if (!TryRun("ATTACH $file AS disk", file))
            return false;
        bool isWhole = true;
        foreach (Table table in TablesOf(model).Where(t => !t.IsPast))
            isWhole &= TryRun($"INSERT INTO main.{table.Name} ({table.Columns}) SELECT {table.Columns} FROM disk.{table.Name}");
        isWhole &= TryRun("DELETE FROM main.sqlite_sequence; INSERT INTO main.sqlite_sequence SELECT * FROM disk.sqlite_sequence");
        TryRun("DETACH disk");
        return isWhole;
    }

    /// <summary>Writes it to the file: what may change in place of what is there, what is past beside it.</summary>
    /// <param name="file">The file's path.</param>
    /// <param name="model">The tables.</param>
    /// <exception cref="SqliteException">It cannot be written, and is as it was.</exception>
    public void WriteTo(string file, StateDb model)
    {
        Run("ATTACH $file AS disk", file);
        try
        {
            using SqliteTransaction all = _keeper.BeginTransaction();
            foreach (Table table in TablesOf(model))
            {
                if (_isWhole && !table.IsPast)
                    Run($"DELETE FROM disk.{table.Name}");
                Run($"INSERT OR REPLACE INTO disk.{table.Name} ({table.Columns}) SELECT {table.Columns} FROM main.{table.Name}");
            }
            all.Commit();
        }
        finally
        {
            TryRun("DETACH disk");
        }
    }

    public void Dispose() => _keeper.Dispose();

    private static IEnumerable<Table> TablesOf(StateDb model) => model.Model.GetEntityTypes().Select(e => new Table(
        $"\"{e.GetTableName()}\"", string.Join(", ", e.GetProperties().Select(p => $"\"{p.GetColumnName()}\"")),
        IsPast: e.ClrType.IsAssignableTo(typeof(HistoryEntry))));

    private bool TryRun(string statement, string? file = null)
    {
        try
        {
            Run(statement, file);
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private void Run(string statement, string? file = null)
    {
        using SqliteCommand command = _keeper.CreateCommand();
        command.CommandText = statement;
        command.CommandTimeout = PatienceSeconds;
        if (file is not null)
            command.Parameters.AddWithValue("$file", file);
        command.ExecuteNonQuery();
    }
}
