using System.Globalization;
using DuckDB.NET.Data;
using Metrics.Configuration;
using Metrics.Storage.DuckDb;

namespace Metrics.Storage.Events;

/// <summary>
/// The file of the event log: opened, set aside when it cannot be read, written anew when most of it is free. One connection writes, each
/// reading has its own. Used by the event log only, which lets one thread at a time write.
/// </summary>
internal sealed partial class EventLogFile(StorageOptions options, EventLogMetrics metrics, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>The oldest DuckDB that can read the file; older formats do not know zstd.</summary>
    private const string Version = "v1.4.0";

    /// <summary>Free room below which the file stays as it is.</summary>
    private const long MinBytesToGain = 64L << 20;

    private readonly DuckDbReaders _readers = new();
    private DuckDBConnection? _writer;

    /// <summary>How often in a row it was found damaged while it was open.</summary>
    private int _damages;

    public string FilePath => PathOf(options);

    /// <summary>Where the file lies.</summary>
    public static string PathOf(StorageOptions options) => Path.Combine(options.Path, "events.duckdb");

    public bool IsOpen => _writer is not null;

    /// <summary>
    /// Whether it is to be opened at the start: when it is there; and where samples go to a server, since then this file alone keeps a
    /// second daemon from the folder.
    /// </summary>
    public bool IsNeededFromStart => options.Influx is not null || Path.Exists(FilePath);

    /// <summary>The connection that writes.</summary>
    public DuckDBConnection Writer => _writer ?? throw new InvalidOperationException("The event log is not open.");

    /// <summary>Opens the file; one that cannot be read is set aside, loudly, and a new one begun: a monitor must start.</summary>
    /// <returns>The tables that are in it.</returns>
    /// <exception cref="StoreException">Another process has it, the folder cannot be written, or a reading has not ended.</exception>
    public IReadOnlyList<EventTable> Open()
    {
        // DuckDB has one state of a file in a process: while readings hold the one that has failed, it would be handed out again.
        if (!_readers.TryLockOut())
            throw new StoreException($"{FilePath} is still being read; it is opened again once that has ended.");
        try
        {
            Directory.CreateDirectory(options.Path);
            File.Delete(RewrittenPath);
            return OpenOrSetAside();
        }
        catch (Exception e) when (e is DuckDBException or IOException or UnauthorizedAccessException)
        {
            throw Fault(e);
        }
        finally
        {
            _readers.LetIn();
        }
    }

    /// <summary>Closes the connection that writes; the next write opens it again.</summary>
    public void Close()
    {
        _writer?.Dispose();
        _writer = null;
    }

    /// <summary>Notes what came of a write: a file that is found damaged again after it was opened anew is set aside.</summary>
    public void Judge(Exception? e)
    {
        _damages = e is DuckDBException found && DuckDbFile.IsDamage(found) ? _damages + 1 : 0;
        if (_damages < 2 || !_readers.TryLockOut())
            return;
        try
        {
            SetAside(e!.Message.Split('\n')[0]);
            _damages = 0;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It cannot be moved now; the next write finds it damaged again.
        }
        finally
        {
            _readers.LetIn();
        }
    }

    /// <summary>What a failure means, for operators.</summary>
    public StoreException Fault(Exception e) => new($"{FilePath}: {e.Message.Split('\n')[0].Trim()}", e);

    /// <summary>Runs a statement on the connection that writes.</summary>
    public void Execute(string sql) => Execute(Writer, sql);

    /// <summary>Opens a connection for one reading; waits while the file is written anew.</summary>
    public async Task<Reading> ReadAsync(CancellationToken ct)
    {
        await _readers.EnterAsync(ct);
        try
        {
            var connection = new DuckDBConnection(ConnectionString);
            connection.Open();
            return new Reading(this, connection);
        }
        catch (DuckDBException e)
        {
            _readers.Leave();
            throw Fault(e);
        }
    }

    /// <summary>One reading; disposing ends it.</summary>
    internal sealed class Reading(EventLogFile file, DuckDBConnection connection) : IDisposable
    {
        public DuckDBConnection Connection => connection;

        public void Dispose()
        {
            connection.Dispose();
            file._readers.Leave();
        }
    }

    /// <summary>Bytes on disk that hold something, and that are free.</summary>
    public (long Used, long Free) Measure()
    {
        using DuckDBCommand command = Writer.CreateCommand();
        command.CommandText = "SELECT block_size * used_blocks, block_size * free_blocks FROM pragma_database_size()";
        using DuckDBDataReader reader = command.ExecuteReader();
        reader.Read();
        var log = new FileInfo(FilePath + ".wal");
        return (Convert.ToInt64(reader.GetValue(0), CultureInfo.InvariantCulture) + (log.Exists ? log.Length : 0),
            Convert.ToInt64(reader.GetValue(1), CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// Gives free room back to the disk when it is more than half of the file: DuckDB by itself only cuts off what is free at the end.
    /// Not while somebody reads; then the next time.
    /// </summary>
    public void ShrinkWhenMostIsFree()
    {
        (long used, long free) = Measure();
        if (free < MinBytesToGain || free < used || !_readers.TryLockOut())
            return;
        try
        {
            DuckDbCopy.Write(Writer, RewrittenPath, AttachOptions);
            Close();
            File.Move(RewrittenPath, FilePath, overwrite: true);
            OpenWriter();
            LogShrunk(FilePath, free >> 20);
        }
        finally
        {
            _readers.LetIn();
        }
    }

    /// <summary>Writes a copy of the whole file, as it is now, while events are written on.</summary>
    /// <exception cref="StoreException">It cannot be read, or the copy not be written.</exception>
    public async Task BackupAsync(string path, CancellationToken ct)
    {
        using Reading reading = await ReadAsync(ct);
        try
        {
            DuckDbCopy.Write(reading.Connection, path, AttachOptions);
        }
        catch (DuckDBException e)
        {
            throw Fault(e);
        }
    }

    /// <summary>Puts the file back that was removed or replaced while it was open.</summary>
    /// <returns>Whether that is done; not while somebody reads.</returns>
    public bool TryRestore(string reason)
    {
        if (!_readers.TryLockOut())
            return false;
        try
        {
            string saved = DuckDbFile.TryRestore(Writer, FilePath, Close, time, AttachOptions);
            metrics.Damages.Note("events.duckdb", $"{reason}; {saved}");
            return true;
        }
        catch (DuckDBException e)
        {
            throw Fault(e);
        }
        finally
        {
            _readers.LetIn();
        }
    }

    public void Dispose() => Close();

    private string ConnectionString => $"Data Source={FilePath};storage_compatibility_version={Version}";

    private static string AttachOptions => $"(STORAGE_VERSION '{Version}')";

    private string RewrittenPath => FilePath + ".new";

    private List<EventTable> OpenWriter()
    {
        var connection = new DuckDBConnection(ConnectionString);
        try
        {
            connection.Open();
            // Before the limit: what a killed process left is in memory now, and what is beyond the limit goes there at once.
            Execute(connection, $"SET temp_directory = '{Quoted(Path.Combine(options.Path, "tmp"))}'");
            Execute(connection, $"SET memory_limit = '{options.MemoryLimitBytes >> 20}MiB'");
            Execute(connection, "SET threads = 1");
            // Each checkpoint writes the last group of rows anew: fewer of them write less.
            Execute(connection, "SET checkpoint_threshold = '64MiB'");
            Execute(connection, "SET allocator_flush_threshold = '4MiB'");
            Execute(connection, EventPositions.Create);
            Execute(connection, LedgerTables.Create);
            List<EventTable> tables = EventTable.Load(connection);
            _writer = connection;
            return tables;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private List<EventTable> OpenOrSetAside()
    {
        try
        {
            return OpenWriter();
        }
        catch (DuckDBException e) when (Path.Exists(FilePath))
        {
            FileObstacle obstacle = DuckDbFile.ObstacleOf(FilePath);
            if (obstacle == FileObstacle.InUse)
                throw new StoreException(DuckDbFile.InUse(FilePath), e);
            // A file that we may not write is no damaged one, and neither is one that can still be read, as when the disk is full.
            if (obstacle == FileObstacle.Forbidden || CanBeRead())
                throw;
            SetAside(e.Message.Split('\n')[0]);
            return OpenWriter();
        }
    }

    private bool CanBeRead()
    {
        try
        {
            using var connection = new DuckDBConnection($"{ConnectionString};access_mode=READ_ONLY");
            connection.Open();
            _ = EventTable.Load(connection);
            return true;
        }
        catch (DuckDBException)
        {
            return false;
        }
    }

    private void SetAside(string reason)
    {
        string aside = DuckDbFile.SetAside(FilePath, time);
        metrics.SetAside.Inc();
        metrics.Damages.Note("events.duckdb", $"{reason} It is kept as {Path.GetFileName(aside)}, and a new one is begun");
    }

    private static void Execute(DuckDBConnection connection, string sql)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string Quoted(string path) => path.Replace("'", "''", StringComparison.Ordinal);

    [LoggerMessage(Level = LogLevel.Information, Message = "{File} is written anew: {MiB} MiB were free in it.")]
    private partial void LogShrunk(string file, long miB);
}
