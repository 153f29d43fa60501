using System.Globalization;
using DuckDB.NET.Data;
using Metrics.Storage.DuckDb;

namespace Metrics.Storage.Samples.DuckDb;

/// <summary>Past days are sorted, and those beyond the retention dropped.</summary>
internal sealed partial class DuckDbStore
{
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

    private static void SetMemoryLimit(DuckDBConnection connection, long bytes) =>
        Execute(connection, $"SET memory_limit = '{bytes >> 20}MiB'");

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped the samples of {Day}: older than the retention.")]
    private partial void LogDropped(string day);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compacted the samples of {Day} in {Seconds:0.0} s.")]
    private partial void LogCompacted(string day, double seconds);
}
