using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State;

/// <summary>
/// The file <c>state.db</c>; a damaged one is set aside with a clear message and a new one made of what can be read of it, for watching
/// must go on.
/// </summary>
internal sealed class SqliteState(string folder, StateMetrics metrics, TimeProvider time, ILogger log) : StateBackend, IDisposable
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
            NoteMissing();
            try
            {
                TryPrepare();
            }
            catch (SqliteException e) when (IsDamage(e) || Directory.Exists(_file))
            {
                Rebuild(Directory.Exists(_file) ? "it is a folder" : e.Message, isGone: false);
            }
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The state file {Path.GetFullPath(_file)} cannot be used: {e.Message}", e);
        }
    }

    /// <remarks>BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN of https://www.sqlite.org/rescode.html</remarks>
    public override bool IsTransient(DbException e) => e is SqliteException { SqliteErrorCode: 5 or 6 or 8 or 10 or 13 or 14 };

    // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH
    public override bool IsOfRow(DbException e) => e is SqliteException { SqliteErrorCode: 18 or 19 or 20 };

    public override bool IsDamage(DbException e) => e is SqliteException { SqliteErrorCode: 11 or 26 };   // SQLITE_CORRUPT, SQLITE_NOTADB

    /// <inheritdoc />
    public override void Rebuild(string reason, bool isGone)
    {
        Directory.CreateDirectory(folder);
        string? aside = SetAside();
        bool isWhole = isGone && _writer is not null && TryCopy(_writer);
        _writer?.Dispose();
        _writer = null;
        SqliteConnection.ClearAllPools();
        TryPrepare();
        string saved = isWhole ? "with all that was in it" : aside is null ? "empty" : Salvage(aside);
        string kept = aside is null ? "" : $"it is kept as {Path.GetFileName(aside)}; ";
        metrics.Damages.Note("state.db", $"{reason}; {kept}a new one is made, {saved}");
    }

    /// <returns>Where it is now; null when there was none.</returns>
    private string? SetAside()
    {
        string aside = string.Create(CultureInfo.InvariantCulture, $"{_file}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}");
        for (int i = 2; Path.Exists(aside); i++)
            aside = string.Create(CultureInfo.InvariantCulture, $"{_file}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}-{i}");
        bool isThere = Path.Exists(_file);
        foreach (string part in (string[])["", "-wal", "-shm"])
        {
            if (Directory.Exists(_file + part))
                Directory.Move(_file + part, aside + part);
            else if (File.Exists(_file + part))
                File.Move(_file + part, aside + part);
        }
        return isThere ? aside : null;
    }

    /// <summary>Writes a whole copy in its place.</summary>
    private bool TryCopy(SqliteConnection open)
    {
        try
        {
            using var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _file, Pooling = false }.ToString());
            copy.Open();
            open.BackupDatabase(copy);
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    /// <returns>What was saved, for people.</returns>
    private string Salvage(string aside)
    {
        string work = aside + ".work";
        try
        {
            foreach (string part in ((string[])["", "-wal"]).Where(p => File.Exists(aside + p)))
                File.Copy(aside + part, work + part, overwrite: true);
            SqliteHeader.Mend(work);
            using var damaged = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = work, Pooling = false }.ToString());
            damaged.Open();
            using StateDb db = Open();
            var salvage = new StateSalvage(damaged, db);
            salvage.Run();
            string lost = salvage.Damaged.Count == 0 ? "" : $", but not all of {string.Join(", ", salvage.Damaged)}";
            return string.Create(CultureInfo.InvariantCulture, $"with {salvage.Saved} rows that could be read{lost}");
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            return $"empty, for nothing of it can be read ({e.Message})";
        }
        finally
        {
            foreach (string part in (string[])["", "-wal", "-shm"])
                File.Delete(work + part);
        }
    }

    /// <summary>What was there before cannot be known when it is gone; that other files are there says that something was.</summary>
    private void NoteMissing()
    {
        var file = new FileInfo(_file);
        if (file.Exists ? file.Length == 0 : !Path.Exists(_file) && File.Exists(Path.Combine(folder, "metrics.duckdb")))
            metrics.Damages.Note("state.db", $"it is {(file.Exists ? "empty" : "gone")}; silences and open alerts start anew");
    }

    private string Connection => new SqliteConnectionStringBuilder { DataSource = _file, DefaultTimeout = 10 }.ToString();

    private void TryPrepare()
    {
        _options = new DbContextOptionsBuilder<StateDb>().UseSqlite(Connection).AddInterceptors(new SyncLess()).Options;
        using StateDb db = Open();
        db.Database.OpenConnection();
        if (SqliteCheck.FindDamage((SqliteConnection)db.Database.GetDbConnection(), time) is { } damage)
            throw new SqliteException(damage, SQLitePCL.raw.SQLITE_CORRUPT);
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
