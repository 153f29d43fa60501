using Metrics.Configuration;
using Metrics.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Metrics.Storage.State;

/// <summary>Opens <c>state.db</c>; a damaged file is set aside with a clear message and a new one begun, for watching must go on.</summary>
internal sealed partial class StateStore(MetricsOptions options, SelfMetrics metrics, TimeProvider time, ILogger<StateStore> log)
{
    private readonly Lock _writing = new();
    private DbContextOptions<StateDb>? _options;

    public string FilePath => Path.Combine(options.Storage.Path, "state.db");

    /// <summary>A unit of work; dispose it.</summary>
    public StateDb Open() => new(_options ?? throw new InvalidOperationException("The state is not prepared."));

    /// <summary>
    /// Writes a unit of work, whole; one at a time, since those who find SQLite's file locked sleep before they look again. When the disk is full, or the file
    /// locked or not to be written, it waits and tries again: nothing may be told, or forgotten, that is not written.
    /// </summary>
    public void Write(Action<StateWriter> work)
    {
        var writer = new StateWriter();
        work(writer);
        if (writer.IsEmpty)
            return;
        lock (_writing)
        {
            for (int tries = 1; !TryWrite(writer, tries); tries++)
            {
                using var pause = new CancellationTokenSource(TimeSpan.FromSeconds(Math.Min(tries, 30)), time);
                pause.Token.WaitHandle.WaitOne();
            }
        }
    }

    private bool TryWrite(StateWriter writer, int tries)
    {
        try
        {
            using StateDb db = Open();
            using var transaction = db.Database.BeginTransaction();
            writer.Apply(db);
            transaction.Commit();
            if (tries > 1)
                LogWrittenAgain(FilePath);
            return true;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 5 or 6 or 8 or 10 or 13 or 14)   // BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN
        {
            metrics.StateWriteFailures.Inc();
            if (tries == 1)
                LogCannotWrite(FilePath, e.Message);
            return false;
        }
    }

    /// <summary>Makes the file ready.</summary>
    /// <exception cref="StoreException">The folder cannot be written.</exception>
    public void Prepare()
    {
        try
        {
            Directory.CreateDirectory(options.Storage.Path);
            try
            {
                TryPrepare();
            }
            catch (SqliteException e) when (e.SqliteErrorCode is 11 or 26)   // SQLITE_CORRUPT, SQLITE_NOTADB
            {
                SqliteConnection.ClearAllPools();
                string aside = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{FilePath}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}");
                File.Move(FilePath, aside);
                LogDamaged(FilePath, e.Message, aside);
                TryPrepare();
            }
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The state file {Path.GetFullPath(FilePath)} cannot be used: {e.Message}", e);
        }
    }

    private void TryPrepare()
    {
        string connection = new SqliteConnectionStringBuilder { DataSource = FilePath, DefaultTimeout = 10 }.ToString();
        _options = new DbContextOptionsBuilder<StateDb>().UseSqlite(connection).AddInterceptors(new SyncLess()).Options;
        using StateDb db = Open();
        Migrate(db);
        // Readers do not wait for the writer. The file stays sound whatever happens; commits survive the death of the process, and a loss of
        // power costs the last moments at most: a sync a commit would hold every alert up by a turn of the disk.
        db.Database.ExecuteSqlRaw("PRAGMA journal_mode=WAL;");
        _ = db.Outbox.Count();
    }

    /// <summary>Brings the tables up to date. A file from before there were migrations has those of the first one.</summary>
    private static void Migrate(StateDb db)
    {
        IHistoryRepository history = db.GetService<IHistoryRepository>();
        bool isOld = !history.Exists() && db.Database.SqlQueryRaw<int>("SELECT count(*) AS Value FROM sqlite_master WHERE type = 'table' AND name = 'Outbox'").Single() > 0;
        if (isOld)
        {
            db.Database.ExecuteSqlRaw(history.GetCreateScript());
            db.Database.ExecuteSqlRaw(history.GetInsertScript(new HistoryRow(Migrations.M1_AlertsAndOutbox.Id, ProductInfo.GetVersion())));
        }
        db.Database.Migrate();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The state file {File} cannot be written ({Reason}); alerts and messages wait until it can")]
    private partial void LogCannotWrite(string file, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state file {File} is written again")]
    private partial void LogWrittenAgain(string file);

    [LoggerMessage(Level = LogLevel.Error, Message = "The state file {File} is damaged ({Reason}); it is kept as {Aside} and a new one is begun. Open alerts start anew.")]
    private partial void LogDamaged(string file, string reason, string aside);

    /// <summary>Sets what SQLite keeps per connection.</summary>
    private sealed class SyncLess : Microsoft.EntityFrameworkCore.Diagnostics.DbConnectionInterceptor
    {
        public override void ConnectionOpened(System.Data.Common.DbConnection connection, Microsoft.EntityFrameworkCore.Diagnostics.ConnectionEndEventData eventData) => Set(connection);

        public override Task ConnectionOpenedAsync(
            System.Data.Common.DbConnection connection, Microsoft.EntityFrameworkCore.Diagnostics.ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Set(connection);
            return Task.CompletedTask;
        }

        private static void Set(System.Data.Common.DbConnection connection)
        {
            using System.Data.Common.DbCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA synchronous=NORMAL";
            command.ExecuteNonQuery();
        }
    }
}
