using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
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

    private const string LateTable = "samples_late";
    private const int RowsPerReadBatch = 8192;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly DuckDbReaders _readers = new();
    private readonly ConcurrentDictionary<string, bool> _damagedTables = [];

    /// <summary>How often in a row it was found damaged by a write.</summary>
    private int _damagesInARow;
    private DuckDBConnection? _connection;
    private SeriesTable? _series;
    private HashSet<int> _openDays = [];
    private HashSet<int> _sortedDays = [];

    public string Description => $"the DuckDB file {FilePath}";

    public string? Trouble => null;

    public string FilePath => Path.Combine(options.Path, "metrics.duckdb");

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
            SetMemoryLimit(_connection, options.MemoryLimitBytes);
            Execute(_connection, "SET threads = 1");
            Execute(_connection,
                $"SET temp_directory = '{Path.Combine(options.Path, "tmp").Replace("'", "''", StringComparison.Ordinal)}'");
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

    public async IAsyncEnumerable<SampleBatch> ReadAsync(
        IReadOnlyList<LabelMatcher> matchers, long from, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        await _readers.EnterAsync(ct);
        try
        {
            using DuckDBConnection connection = ConnectForReading();
            Dictionary<int, Labels>? wanted = matchers.Count == 0 ? null : Asked(() => SeriesTable.Find(connection, matchers));
            if (wanted is { Count: 0 })
                yield break;
            string which = wanted is null ? "" : $" AND series IN (SELECT unnest([{string.Join(',', wanted.Keys)}]))";
            foreach (string table in Asked(() => Tables(connection, from, to).ToList()))
            {
                string where = string.Create(CultureInfo.InvariantCulture, $"time >= {from} AND time <= {to}{which}");
                using Rows? rows = TryRead(connection, table, where, wanted);
                while (rows?.Next() is { } batch)
                {
                    yield return batch;
                    await Task.Yield();
                    ct.ThrowIfCancellationRequested();
                }
                if (rows?.Damage is { } damage)
                    NoteDamage(table, damage);
            }
        }
        finally
        {
            _readers.Leave();
        }
    }

    private DuckDBConnection ConnectForReading()
    {
        Opened();
        return Asked(Connect);
    }

    private T Asked<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (DuckDBException e)
        {
            throw new StoreException(Explain(e), e);
        }
    }

    private Rows? TryRead(DuckDBConnection connection, string table, string where, Dictionary<int, Labels>? wanted)
    {
        try
        {
            Dictionary<int, Labels> labels = wanted ?? SeriesTable.Load(connection, $"SELECT DISTINCT series FROM {table} WHERE {where}");
            // Rows lie in the order of their writing, which within a series is that of time; only late ones need sorting.
            string order = table == LateTable ? " ORDER BY series, time" : "";
            return new Rows(connection, $"SELECT series, time, value FROM {table} WHERE {where}{order}", labels);
        }
        catch (DuckDBException e) when (DuckDbFile.IsDamage(e))
        {
            NoteDamage(table, e);
            return null;
        }
        catch (DuckDBException e)
        {
            throw new StoreException(Explain(e), e);
        }
    }

    /// <summary>A day that cannot be read costs itself, and the rest is read.</summary>
    private void NoteDamage(string table, Exception e)
    {
        if (_damagedTables.TryAdd(table, true))
            damages?.Note("metrics.duckdb", $"{table} cannot be read in part: {e.Message.Split('\n')[0].Trim()}");
    }

    /// <summary>Rows of a table, by batches; those behind damage are not read.</summary>
    private sealed class Rows : IDisposable
    {
        private readonly DuckDBCommand _command;
        private readonly DuckDBDataReader _reader;
        private readonly Dictionary<int, Labels> _labels;

        public Rows(DuckDBConnection connection, string query, Dictionary<int, Labels> labels)
        {
            _labels = labels;
            _command = connection.CreateCommand();
            _command.UseStreamingMode = true;
            _command.CommandText = query;
            _reader = _command.ExecuteReader();
        }

        public DuckDBException? Damage { get; private set; }

        public SampleBatch? Next()
        {
            if (Damage is not null)
                return null;
            var batch = new SampleBatch("store", RowsPerReadBatch);
            try
            {
                while (batch.Count < RowsPerReadBatch && _reader.Read())
                {
                    if (_labels.TryGetValue(_reader.GetInt32(0), out Labels? series))
                        batch.Add(series, _reader.GetInt64(1), _reader.IsDBNull(2) ? StaleMarker.Value : _reader.GetDouble(2));
                }
            }
            catch (DuckDBException e)
            {
                Damage = e;
            }
            if (batch.Count > 0)
                return batch;
            batch.Dispose();
            return null;
        }

        public void Dispose()
        {
            _reader.Dispose();
            _command.Dispose();
        }
    }

    public async Task MaintainAsync(DateTimeOffset now, CancellationToken ct)
    {
        Opened();
        int today = (int)(now.ToUnixTimeMilliseconds() / DayMilliseconds);
        int oldest = (int)((now - options.Retention).ToUnixTimeMilliseconds() / DayMilliseconds);
        try
        {
            foreach (int day in _openDays.Concat(_sortedDays).Where(d => d < oldest).ToList())
                await DropAsync(day, ct);
            // An hour's grace: what was collected before midnight may still be on its way.
            int lastComplete = now.TimeOfDay >= TimeSpan.FromHours(1) ? today - 1 : today - 2;
            foreach (int day in (await DaysToCompactAsync(lastComplete, oldest, ct)).Where(d => !_damagedTables.ContainsKey(Table(d))))
                await CompactAsync(day, ct);
        }
        catch (DuckDBException e)
        {
            throw new StoreException(Explain(e), e);
        }
    }

    private async Task<List<int>> DaysToCompactAsync(int lastComplete, int oldest, CancellationToken ct)
    {
        await _readers.EnterAsync(ct);
        try
        {
            return DaysToCompact(lastComplete, oldest);
        }
        finally
        {
            _readers.Leave();
        }
    }

    private List<int> DaysToCompact(int lastComplete, int oldest)
    {
        using DuckDBConnection connection = ConnectForReading();
        var days = new SortedSet<int>(_openDays.Where(d => d <= lastComplete));
        using DuckDBCommand command = connection.CreateCommand();
        // Releases before took any time, also such as no day is of.
        long from = oldest * DayMilliseconds, to = (lastComplete + 1L) * DayMilliseconds;
        command.CommandText = string.Create(CultureInfo.InvariantCulture,
            $"SELECT DISTINCT CAST(floor(time / {DayMilliseconds}.0) AS INTEGER) FROM {LateTable} WHERE time >= {from} AND time < {to}");
        using DuckDBDataReader reader = command.ExecuteReader();
        while (reader.Read())
            days.Add(reader.GetInt32(0));
        return [.. days.Where(d => d >= oldest && d <= lastComplete)];
    }

    private async Task DropAsync(int day, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            DuckDBConnection connection = Opened();
            using DuckDBTransaction transaction = connection.BeginTransaction();
            Execute(connection, $"DELETE FROM partitions WHERE day = {day}");
            CreateView(connection);
            Execute(connection, $"DROP TABLE IF EXISTS {Table(day)}");
            long end = (day + 1L) * DayMilliseconds;
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {LateTable} WHERE time < {end}"));
            // Compaction notes the last day of each series; what lies in days not yet compacted is asked for.
            string open = string.Join(
                " UNION ALL ", _openDays.Where(d => d != day).Select(Table).Append(LateTable).Select(t => $"SELECT series FROM {t}"));
            Execute(connection, $"DELETE FROM series WHERE last_day <= {day} AND id NOT IN ({open})");
            transaction.Commit();
            _openDays.Remove(day);
            _sortedDays.Remove(day);
            _series!.Forget();
            LogDropped(DayText(day));
        }
        catch (DuckDBException e)
        {
            throw new StoreException(Explain(e), e);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task CompactAsync(int day, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        long from = day * DayMilliseconds, end = from + DayMilliseconds;
        await _writing.WaitAsync(ct);
        HashSet<int> openDays = [.. _openDays];
        try
        {
            DuckDBConnection connection = Opened();
            SetMemoryLimit(connection, Math.Max(options.CompactionBytes, options.MemoryLimitBytes));
            using DuckDBTransaction transaction = connection.BeginTransaction();
            bool known = _openDays.Remove(day) || _sortedDays.Contains(day);
            string late = string.Create(CultureInfo.InvariantCulture, $"FROM {LateTable} WHERE time >= {from} AND time < {end}");
            string own = known ? $"SELECT * FROM {Table(day)} UNION ALL " : "";
            Execute(connection,
                $"CREATE TABLE {Table(day)}_new AS SELECT DISTINCT ON (series, time) * FROM ({own}SELECT * {late}) ORDER BY series, time");
            Execute(connection, $"DELETE {late}");
            Execute(connection, $"DELETE FROM partitions WHERE day = {day}");
            Execute(connection, "DROP VIEW IF EXISTS samples");
            Execute(connection, $"DROP TABLE IF EXISTS {Table(day)}");
            Execute(connection, $"ALTER TABLE {Table(day)}_new RENAME TO {Table(day)}");
            Execute(connection, $"INSERT INTO partitions VALUES ({day}, true)");
            Execute(connection,
                $"UPDATE series SET last_day = greatest(coalesce(last_day, {day}), {day}) WHERE id IN (SELECT DISTINCT series FROM "
                    + $"{Table(day)})");
            CreateView(connection);
            transaction.Commit();
            _sortedDays.Add(day);
            LogCompacted(DayText(day), time.GetElapsedTime(start).TotalSeconds);
        }
        catch (DuckDBException e)
        {
            // Nothing was committed; and what is damaged answers no more.
            _openDays = openDays;
            if (DuckDbFile.IsDamage(e))
                NoteDamage(Table(day), e);
            throw new StoreException(Explain(e), e);
        }
        finally
        {
            LimitMemoryAgain();
            _writing.Release();
        }
    }

    private void LimitMemoryAgain()
    {
        try
        {
            if (_connection is { } connection)
                SetMemoryLimit(connection, options.MemoryLimitBytes);
        }
        catch (DuckDBException)
        {
            // It has failed for good; the next write opens it anew.
        }
    }

    /// <summary>Writes a copy of the whole file, as it is now, while samples are written on.</summary>
    /// <exception cref="StoreException">It cannot be read, or the copy not be written.</exception>
    public async Task BackupAsync(string path, CancellationToken ct)
    {
        await _readers.EnterAsync(ct);
        try
        {
            using DuckDBConnection connection = ConnectForReading();
            Asked(() =>
            {
                DuckDbCopy.Write(connection, path);
                return true;
            });
        }
        finally
        {
            _readers.Leave();
        }
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

    /// <summary>Writes a span of time as a Parquet file with the columns name, labels, time, value.</summary>
    /// <returns>The number of rows.</returns>
    /// <exception cref="StoreException">It cannot be read, or the file not be written.</exception>
    public long ExportParquet(string file, DateTimeOffset from, DateTimeOffset to, string? name)
    {
        _readers.EnterAsync(CancellationToken.None).GetAwaiter().GetResult();
        try
        {
            return WriteParquet(file, from, to, name);
        }
        finally
        {
            _readers.Leave();
        }
    }

    private long WriteParquet(string file, DateTimeOffset from, DateTimeOffset to, string? name)
    {
        using DuckDBConnection connection = ConnectForReading();
        using DuckDBCommand command = connection.CreateCommand();
        string metric = name is null ? "" : $" AND name = '{name.Replace("'", "''", StringComparison.Ordinal)}'";
        command.CommandText = string.Create(CultureInfo.InvariantCulture,
            $"COPY (SELECT name, labels, time, value FROM samples WHERE time >= make_timestamp({from.ToUnixTimeMilliseconds() * 1000}) AND "
                + $"time < make_timestamp({to.ToUnixTimeMilliseconds() * 1000}){metric} ORDER BY name, labels, time) TO "
                + $"'{file.Replace("'", "''", StringComparison.Ordinal)}' (FORMAT parquet, COMPRESSION zstd)");
        try
        {
            return command.ExecuteNonQuery();
        }
        catch (DuckDBException e)
        {
            throw new StoreException($"The export to {file} failed: {e.Message}", e);
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

    private static IEnumerable<string> Tables(DuckDBConnection connection, long from, long to)
    {
        foreach ((int day, _) in Partitions(connection).OrderBy(p => p.Day))
        {
            if ((day + 1L) * DayMilliseconds > from && day * DayMilliseconds <= to)
                yield return Table(day);
        }
        yield return LateTable;
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

    private static void SetMemoryLimit(DuckDBConnection connection, long bytes) =>
        Execute(connection, $"SET memory_limit = '{bytes >> 20}MiB'");

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

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped the samples of {Day}: older than the retention.")]
    private partial void LogDropped(string day);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compacted the samples of {Day} in {Seconds:0.0} s.")]
    private partial void LogCompacted(string day, double seconds);
}
