using System.Globalization;
using System.Text;

namespace Metrics.Storage.State;

/// <summary>
/// A unit of work: what is to be written, kept until it is, so that it can be tried again when a disk is full. It is written by prepared statements:
/// half a hundred thousand alerts that begin at once must not wait for a change tracker. The statements are those that SQLite and
/// PostgreSQL share.
/// </summary>
internal sealed class StateWriter
{
    private static readonly Table s_alerts = new("Alerts", ["Rule", "Series"], ["Alert"]);
    private static readonly Table s_groups = new("Groups", ["Route", "Labels"], ["NextFlush", "Told", "Over"]);
    private static readonly Table s_flaps = new("Flaps", ["Rule", "Series"], ["Changes", "IsFlapping", "IsOver"]);
    private static readonly Table s_learned = new("Learned", ["Rule", "Series"], ["Model"]);
    private static readonly Table s_trail = new("Trail", [], ["At", "Subject", "What", "Text", "Ref", "Members", "Groups"]);
    private static readonly Table s_outbox = new("Outbox", [], ["Target", "Payload", "IdempotencyKey", "CreatedAt", "Attempts", "NextTry"]);
    private static readonly Table s_expected = new("Expected", ["Rule", "Series"], ["LastSeen"]);
    private static readonly Table s_acknowledgements = new("Acknowledgements", ["Alert"], ["FiredAt", "By", "At", "Comment"]);
    private static readonly Table s_silences = new("Silences", ["Id"], ["Matchers", "StartsAt", "EndsAt", "CreatedBy", "Comment", "UpdatedAt"]);
    private static readonly Table s_keys = new("Keys", ["Name"], ["Value"]);
    private static readonly Table s_audit = new("Audit", [], ["At", "Who", "What", "Text"]);

    /// <summary>A row of a table, or a statement with its values; a row's key alone means that it goes.</summary>
    private readonly List<(Table? Table, string? Sql, object?[] Values)> _operations = [];

    /// <summary>A table: rows of one key replace each other.</summary>
    private sealed record Table(string Name, string[] Key, string[] Values)
    {
        private readonly Dictionary<(int Rows, bool ByDigest), string> _texts = [];

        public int Width => Key.Length + Values.Length;

        /// <summary>The statement that writes so many rows, or with 0 the one that deletes a row. PostgreSQL goes by digests where a key is of two texts (<see cref="Migrations.M4_AuditAndLongKeys"/>).</summary>
        public string Sql(int rows, bool byDigest)
        {
            lock (_texts)
            {
                if (!_texts.TryGetValue((rows, byDigest), out string? text))
                    _texts.Add((rows, byDigest), text = rows > 0 ? Insert(rows, byDigest) : Delete(byDigest));
                return text;
            }
        }

