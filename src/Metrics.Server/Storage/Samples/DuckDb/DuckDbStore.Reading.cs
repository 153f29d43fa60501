using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using DuckDB.NET.Data;
using Metrics.Model;
using Metrics.Series;
using Metrics.Storage.DuckDb;

namespace Metrics.Storage.Samples.DuckDb;

/// <summary>Reading, which goes on while others write.</summary>
internal sealed partial class DuckDbStore
{
    /// <summary>Tables that cannot be read to their end.</summary>
    private readonly ConcurrentDictionary<string, bool> _damagedTables = [];

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
                using DuckDbRows? rows = TryRead(connection, table, where, wanted);
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

    private DuckDbRows? TryRead(DuckDBConnection connection, string table, string where, Dictionary<int, Labels>? wanted)
    {
        try
        {
            Dictionary<int, Labels> labels = wanted ?? SeriesTable.Load(connection, $"SELECT DISTINCT series FROM {table} WHERE {where}");
            // Rows lie in the order of their writing, which within a series is that of time; only late ones need sorting.
            string order = table == LateTable ? " ORDER BY series, time" : "";
            return new DuckDbRows(connection, $"SELECT series, time, value FROM {table} WHERE {where}{order}", labels);
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

    /// <summary>Writes a span of time as a file with the columns name, labels, time, value.</summary>
    /// <param name="file">The file.</param>
    /// <param name="order">What is wanted.</param>
    /// <param name="ct">Nobody wants it any more.</param>
    /// <returns>The number of rows.</returns>
    /// <exception cref="StoreException">It cannot be read, or the file not be written.</exception>
    /// <exception cref="OperationCanceledException">Nobody wants it any more; what was written of the file is left.</exception>
    public long Export(string file, ExportOrder order, CancellationToken ct)
    {
        _readers.EnterAsync(ct).GetAwaiter().GetResult();
        try
        {
            using DuckDBConnection connection = ConnectForReading();
            return Asked(() => WriteFile(connection, file, order, ct));
        }
        finally
        {
            _readers.Leave();
        }
    }

    private static long WriteFile(DuckDBConnection connection, string file, ExportOrder order, CancellationToken ct)
    {
        (ExportForm form, ExportRange range, ExportNames names) = order;
        string which = names.AreAll
            ? ""
            : $" AND list_contains([{string.Join(',', NamesOf(connection).Where(names.Contains).Select(Text))}]::VARCHAR[], name)";
        (long from, long to) = (range.From.ToUnixTimeMilliseconds() * 1000, range.To.ToUnixTimeMilliseconds() * 1000);
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture,
            // Of what is no number there are many, and some would be written with a sign.
            $"COPY (SELECT name, labels, time, CASE WHEN isnan(value) THEN 'nan'::DOUBLE ELSE value END AS value FROM samples "
                + $"WHERE time >= make_timestamp({from}) AND time < make_timestamp({to}){which} ORDER BY name, labels, time) "
                + $"TO {Text(file)} ({form.Options()})");
        ct.ThrowIfCancellationRequested();
        using CancellationTokenRegistration end = ct.Register(command.Cancel);
        try
        {
            return command.ExecuteNonQuery();
        }
        catch (DuckDBException e)
        {
            ct.ThrowIfCancellationRequested();
            throw new StoreException($"The export to {file} failed: {e.Message}", e);
        }
    }

    private static List<string> NamesOf(DuckDBConnection connection)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = "SELECT DISTINCT labels->>'__name__' FROM series";
        using DuckDBDataReader reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
            names.Add(reader.IsDBNull(0) ? "" : reader.GetString(0));
        return names;
    }

    /// <summary>A text of SQL.</summary>
    private static string Text(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static IEnumerable<string> Tables(DuckDBConnection connection, long from, long to)
    {
        foreach ((int day, _) in Partitions(connection).OrderBy(p => p.Day))
        {
            if ((day + 1L) * DayMilliseconds > from && day * DayMilliseconds <= to)
                yield return Table(day);
        }
        yield return LateTable;
    }
}
