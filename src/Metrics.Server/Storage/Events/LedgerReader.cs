using System.Globalization;
using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>Reads the tables of the ledger.</summary>
internal static class LedgerReader
{
    /// <summary>Reads what a question is about: of each file that it touches all rows, since they must join.</summary>
    public static LedgerReport Read(DuckDBConnection connection, LedgerQuery query)
    {
        string inside = query.ByArrival ? Between("first_read", "last_read", query) : Between("first_time", "last_time", query);
        string found = query.ByArrival ? Between("found_at", "found_at", query) : Between("from_time", "to_time", query);
        List<(LedgerRow Row, bool IsInside)> rows = Read(connection, query, $"""
            SELECT {LedgerTables.RowColumns}, {inside} FROM {LedgerTables.Rows}
            SEMI JOIN (SELECT DISTINCT source, part FROM {LedgerTables.Rows} WHERE {inside} AND {Filter}) USING (source, part)
            ORDER BY source, part, begins, hour
            """, r => (ReadRow(r), r.GetBoolean(20)));
        List<LedgerGap> gaps = Read(connection, query, $"""
            SELECT source, part, path, reason, inode, begins, bytes, records, is_at_least, from_time, to_time, found_at FROM ledger_gaps
            WHERE {found} AND {Filter} ORDER BY found_at, sequence
            """, ReadGap);
        string hours = string.Create(CultureInfo.InvariantCulture,
            $"hour BETWEEN {LedgerEntry.HourOf(query.From)} AND {LedgerEntry.HourOf(Math.Max(query.From, query.To - 1))}");
        Dictionary<string, long> said = Read(connection, query, $"""
            SELECT source, sum(records)::BIGINT FROM {LedgerTables.Hours}
            SEMI JOIN (SELECT DISTINCT source, part FROM {LedgerTables.Rows} WHERE {Filter}) USING (source, part)
            WHERE {hours} GROUP BY source
            """, r => (r.GetString(0), r.GetInt64(1))).ToDictionary();
        return new LedgerReport(query, rows, gaps, said);
    }

    /// <summary>Which sources and files are asked for.</summary>
    private const string Filter = "($1 = '' OR source = $1) AND ($2 = '' OR path LIKE $2 ESCAPE '!')";

    private static string Between(string first, string last, LedgerQuery query) =>
        string.Create(CultureInfo.InvariantCulture, $"({first} <= {query.To} AND {last} >= {query.From})");

    private static string Pattern(string file) => string.Concat(file.Select(c => c switch
    {
        '*' => "%",
        '?' => "_",
        '%' or '_' or '!' => $"!{c}",
        _ => $"{c}",
    }));

    private static List<T> Read<T>(DuckDBConnection connection, LedgerQuery query, string sql, Func<DuckDBDataReader, T> read)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.Add(new DuckDBParameter(query.Source ?? ""));
        command.Parameters.Add(new DuckDBParameter(Pattern(query.File ?? "")));
        using DuckDBDataReader reader = command.ExecuteReader();
        var all = new List<T>();
        while (reader.Read())
            all.Add(read(reader));
        return all;
    }

    private static LedgerRow ReadRow(DuckDBDataReader r) => new(
        r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7),
        r.GetInt64(8), r.GetInt64(9), r.GetInt64(10), r.GetInt64(11), r.GetInt64(12), r.GetInt64(13), r.GetInt64(14), r.GetInt64(15),
        r.GetInt64(16), r.GetInt64(17), r.GetInt64(18), r.GetInt64(19));

    private static LedgerGap ReadGap(DuckDBDataReader r) => new()
    {
        Source = r.GetString(0), Part = r.GetString(1), Path = r.GetString(2), Reason = r.GetString(3), Inode = r.GetInt64(4),
        Begins = r.GetInt64(5), Bytes = r.GetInt64(6), Records = r.GetInt64(7), IsAtLeast = r.GetBoolean(8),
        FromTime = r.GetInt64(9), ToTime = r.GetInt64(10), FoundAt = r.GetInt64(11),
    };
}
