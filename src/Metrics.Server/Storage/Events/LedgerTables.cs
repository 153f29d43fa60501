using System.Globalization;
using System.Runtime.InteropServices;
using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>
/// The tables of the ledger, beside the events whose commits write them. What was read is appended, a row a file and commit, which costs a
/// commit next to nothing; every few seconds that is added to a row a file and hour of arrival, and to one a file and hour that its records
/// say. Gaps are rows of their own.
/// </summary>
internal static class LedgerTables
{
    /// <summary>What was read and is not in the other tables yet.</summary>
    public const string Newest = "ledger_newest";

    private const string Columns = """
        source VARCHAR NOT NULL, part VARCHAR NOT NULL, path VARCHAR NOT NULL, hour BIGINT NOT NULL, inode BIGINT NOT NULL,
        sequence BIGINT NOT NULL, begins BIGINT NOT NULL, ends BIGINT NOT NULL, bytes BIGINT NOT NULL, lines BIGINT NOT NULL,
        records BIGINT NOT NULL, stored BIGINT NOT NULL, left_out BIGINT NOT NULL, cut BIGINT NOT NULL, long_bytes BIGINT NOT NULL,
        nul_bytes BIGINT NOT NULL, first_time BIGINT NOT NULL, last_time BIGINT NOT NULL, first_read BIGINT NOT NULL,
        last_read BIGINT NOT NULL
        """;

    /// <summary>The columns of a row, in the order of <see cref="LedgerRow"/>.</summary>
    public const string RowColumns = """
        hour, source, part, path, inode, sequence, begins, ends, bytes, lines, records, stored, left_out, cut, long_bytes, nul_bytes,
        first_time, last_time, first_read, last_read
        """;

    /// <summary>Rows of one file and hour of arrival as one.</summary>
    private const string Sums = """
        source, part, arg_max(path, sequence) AS path, hour, max(inode) AS inode, max(sequence) AS sequence, min(begins) AS begins,
        max(ends) AS ends, sum(bytes)::BIGINT AS bytes, sum(lines)::BIGINT AS lines, sum(records)::BIGINT AS records,
        sum(stored)::BIGINT AS stored, sum(left_out)::BIGINT AS left_out, sum(cut)::BIGINT AS cut, sum(long_bytes)::BIGINT AS long_bytes,
        sum(nul_bytes)::BIGINT AS nul_bytes, min(first_time) AS first_time, max(last_time) AS last_time, min(first_read) AS first_read,
        max(last_read) AS last_read
        """;

    private const string NewestHours = $"""
        SELECT said_hour AS hour, source, part, sum(said_records)::BIGINT AS records, max(last_read) AS last_read
        FROM {Newest} WHERE said_records > 0 GROUP BY ALL
        """;

    /// <summary>All rows: a file and hour of arrival each.</summary>
    public const string Rows = $"""
        (SELECT {Sums} FROM (SELECT * FROM ledger UNION ALL BY NAME SELECT * EXCLUDE (said_hour, said_records) FROM {Newest})
        GROUP BY source, part, hour)
        """;

    /// <summary>All hours that records say.</summary>
    public const string Hours = $"(SELECT * FROM ledger_hours UNION ALL BY NAME {NewestHours})";

    /// <summary>Makes the tables in a file that has none yet.</summary>
    public const string Create = $"""
        CREATE TABLE IF NOT EXISTS {Newest}({Columns}, said_hour BIGINT NOT NULL, said_records BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS ledger({Columns});
        CREATE TABLE IF NOT EXISTS ledger_hours(
            hour BIGINT NOT NULL, source VARCHAR NOT NULL, part VARCHAR NOT NULL, records BIGINT NOT NULL, last_read BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS ledger_gaps(
            source VARCHAR NOT NULL, part VARCHAR NOT NULL, path VARCHAR NOT NULL, reason VARCHAR NOT NULL, inode BIGINT NOT NULL,
            begins BIGINT NOT NULL, bytes BIGINT NOT NULL, records BIGINT NOT NULL, is_at_least BOOLEAN NOT NULL, from_time BIGINT NOT NULL,
            to_time BIGINT NOT NULL, found_at BIGINT NOT NULL, sequence BIGINT NOT NULL)
        """;

