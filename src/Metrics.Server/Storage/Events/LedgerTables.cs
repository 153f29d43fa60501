using System.Globalization;
using System.Runtime.InteropServices;
using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>
/// The tables of the ledger, beside the events whose commits write them: a row a file and hour of arrival, one a file and hour that its
/// records say, and one a gap. They have no index: only rows of the newest hours are looked for, and those are packed by hour.
/// </summary>
internal static class LedgerTables
{
    private const int RowsPerStatement = 128;

    /// <summary>The columns of a row.</summary>
    public const string RowColumns = """
        hour, source, part, path, inode, sequence, begins, ends, bytes, lines, records, stored, left_out, cut, long_bytes,
        nul_bytes, first_time, last_time, first_read, last_read
        """;

    private const string HourColumns = "hour, source, part, records, last_read";

    private const string GapColumns =
        "source, part, path, reason, inode, begins, bytes, records, is_at_least, from_time, to_time, found_at, sequence";

    /// <summary>Makes the tables in a file that has none yet.</summary>
    public const string Create = """
        CREATE TABLE IF NOT EXISTS ledger(
            hour BIGINT NOT NULL, source VARCHAR NOT NULL, part VARCHAR NOT NULL, path VARCHAR NOT NULL, inode BIGINT NOT NULL,
            sequence BIGINT NOT NULL, begins BIGINT NOT NULL, ends BIGINT NOT NULL, bytes BIGINT NOT NULL, lines BIGINT NOT NULL,
            records BIGINT NOT NULL, stored BIGINT NOT NULL, left_out BIGINT NOT NULL, cut BIGINT NOT NULL, long_bytes BIGINT NOT NULL,
            nul_bytes BIGINT NOT NULL, first_time BIGINT NOT NULL, last_time BIGINT NOT NULL, first_read BIGINT NOT NULL,
            last_read BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS ledger_hours(
            hour BIGINT NOT NULL, source VARCHAR NOT NULL, part VARCHAR NOT NULL, records BIGINT NOT NULL, last_read BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS ledger_gaps(
            source VARCHAR NOT NULL, part VARCHAR NOT NULL, path VARCHAR NOT NULL, reason VARCHAR NOT NULL, inode BIGINT NOT NULL,
            begins BIGINT NOT NULL, bytes BIGINT NOT NULL, records BIGINT NOT NULL, is_at_least BOOLEAN NOT NULL, from_time BIGINT NOT NULL,
            to_time BIGINT NOT NULL, found_at BIGINT NOT NULL, sequence BIGINT NOT NULL)
        """;

    /// <summary>Forgets what was read, said and found before a time, nanoseconds since 1970 UTC.</summary>
    public static string Expire(long before) => string.Create(CultureInfo.InvariantCulture, $"""
        DELETE FROM ledger WHERE last_read < {before};
        DELETE FROM ledger_hours WHERE last_read < {before};
        DELETE FROM ledger_gaps WHERE found_at < {before}
        """);

    /// <summary>The last batch that is in the ledger; 0 where there is none.</summary>
    public static long LastSequence(DuckDBConnection connection)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText =
            "SELECT coalesce(max(s), 0) FROM (SELECT max(sequence) AS s FROM ledger UNION ALL SELECT max(sequence) FROM ledger_gaps)";
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Writes what batches account for, within the transaction of the connection.</summary>
    public static void Save(DuckDBConnection connection, IReadOnlyList<EventBatch> batches)
    {
        var rows = new Dictionary<(long, string, string), LedgerRow>();
        var hours = new Dictionary<(long Hour, string Source, string Part), (long Records, long Read)>();
        foreach (EventBatch batch in batches)
        {
            foreach (LedgerEntry entry in batch.Ledger)
            {
                var one = LedgerRow.Of(entry, batch.Sequence);
                ref LedgerRow? row = ref CollectionsMarshal.GetValueRefOrAddDefault(rows, (one.Hour, one.Source, one.Part), out _);
                row = row?.With(one) ?? one;
                foreach ((long hour, int records) in entry.Hours())
                {
                    ref (long Records, long Read) said =
                        ref CollectionsMarshal.GetValueRefOrAddDefault(hours, (hour, one.Source, one.Part), out _);
                    said = (said.Records + records, one.LastRead);
                }
            }
        }
        foreach (LedgerRow[] some in rows.Values.Chunk(RowsPerStatement))
            Run(connection, MergeRows, some, r => [r.Source, r.Part, r.Path], ValuesOf);
        foreach (KeyValuePair<(long Hour, string Source, string Part), (long Records, long Read)>[] some in hours.Chunk(RowsPerStatement))
        {
            Run(connection, MergeHours, some, h => [h.Key.Source, h.Key.Part],
                (h, at) => string.Create(CultureInfo.InvariantCulture,
                    $"({h.Key.Hour}::BIGINT, ${at}::VARCHAR, ${at + 1}::VARCHAR, {h.Value.Records}::BIGINT, {h.Value.Read}::BIGINT)"));
        }
        foreach ((EventBatch Batch, LedgerGap Gap)[] some in batches.SelectMany(b => b.Gaps.Select(g => (b, g))).Chunk(RowsPerStatement))
        {
            Run(connection, InsertGaps, some, g => [g.Gap.Source, g.Gap.Part, g.Gap.Path, g.Gap.Reason],
                (g, at) => ValuesOf(g.Gap, g.Batch.Sequence, at));
        }
    }

