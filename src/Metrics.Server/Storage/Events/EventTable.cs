using System.Globalization;
using DuckDB.NET.Data;

namespace Metrics.Storage.Events;

/// <summary>One table of the event log: the events of a day, or a part of them when the day is large.</summary>
/// <param name="Name"><c>events_DAY</c>, and <c>events_DAY_N</c> for the day's further tables.</param>
/// <param name="Day">The day on which it was begun, days since 1970.</param>
/// <param name="FirstId">Its first event.</param>
/// <param name="LastId">Its last event.</param>
/// <param name="MinTime">The earliest of its events, nanoseconds since 1970 UTC.</param>
/// <param name="MaxTime">The latest of its events.</param>
internal sealed record EventTable(string Name, int Day, long FirstId, long LastId, long MinTime, long MaxTime)
{
    private const string Prefix = "events_";
    private const string DayFormat = "yyyyMMdd";
    private const int DaySeconds = 86_400;

    /// <summary>The columns; texts are packed by zstd, everything else by what DuckDB finds best.</summary>
    private const string Columns = """
        id BIGINT NOT NULL, time BIGINT NOT NULL, observed_time BIGINT NOT NULL, kind VARCHAR NOT NULL, severity UTINYINT NOT NULL,
        host VARCHAR, service VARCHAR, body VARCHAR NOT NULL USING COMPRESSION zstd, attributes VARCHAR NOT NULL USING COMPRESSION zstd
        """;

    /// <summary>The day of a moment, days since 1970 UTC.</summary>
    public static int DayOf(DateTimeOffset moment) => (int)(moment.ToUnixTimeSeconds() / DaySeconds);

    /// <summary>What lies in the file itself, and in no copy that is attached for a while.</summary>
    private const string OfFile = "database_name = current_database() AND schema_name = 'main'";

    /// <summary>A table of a day, without events yet and with a name that no other has.</summary>
    public static EventTable Begin(int day, IReadOnlyList<EventTable> others) =>
        new(NameFor(day, others), day, long.MaxValue, 0, long.MaxValue, long.MinValue);

    /// <summary>The table with more events.</summary>
    /// <param name="ids">Their ids, at least one, ascending.</param>
    /// <param name="times">Their times.</param>
    public EventTable With(ReadOnlySpan<long> ids, ReadOnlySpan<long> times)
    {
        (long min, long max) = (MinTime, MaxTime);
        foreach (long time in times)
            (min, max) = (Math.Min(min, time), Math.Max(max, time));
        return this with { FirstId = Math.Min(FirstId, ids[0]), LastId = ids[^1], MinTime = min, MaxTime = max };
    }

    /// <summary>A name behind those of the day's other tables: one whose table has gone is not given again.</summary>
    private static string NameFor(int day, IReadOnlyList<EventTable> others)
    {
        string first = Prefix + DateTime.UnixEpoch.AddDays(day).ToString(DayFormat, CultureInfo.InvariantCulture);
        int last = others.Where(t => t.Day == day).Select(t => t.Number).DefaultIfEmpty().Max();
        return last == 0 ? first : string.Create(CultureInfo.InvariantCulture, $"{first}_{last + 1}");
    }

    /// <summary>Which of the day's tables it is, from 1 on; 1 where its name was made by somebody else.</summary>
    private int Number => Name.Split('_') is [_, _, var text]
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < int.MaxValue ? number : 1;

    /// <summary>Whether a table has the columns that it was made with; also where it is gone.</summary>
    public static bool HasColumns(DuckDBConnection connection, string name, CancellationToken ct)
    {
        string sql = "SELECT column_name || ' ' || data_type || CASE WHEN is_nullable THEN '' ELSE ' NOT NULL' END "
            + $"FROM duckdb_columns() WHERE {OfFile} AND table_name = '{name}' ORDER BY column_index";
        string columns = string.Join(", ", EventLogRows.Read(connection, sql, ct).Select(r => r.GetString(0)));
        string made = Columns.ReplaceLineEndings(" ").Replace(" USING COMPRESSION zstd", "", StringComparison.Ordinal);
        return columns.Length == 0 || columns == made;
    }

    public static string Create(string name) => $"CREATE TABLE {name}({Columns})";

    /// <summary>Every table of a file, in the order of their events.</summary>
    public static List<EventTable> Load(DuckDBConnection connection)
    {
        var names = new List<string>();
        using (DuckDBCommand command = connection.CreateCommand())
        {
            command.CommandText = $"SELECT table_name FROM duckdb_tables() WHERE {OfFile} AND NOT internal";
            using DuckDBDataReader reader = command.ExecuteReader();
            while (reader.Read())
                names.Add(reader.GetString(0));
        }
        return [.. names.Select(n => Find(connection, n)).OfType<EventTable>().OrderBy(t => t.FirstId)];
    }

    /// <summary>The view <c>events</c> over all tables, for people.</summary>
    public static string View(IReadOnlyList<EventTable> tables) => tables.Count == 0
        ? "DROP VIEW IF EXISTS events"
        : "CREATE OR REPLACE VIEW events AS " + string.Join(" UNION ALL ", tables.Select(t =>
            $"SELECT id, make_timestamp_ns(time) AS time, make_timestamp_ns(observed_time) AS observed_time, "
            + $"kind, severity, host, service, body, attributes::JSON AS attributes FROM {t.Name}"));

    private static EventTable? Find(DuckDBConnection connection, string name)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        string dayText = name[Prefix.Length..].Split('_')[0];
        if (!DateTime.TryParseExact(dayText, DayFormat, CultureInfo.InvariantCulture, Utc, out DateTime day))
            return null;
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT min(id), max(id), min(time), max(time) FROM {name}";
        using DuckDBDataReader reader = command.ExecuteReader();
        reader.Read();
        int number = (int)(day - DateTime.UnixEpoch).TotalDays;
        return reader.IsDBNull(0)
            ? null
            : new EventTable(name, number, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
    }
}
