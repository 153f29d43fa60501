using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State;

/// <summary>
/// The file <c>state.db</c>; a damaged one is set aside with a clear message and a new one made of what can be read of it, for watching
/// must go on.
/// </summary>
internal sealed partial class SqliteState(string folder, StateMetrics metrics, TimeProvider time, ILogger log) : StateBackend, IDisposable
{
    private static readonly string[] s_parts = ["", "-wal", "-shm", "-journal"];

    /// <summary>What SQLite says of a name that is not the one that it should be.</summary>
    private static readonly string[] s_unknownNames =
        ["no such column", "no such table", "has no column", "already exists", "duplicate column"];

    private readonly string _file = Path.Combine(folder, "state.db");
    private DbContextOptions<StateDb>? _options;
    private SqliteConnection? _writer;

    /// <summary>Whether the file has its tables; a new one that the disk had no room for is made when it is next written.</summary>
    private bool _isPrepared;

    public override string Name => $"state file {_file}";

    public override StateDb Open() => new(_options ?? throw new InvalidOperationException("The state is not prepared."));

    public override DbConnection OpenForWriting()
    {
        if (!_isPrepared)
            TryPrepare();
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

    public void Dispose()
    {
        _writer?.Dispose();
        _refuge?.Dispose();
    }

    public override void Prepare()
    {
        try
        {
            Directory.CreateDirectory(folder);
            NoteMissing();
            PrepareFile();
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The state file {Path.GetFullPath(_file)} cannot be used: {e.Message}", e);
        }
    }

    /// <remarks>
    /// BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN of https://www.sqlite.org/rescode.html; ERROR while its tables are not there yet.
    /// </remarks>
    public override bool IsTransient(DbException e) => e is SqliteException { SqliteErrorCode: var code }
        && (code is 5 or 6 or 8 or 10 or 13 or 14 || (code == SQLitePCL.raw.SQLITE_ERROR && !_isPrepared));

    // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH
    public override bool IsOfRow(DbException e) => e is SqliteException { SqliteErrorCode: 18 or 19 or 20 };

    public override bool IsDamage(DbException e) => e is SqliteException { SqliteErrorCode: 11 or 26 };   // SQLITE_CORRUPT, SQLITE_NOTADB

    /// <inheritdoc />
    public override void Rebuild(string reason, bool isGone)
    {
        Directory.CreateDirectory(folder);
        bool isWhole = isGone && _writer is not null && TryCopy(_writer);
        string? aside = SetAside();
        if (isWhole)
            File.Move(CopyPath, _file);
        Close();
        string saved;
        try
        {
            TryPrepare();
            saved = isWhole ? "with all that was in it" : aside is null ? "empty" : Salvage(aside);
        }
        catch when (!isWhole)
        {
            // Most likely the disk is full. Nothing may get lost by that: it is found damaged once more, and made anew then.
            Close();
            PutBack(aside);
            throw;
        }
        string kept = aside is null ? "" : $"it is kept as {Path.GetFileName(aside)}; ";
        metrics.Damages.Note("state.db", $"{reason}; {kept}a new one is made, {saved}");
    }

    private void Close()
    {
        _isPrepared = false;
        _writer?.Dispose();
        _writer = null;
        SqliteConnection.ClearAllPools();
    }

    /// <returns>Where it is now; null when there was none.</returns>
    private string? SetAside()
    {
        string aside = string.Create(CultureInfo.InvariantCulture, $"{_file}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}");
        for (int i = 2; Path.Exists(aside); i++)
            aside = string.Create(CultureInfo.InvariantCulture, $"{_file}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}-{i}");
        bool isThere = Path.Exists(_file);
        foreach (string part in s_parts)
        {
            if (Directory.Exists(_file + part))
                Directory.Move(_file + part, aside + part);
            else if (File.Exists(_file + part))
                File.Move(_file + part, aside + part);
        }
        return isThere ? aside : null;
    }

    private void PutBack(string? aside)
    {
        foreach (string part in s_parts)
        {
            File.Delete(_file + part);
            if (Directory.Exists(aside + part))
                Directory.Move(aside + part, _file + part);
            else if (File.Exists(aside + part))
                File.Move(aside + part, _file + part);
        }
    }

    /// <summary>Writes a whole copy beside its place.</summary>
    /// <returns>Whether it could be read; not when what is open is damaged.</returns>
    /// <exception cref="SqliteException">There is no room for the copy; what is open stays so, for it alone has what is in it.</exception>
    private bool TryCopy(SqliteConnection open)
    {
        File.Delete(CopyPath);
        try
        {
            using var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = CopyPath, Pooling = false }.ToString());
            copy.Open();
            open.BackupDatabase(copy);
            return true;
        }
        catch (SqliteException e)
        {
            File.Delete(CopyPath);
            if (IsDamage(e))
                return false;
            throw;
        }
    }

    /// <returns>What was saved, for people.</returns>
    /// <exception cref="SqliteException">It cannot be written now, as when the disk is full.</exception>
    /// <exception cref="IOException">Likewise.</exception>
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
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException && !IsForNow(e))
        {
            return $"empty, for nothing of it can be read ({e.Message})";
        }
        finally
        {
            foreach (string part in s_parts)
                File.Delete(work + part);
        }
    }

    /// <remarks>ENOSPC, EDQUOT of Linux; errno(3).</remarks>
    private bool IsForNow(Exception e) =>
        (e is SqliteException reason && IsTransient(reason)) || e is IOException { HResult: 28 or 122 };

    /// <summary>What was there before cannot be known when it is gone; that other files are there says that something was.</summary>
    private void NoteMissing()
    {
        var file = new FileInfo(_file);
        if (file.Exists ? file.Length == 0 : !Path.Exists(_file) && File.Exists(Path.Combine(folder, "metrics.duckdb")))
            metrics.Damages.Note("state.db", $"it is {(file.Exists ? "empty" : "gone")}; silences and open alerts start anew");
    }

    private string CopyPath => _file + ".new";

    private string Connection =>
        _refuge?.Address ?? new SqliteConnectionStringBuilder { DataSource = _file, DefaultTimeout = 10 }.ToString();

    private void PrepareFile()
    {
        Directory.CreateDirectory(folder);
        try
        {
            TryPrepare();
        }
        catch (SqliteException e) when (IsDamage(e) || Directory.Exists(_file))
        {
            Rebuild(Directory.Exists(_file) ? "it is a folder" : e.Message, isGone: false);
        }
    }

    private void TryPrepare()
    {
        try
        {
            PrepareTables();
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_ERROR && s_unknownNames.Any(e.Message.Contains))
        {
            // Statements that work on a sound file: a bit of a name has flipped.
            throw new SqliteException(e.Message, SQLitePCL.raw.SQLITE_CORRUPT);
        }
    }

    private void PrepareTables()
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
        CheckNames(db);
        _isPrepared = true;
    }

    /// <summary>Reads each column of each table, which needs no row to be there.</summary>
    private static void CheckNames(StateDb db)
    {
        using DbCommand command = db.Database.GetDbConnection().CreateCommand();
        foreach (IEntityType entity in db.Model.GetEntityTypes())
        {
            string table = $"\"{entity.GetTableName()}\"";
            // With its table before it: SQLite takes a quoted name that it does not know for a text.
            string columns = string.Join(", ", entity.GetProperties().Select(p => $"{table}.\"{p.GetColumnName()}\""));
            command.CommandText = $"SELECT {columns} FROM {table} LIMIT 0";
            command.ExecuteNonQuery();
        }
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