    private static string ValuesOf(LedgerRow r, int at)
    {
        long[] numbers =
        [
            r.Inode, r.Sequence, r.Begins, r.Ends, r.Bytes, r.Lines, r.Records, r.Stored, r.LeftOut, r.Cut, r.LongBytes, r.NulBytes,
            r.FirstTime, r.LastTime, r.FirstRead, r.LastRead,
        ];
        return string.Create(CultureInfo.InvariantCulture, $"({r.Hour}::BIGINT, ${at}::VARCHAR, ${at + 1}::VARCHAR, ${at + 2}::VARCHAR, ")
            + string.Join(", ", numbers.Select(n => string.Create(CultureInfo.InvariantCulture, $"({n})::BIGINT"))) + ")";
    }

    private static string ValuesOf(LedgerGap g, long sequence, int at) =>
        string.Create(CultureInfo.InvariantCulture, $"(${at}, ${at + 1}, ${at + 2}, ${at + 3}, {g.Inode}, {g.Begins}, {g.Bytes}, ")
        + string.Create(CultureInfo.InvariantCulture,
            $"{g.Records}, {g.IsAtLeast}, {g.FromTime}, {g.ToTime}, {g.FoundAt}, {sequence})");

    private static string MergeRows(string values) => $"""
        MERGE INTO ledger l USING (VALUES {values}) v({RowColumns})
        ON l.hour = v.hour AND l.source = v.source AND l.part = v.part
        WHEN MATCHED THEN UPDATE SET
            path = v.path, sequence = v.sequence, begins = least(l.begins, v.begins), ends = greatest(l.ends, v.ends),
            bytes = l.bytes + v.bytes, lines = l.lines + v.lines, records = l.records + v.records, stored = l.stored + v.stored,
            left_out = l.left_out + v.left_out, cut = l.cut + v.cut, long_bytes = l.long_bytes + v.long_bytes,
            nul_bytes = l.nul_bytes + v.nul_bytes, first_time = least(l.first_time, v.first_time),
            last_time = greatest(l.last_time, v.last_time), last_read = greatest(l.last_read, v.last_read)
        WHEN NOT MATCHED THEN INSERT
        """;

    private static string MergeHours(string values) => $"""
        MERGE INTO ledger_hours l USING (VALUES {values}) v({HourColumns})
        ON l.hour = v.hour AND l.source = v.source AND l.part = v.part
        WHEN MATCHED THEN UPDATE SET records = l.records + v.records, last_read = v.last_read
        WHEN NOT MATCHED THEN INSERT
        """;

    private static string InsertGaps(string values) => $"INSERT INTO ledger_gaps({GapColumns}) VALUES {values}";

    /// <param name="connection">The connection that writes.</param>
    /// <param name="sql">The statement around rows.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="texts">The texts of a row, which are parameters.</param>
    /// <param name="write">Writes a row whose texts are the parameters from a number on.</param>
    private static void Run<T>(
        DuckDBConnection connection, Func<string, string> sql, T[] rows, Func<T, string[]> texts, Func<T, int, string> write)
    {
        using DuckDBCommand command = connection.CreateCommand();
        var values = new List<string>();
        foreach (T row in rows)
        {
            values.Add(write(row, command.Parameters.Count + 1));
            foreach (string text in texts(row))
                command.Parameters.Add(new DuckDBParameter(text));
        }
        command.CommandText = sql(string.Join(", ", values));
        command.ExecuteNonQuery();
    }
}