        private string Insert(int rows, bool byDigest)
        {
            var sql = new StringBuilder($"INSERT INTO \"{Name}\" ({string.Join(", ", Key.Concat(Values).Select(c => $"\"{c}\""))}) VALUES ");
            for (int row = 0; row < rows; row++)
                sql.Append(row > 0 ? ", (" : "(").AppendJoin(", ", Enumerable.Range(row * Width, Width).Select(Parameter)).Append(')');
            if (Key.Length > 0)
                sql.Append(CultureInfo.InvariantCulture, $" ON CONFLICT ({string.Join(", ", Key.Select(c => Named($"\"{c}\"", byDigest)))}) DO UPDATE SET ").AppendJoin(", ", Values.Select(c => $"\"{c}\" = excluded.\"{c}\""));
            return sql.ToString();
        }

        private string Delete(bool byDigest) =>
            $"DELETE FROM \"{Name}\" WHERE {string.Join(" AND ", Key.Select((c, i) => $"{Named($"\"{c}\"", byDigest)} = {Named(Parameter(i), byDigest)}"))}";

        private string Named(string column, bool byDigest) => byDigest && Key.Length > 1 ? $"md5({column})" : column;
    }

    public void SaveAlert(string rule, string series, string alert) => Add(s_alerts, rule, series, alert);

    public void DeleteAlert(string rule, string series) => Delete(s_alerts, rule, series);

    public void SaveGroup(string route, string labels, long nextFlush, string told, string over) => Add(s_groups, route, labels, nextFlush, told, over);

    public void DeleteGroup(string route, string labels) => Delete(s_groups, route, labels);

    public void DeleteGroups() => Do("DELETE FROM \"Groups\"");

    public void SaveExpected(string rule, string series, long lastSeen) => Add(s_expected, rule, series, lastSeen);

    public void DeleteExpected(string rule, string series) => Delete(s_expected, rule, series);

    public void SaveAcknowledgement(string alert, long firedAt, string by, long at, string comment) => Add(s_acknowledgements, alert, firedAt, by, at, comment);

    /// <summary>Forgets old rows of trails, and the oldest when there are too many.</summary>
    public void DeleteTrail(long before, long max)
    {
        Do("DELETE FROM \"Trail\" WHERE \"At\" < @p0", before);
        Do("DELETE FROM \"Trail\" WHERE \"Id\" <= (SELECT max(\"Id\") FROM \"Trail\") - @p0", max);
    }

    public void SaveFlap(string rule, string series, string changes, bool isFlapping, bool isOver) => Add(s_flaps, rule, series, changes, isFlapping, isOver);

    public void DeleteFlap(string rule, string series) => Delete(s_flaps, rule, series);

    public void SaveSilence(SilenceRow row) => Add(s_silences, row.Id, row.Matchers, row.StartsAt, row.EndsAt, row.CreatedBy, row.Comment, row.UpdatedAt);

    /// <summary>Forgets silences that have ended before a time.</summary>
    public void DeleteSilences(long endedBefore) => Do("DELETE FROM \"Silences\" WHERE \"EndsAt\" < @p0", endedBefore);

    public void SaveKey(string name, string value) => Add(s_keys, name, value);

    /// <summary>Notes who did what.</summary>
    public void AddAudit(long at, string who, string what, string text) => Add(s_audit, at, who, what, text);

    /// <summary>Forgets what was done long ago.</summary>
    public void DeleteAudit(long before) => Do("DELETE FROM \"Audit\" WHERE \"At\" < @p0", before);

    public void SaveLearned(string rule, string series, string model) => Add(s_learned, rule, series, model);

    public void DeleteAcknowledgement(string alert) => Do("DELETE FROM \"Acknowledgements\" WHERE \"Alert\" = @p0", alert);

    public void AddTrail(TrailRow row) => Add(s_trail, row.At, row.Subject, row.What, row.Text, row.Ref, row.Members, row.Groups);

    public void AddMessage(string target, string payload, string key, long createdAt, long nextTry) => Add(s_outbox, target, payload, key, createdAt, 0, nextTry);

    public void DeleteMessage(long id) => Do("DELETE FROM \"Outbox\" WHERE \"Id\" = @p0", id);

    public void DelayMessage(long id, int attempts, long nextTry, string? error) =>
        Do("UPDATE \"Outbox\" SET \"Attempts\" = @p1, \"NextTry\" = @p2, \"LastError\" = @p3 WHERE \"Id\" = @p0", id, attempts, nextTry, error);

    /// <summary>Changes a message that has not been tried.</summary>
    public void ChangeMessage(string key, string payload)
    {
        Do("UPDATE \"Outbox\" SET \"Payload\" = @p1 WHERE \"IdempotencyKey\" = @p0 AND \"Attempts\" = 0", key, payload);
    }

    /// <summary>Whether there is anything to write.</summary>
    public bool IsEmpty => _operations.Count == 0;

    /// <summary>Writes everything, within the transaction of a unit of work.</summary>
    /// <param name="statements">Those of the connection, within its transaction.</param>
    /// <param name="backend">How its database likes its statements.</param>
    public void Apply(StateStatements statements, StateBackend backend)
    {
        bool byDigest = backend.UsesHashedKeys;
        var waiting = new Dictionary<Table, List<object?[]>>();
        foreach ((Table? table, string? sql, object?[] values) in _operations)
        {
            if (table is null || values.Length < table.Width)
            {
                // What was said before it must be there before it.
                foreach ((Table before, List<object?[]> rows) in waiting)
                    Insert(statements, before, rows, backend);
                statements.Run(sql ?? table!.Sql(0, byDigest), values);
                continue;
            }
            if (!waiting.TryGetValue(table, out List<object?[]>? queue))
                waiting.Add(table, queue = []);
            queue.Add(values);
            if (queue.Count == backend.RowsAtOnce)
                Insert(statements, table, queue, backend);
        }
        foreach ((Table table, List<object?[]> rows) in waiting)
            Insert(statements, table, rows, backend);
    }

    private void Add(Table table, params object?[] row) => _operations.Add((table, null, row));

    private void Delete(Table table, params object?[] key) => _operations.Add((table, null, key));

    private void Do(string sql, params object?[] values) => _operations.Add((null, sql, values));

    private static void Insert(StateStatements statements, Table table, List<object?[]> rows, StateBackend backend)
    {
        // One statement must not name a key twice; the last of them holds.
        List<object?[]> written = table.Key.Length == 0 || rows.Count == 1 ? rows : [.. rows.GroupBy(r => string.Join('\n', r.Take(table.Key.Length))).Select(g => g.Last())];
        if (written.Count == backend.RowsAtOnce)
            statements.Run(table.Sql(written.Count, backend.UsesHashedKeys), written.Count == 1 ? written[0] : [.. written.SelectMany(r => r)]);
        else
            written.ForEach(r => statements.Run(table.Sql(1, backend.UsesHashedKeys), r));
        rows.Clear();
    }

    private static string Parameter(int number) => string.Create(CultureInfo.InvariantCulture, $"@p{number}");
}
