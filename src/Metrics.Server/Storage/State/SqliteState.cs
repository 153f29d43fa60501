using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State;

/// <summary>
/// The file <c>state.db</c>; a damaged one is set aside with a clear message and a new one begun, for watching must go on.
/// </summary>
internal sealed partial class SqliteState(string folder, TimeProvider time, ILogger log) : StateBackend, IDisposable
{
    private readonly string _file = Path.Combine(folder, "state.db");
    private DbContextOptions<StateDb>? _options;
    private SqliteConnection? _writer;

    public override string Name => $"state file {_file}";

    public override StateDb Open() => new(_options ?? throw new InvalidOperationException("The state is not prepared."));

    public override DbConnection OpenForWriting()
    {
        if (_writer is null)
        {
            var connection = new SqliteConnection(Connection);
            connection.Open();
            SyncLess.Set(connection);
            _writer = connection;
        }
        return _writer;
    }

    public override string FindTable(string name) => $"SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{name}'";

    public override DbContextOptions<StateDb> OptionsFor(DbConnection connection) =>
        new DbContextOptionsBuilder<StateDb>().UseSqlite(connection).Options;

    public void Dispose() => _writer?.Dispose();

    public override void Prepare()
    {
        try
        {
            Directory.CreateDirectory(folder);
            try
            {
                TryPrepare();
            }
            catch (SqliteException e) when (e.SqliteErrorCode is 11 or 26)   // SQLITE_CORRUPT, SQLITE_NOTADB
            {
                SqliteConnection.ClearAllPools();
                string aside = string.Create(CultureInfo.InvariantCulture, $"{_file}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}");
                File.Move(_file, aside);
                LogDamaged(_file, e.Message, aside);
                TryPrepare();
            }
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The state file {Path.GetFullPath(_file)} cannot be used: {e.Message}", e);
        }
    }

    /// <remarks>BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN of https://www.sqlite.org/rescode.html</remarks>
    public override bool IsTransient(DbException e) => e is SqliteException { SqliteErrorCode: 5 or 6 or 8 or 10 or 13 or 14 };

    private string Connection => new SqliteConnectionStringBuilder { DataSource = _file, DefaultTimeout = 10 }.ToString();

    private void TryPrepare()
    {
        _options = new DbContextOptionsBuilder<StateDb>().UseSqlite(Connection).AddInterceptors(new SyncLess()).Options;
        using StateDb db = Open();
        AdoptOld(db);
        // Left by a daemon that was killed while it brought the tables up to date; it would be waited for without end.
        db.Database.ExecuteSqlRaw("DROP TABLE IF EXISTS \"__EFMigrationsLock\"");
        Migrate(db, log);
        // Readers do not wait for the writer. The file stays sound whatever happens; commits survive the death of the process, and a loss
        // of power costs the last moments at most: a sync a commit would hold every alert up by a turn of the disk.
        db.Database.ExecuteSqlRaw("PRAGMA journal_mode=WAL;");
        _ = db.Outbox.Count();
    }

    /// <summary>A file from before there were migrations has the tables of the first one.</summary>
    private static void AdoptOld(StateDb db)
    {
        IHistoryRepository history = db.GetService<IHistoryRepository>();
        bool isOld = !history.Exists()
            && db.Database.SqlQueryRaw<int>("SELECT count(*) AS Value FROM sqlite_master WHERE type = 'table' AND name = 'Outbox'")
            .Single() > 0;
        if (!isOld)
            return;
        db.Database.ExecuteSqlRaw(history.GetCreateScript());
        db.Database.ExecuteSqlRaw(history.GetInsertScript(new HistoryRow(Migrations.M1_AlertsAndOutbox.Id, ProductInfo.GetVersion())));
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The state file {File} is damaged ({Reason}); it is kept as {Aside} and a new one is begun. Open alerts start anew.")]
    private partial void LogDamaged(string file, string reason, string aside);

    /// <summary>Sets what SQLite keeps per connection.</summary>
    private sealed class SyncLess : DbConnectionInterceptor
    {
        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Set(connection);

        public override Task ConnectionOpenedAsync(
            DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Set(connection);
            return Task.CompletedTask;
        }

        internal static void Set(DbConnection connection)
        {
            using DbCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384; PRAGMA wal_autocheckpoint=8192";
            command.ExecuteNonQuery();
        }
    }
}