    /// <summary>Adds the newest rows to the others; to be run as one transaction.</summary>
    public const string Compact = $"""
        MERGE INTO ledger l USING (SELECT {Sums} FROM {Newest} GROUP BY source, part, hour) v
        ON l.hour = v.hour AND l.source = v.source AND l.part = v.part
        WHEN MATCHED THEN UPDATE SET
            path = v.path, sequence = v.sequence, begins = least(l.begins, v.begins), ends = greatest(l.ends, v.ends),
            bytes = l.bytes + v.bytes, lines = l.lines + v.lines, records = l.records + v.records, stored = l.stored + v.stored,
            left_out = l.left_out + v.left_out, cut = l.cut + v.cut, long_bytes = l.long_bytes + v.long_bytes,
            nul_bytes = l.nul_bytes + v.nul_bytes, first_time = least(l.first_time, v.first_time),
            last_time = greatest(l.last_time, v.last_time), last_read = greatest(l.last_read, v.last_read)
        WHEN NOT MATCHED THEN INSERT;
        MERGE INTO ledger_hours l USING ({NewestHours}) v ON l.hour = v.hour AND l.source = v.source AND l.part = v.part
        WHEN MATCHED THEN UPDATE SET records = l.records + v.records, last_read = v.last_read
        WHEN NOT MATCHED THEN INSERT;
        DELETE FROM {Newest}
        """;

    /// <summary>Forgets what was read and found before a day, days since 1970 UTC.</summary>
    public static string Expire(int day)
    {
        long before = day * TimeSpan.TicksPerDay * TimeSpan.NanosecondsPerTick;
        return string.Create(CultureInfo.InvariantCulture, $"""
            DELETE FROM ledger WHERE last_read < {before};
            DELETE FROM ledger_hours WHERE last_read < {before};
            DELETE FROM ledger_gaps WHERE found_at < {before}
            """);
    }

    /// <summary>The last batch that is in the ledger; 0 where there is none.</summary>
    public static long LastSequence(DuckDBConnection connection)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT coalesce(max(s), 0) FROM (SELECT max(sequence) AS s FROM ledger
            UNION ALL SELECT max(sequence) FROM {Newest} UNION ALL SELECT max(sequence) FROM ledger_gaps)
            """;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Writes what batches account for, within the transaction of the connection.</summary>
    /// <exception cref="IOException">DuckDB refuses it.</exception>
    public static void Save(DuckDBConnection connection, IReadOnlyList<EventBatch> batches)
    {
        using (var appender = new LedgerAppender(connection))
        {
            foreach (One one in Merge(batches))
            {
                LedgerRow row = one.Row;
                (long hour, long records) = one.Hours.FirstOrDefault();
                appender.Add(row, hour, records);
                // The row's own counts stand once, beside the first hour.
                foreach ((long other, long more) in one.Hours.Skip(1))
                    appender.Add(row.WithoutCounts(), other, more);
            }
            appender.Close();
        }
        foreach (EventBatch batch in batches)
        {
            foreach (LedgerGap gap in batch.Gaps)
                Save(connection, gap, batch.Sequence);
        }
    }

    private static IEnumerable<One> Merge(IReadOnlyList<EventBatch> batches)
    {
        var rows = new Dictionary<(long, string, string), One>();
        foreach (EventBatch batch in batches)
        {
            foreach (LedgerEntry entry in batch.Ledger)
            {
                var row = LedgerRow.Of(entry, batch.Sequence);
                ref One? one = ref CollectionsMarshal.GetValueRefOrAddDefault(rows, (row.Hour, row.Source, row.Part), out _);
                one = one is null ? new One(row, []) : one with { Row = one.Row.With(row) };
                foreach ((long hour, int records) in entry.Hours())
                    CollectionsMarshal.GetValueRefOrAddDefault(one.Hours, hour, out _) += records;
            }
        }
        return rows.Values;
    }

    private static void Save(DuckDBConnection connection, LedgerGap gap, long sequence)
    {
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = "INSERT INTO ledger_gaps VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        object[] values =
        [
            gap.Source, gap.Part, gap.Path, gap.Reason, gap.Inode, gap.Begins, gap.Bytes, gap.Records, gap.IsAtLeast, gap.FromTime,
            gap.ToTime, gap.FoundAt, sequence,
        ];
        foreach (object value in values)
            command.Parameters.Add(new DuckDBParameter(value));
        command.ExecuteNonQuery();
    }

    /// <summary>What was read of a file in an hour, and its records by the hour that they say.</summary>
    private sealed record One(LedgerRow Row, Dictionary<long, long> Hours);
}
