using System.Globalization;
using DuckDB.NET.Data;
using Metrics.Configuration;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage.DuckDb;
using Metrics.Telemetry;

namespace Metrics.Storage.Samples.DuckDb;

/// <summary>
/// The embedded store: one DuckDB file. A table a day holds the samples as they come; past days are rewritten sorted by series and time.
/// What comes too late for its day goes to <c>samples_late</c> until the next compaction.
/// </summary>
/// <remarks>
/// <code>
/// series(id INTEGER, hash BIGINT, labels VARCHAR(JSON), last_day INTEGER)
/// partitions(day INTEGER, sorted BOOLEAN)
/// samples_DAY(series INTEGER, time BIGINT milliseconds, value DOUBLE; NULL is a stale marker)
/// </code>
/// The view <c>samples</c> joins them for people. Everything is written in one transaction a flush. A damaged file is set aside where there
/// is somewhere to say so: by the daemon, and never by a command that only reads.
/// </remarks>
internal sealed partial class DuckDbStore(
    StorageOptions options, TimeProvider time, ILogger<DuckDbStore> log, Damages? damages = null) : ISampleStore
{
    internal const long DayMilliseconds = 86_400_000;

    /// <summary>The file, in the data folder.</summary>
    internal const string FileName = "metrics.duckdb";

    private const string LateTable = "samples_late";

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly DuckDbReaders _readers = new();

    /// <summary>How often in a row it was found damaged by a write.</summary>
    private int _damagesInARow;
    private DuckDBConnection? _connection;
    private SeriesTable? _series;
    private HashSet<int> _openDays = [];
    private HashSet<int> _sortedDays = [];

    public string Description => $"the DuckDB file {FilePath}";

    public string? Trouble => null;

    public string FilePath => Path.Combine(options.Path, FileName);

    /// <summary>
    /// Opens the file; one that cannot be read is set aside, loudly, and a new one begun: watching goes on from the head.
    /// </summary>
    public Task OpenAsync(CancellationToken ct)
    {
        try
        {
            Directory.CreateDirectory(options.Path);
            try
            {
                Open();
            }
            catch (DuckDBException e) when (Path.Exists(FilePath))
            {
                if (damages is null || DuckDbFile.ObstacleOf(FilePath) != FileObstacle.Other || CanBeRead())
                    throw;
                SetAside(e.Message);
                Open();
            }
        }
        catch (Exception e) when (e is DuckDBException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException(ExplainClosed(e), e);
        }
        return Task.CompletedTask;
    }

    private void Open()
    {
        try
        {
            _connection = Connect();
            // Before the limit: what a killed process left is in memory now, and what is beyond the limit goes there at once.
            Execute(_connection,
                $"SET temp_directory = '{Path.Combine(options.Path, "tmp").Replace("'", "''", StringComparison.Ordinal)}'");
            SetMemoryLimit(_connection, options.MemoryLimitBytes);
            Execute(_connection, "SET threads = 1");
            // Until a checkpoint, what was written also lies in memory, uncompressed.
            Execute(_connection, "SET checkpoint_threshold = '16MiB'");
            Execute(_connection, "SET allocator_flush_threshold = '4MiB'");
            Execute(_connection,
                "CREATE TABLE IF NOT EXISTS series(id INTEGER NOT NULL, hash BIGINT NOT NULL, labels VARCHAR NOT NULL, last_day INTEGER)");
            Execute(_connection, "CREATE TABLE IF NOT EXISTS partitions(day INTEGER NOT NULL, sorted BOOLEAN NOT NULL)");
            Execute(_connection, $"CREATE TABLE IF NOT EXISTS {LateTable}(series INTEGER NOT NULL, time BIGINT NOT NULL, value DOUBLE)");
            List<(int Day, bool Sorted)> partitions = Partitions(_connection);
            _openDays = [.. partitions.Where(p => !p.Sorted).Select(p => p.Day)];
            _sortedDays = [.. partitions.Where(p => p.Sorted).Select(p => p.Day)];
            CreateView(_connection);
            _series = new SeriesTable(_connection);
        }
        catch
        {
            Close();
            throw;
        }
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }

    /// <summary>One that can be read is not damaged: the disk is full, or what is at its end cannot be taken in now.</summary>
    private bool CanBeRead()
    {
        try
        {
            using var connection = new DuckDBConnection($"Data Source={FilePath};access_mode=READ_ONLY");
            connection.Open();
            _ = new SeriesTable(connection);
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
        damages?.Note(
            "metrics.duckdb", $"{reason.Split('\n')[0].Trim()} It is kept as {Path.GetFileName(aside)}, and a new one is begun");
    }

    /// <summary>
    /// Opens a file anew that a write has found damaged, for DuckDB gives an open one up for good; one that is damaged again then is set
    /// aside.
    /// </summary>
    private void OpenAnew(DuckDBException found)
    {
        _damagesInARow++;
        // While somebody reads, it stays as it is until the next try.
        if (!_readers.TryLockOut())
            return;
        try
        {
            Close();
            if (_damagesInARow > 1)
                SetAside(found.Message);
            _damagesInARow %= 2;
            OpenAsync(CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(ExplainClosed(e), e);
        }
        finally
        {
            _readers.LetIn();
        }
    }

    public async Task WriteAsync(IReadOnlyList<SampleBatch> batches, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        HashSet<int> openDays = [.. _openDays];
        try
        {
            if (_connection is null)
                await OpenAsync(ct);
            DuckDBConnection connection = Opened();
            using DuckDBTransaction transaction = connection.BeginTransaction();
            var appenders = new Dictionary<int, SampleAppender>();
            _series!.Learn(batches);
            try
            {
                foreach (SampleBatch batch in batches)
                    Append(connection, batch, appenders);
                foreach (SampleAppender appender in appenders.Values)
                    appender.Close();
            }
            finally
            {
                foreach (SampleAppender appender in appenders.Values)
                    appender.Dispose();
            }
            _series!.Flush();
            transaction.Commit();
            _damagesInARow = 0;
        }
        catch (Exception e)
        {
            // Whatever it was, nothing was committed.
            _openDays = openDays;
            _series?.Forget();
            if (damages is not null && e is DuckDBException found && DuckDbFile.IsDamage(found))
                OpenAnew(found);
            if (e is DuckDBException or IOException)
                throw new StoreException(Explain(e), e);
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    private void Append(DuckDBConnection connection, SampleBatch batch, Dictionary<int, SampleAppender> appenders)
    {
        ReadOnlySpan<Labels> series = batch.Series;
        ReadOnlySpan<long> times = batch.Times;
        ReadOnlySpan<double> values = batch.Values;
        SampleAppender? appender = null;
        long dayStart = 0, dayEnd = 0;
        for (int i = 0; i < series.Length; i++)
        {
            long at = times[i];
            if (appender is null || at < dayStart || at >= dayEnd)
            {
                dayStart = at - (((at % DayMilliseconds) + DayMilliseconds) % DayMilliseconds);
                dayEnd = dayStart + DayMilliseconds;
                appender = AppenderFor(connection, (int)(dayStart / DayMilliseconds), appenders);
            }
            appender.Add(_series!.Id(series[i]), at, values[i]);
        }
    }

    private SampleAppender AppenderFor(DuckDBConnection connection, int day, Dictionary<int, SampleAppender> appenders)
    {
        int today = (int)(time.GetUtcNow().ToUnixTimeMilliseconds() / DayMilliseconds);
        // Days far from now come from backfills: they share one table, so that a stray clock cannot make thousands.
        int key = !_sortedDays.Contains(day) && Math.Abs(day - today) <= 1 ? day : -1;
        if (appenders.TryGetValue(key, out SampleAppender? appender))
            return appender;
        if (key >= 0 && _openDays.Add(day))
        {
            Execute(connection, $"CREATE TABLE {Table(day)}(series INTEGER NOT NULL, time BIGINT NOT NULL, value DOUBLE)");
            Execute(connection, $"INSERT INTO partitions VALUES ({day}, false)");
            CreateView(connection);
        }
        appender = new SampleAppender(connection, key < 0 ? LateTable : Table(day));
        appenders.Add(key, appender);
        return appender;
    }

    /// <summary>The file is gone, or another in its place: it is made anew with all that was in it, as long as we have it open.</summary>
    /// <returns>Whether that is done; not while somebody reads.</returns>
    public async Task<bool> RestoreAsync(string reason, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            if (_connection is null || !_readers.TryLockOut())
                return false;
            string saved = Asked(() => DuckDbFile.TryRestore(_connection, FilePath, Close, time));
            await OpenAsync(ct);
            damages?.Note("metrics.duckdb", $"{reason}; {saved}");
            return true;
        }
        finally
        {
            _readers.LetIn();
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync();
        _connection?.Dispose();
        _connection = null;
        _writing.Dispose();
    }

    /// <exception cref="StoreException">It could not be opened anew; the next write tries again.</exception>
    private DuckDBConnection Opened() => _connection ?? throw new StoreException($"{FilePath} is not open now");

    private DuckDBConnection Connect()
    {
        var connection = new DuckDBConnection($"Data Source={FilePath}");
        connection.Open();
        return connection;
    }

    private static List<(int Day, bool Sorted)> Partitions(DuckDBConnection connection)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = "SELECT day, sorted FROM partitions";
        using DuckDBDataReader reader = command.ExecuteReader();
        var partitions = new List<(int, bool)>();
        while (reader.Read())
            partitions.Add((reader.GetInt32(0), reader.GetBoolean(1)));
        return partitions;
    }

    private static void CreateView(DuckDBConnection connection)
    {
        IEnumerable<string> tables = Partitions(connection).Select(p => Table(p.Day)).Append(LateTable);
        string all = string.Join(" UNION ALL ", tables.Select(t => $"SELECT * FROM {t}"));
        Execute(connection,
            "CREATE OR REPLACE VIEW samples AS SELECT series.labels->>'__name__' AS name, series.labels AS labels, make_timestamp(s.time "
                + $"* 1000) AS time, s.value AS value FROM ({all}) s JOIN series ON series.id = s.series");
    }

    private static void Execute(DuckDBConnection connection, string sql)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string Table(int day) => $"samples_{DayText(day)}";

    private static string DayText(int day) => DateTime.UnixEpoch.AddDays(day).ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private string Explain(Exception e) => $"{FilePath}: {e.Message.Split('\n')[0].Trim()}";

    /// <summary>Why the file could not be opened; to be asked only while it is not open.</summary>
    private string ExplainClosed(Exception e) => e is DuckDBException && File.Exists(FilePath)
        ? DuckDbFile.ObstacleOf(FilePath) switch
        {
            FileObstacle.InUse => DuckDbFile.InUse(FilePath),
            FileObstacle.Forbidden => $"{Path.GetFullPath(FilePath)} cannot be written; set storage.path to a folder that can.",
            _ => Explain(e),
        }
        : Explain(e);
}
