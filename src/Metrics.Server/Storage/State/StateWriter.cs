using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Metrics.Storage.State;

/// <summary>
/// Writes many rows within a unit of work by prepared statements, several rows each: half a hundred thousand alerts that begin at once must not wait for a
/// change tracker. The statements are those that SQLite and PostgreSQL share. What was given reaches the database by <see cref="Flush()"/> at the latest.
/// </summary>
internal sealed class StateWriter(StateDb db) : IDisposable
{
    private const int RowsAtOnce = 32;

    private static readonly Table s_alerts = new("Alerts", ["Rule", "Series"], ["Alert"]);
    private static readonly Table s_groups = new("Groups", ["Route", "Labels"], ["NextFlush", "Told", "Over"]);
    private static readonly Table s_flaps = new("Flaps", ["Rule", "Series"], ["Changes", "IsFlapping", "IsOver"]);
    private static readonly Table s_learned = new("Learned", ["Rule", "Series"], ["Model"]);
    private static readonly Table s_trail = new("Trail", [], ["At", "Subject", "What", "Text", "Ref", "Members", "Groups"]);
    private static readonly Table s_outbox = new("Outbox", [], ["Target", "Payload", "IdempotencyKey", "CreatedAt", "Attempts", "NextTry"]);

    private readonly Dictionary<string, DbCommand> _commands = [];
    private readonly Dictionary<Table, List<object?[]>> _waiting = [];

    /// <summary>A table: rows of one key replace each other.</summary>
    private sealed record Table(string Name, string[] Key, string[] Values)
    {
        public int Width => Key.Length + Values.Length;

        public string Insert(int rows)
        {
            var sql = new StringBuilder($"INSERT INTO \"{Name}\" ({string.Join(", ", Key.Concat(Values).Select(c => $"\"{c}\""))}) VALUES ");
            for (int row = 0; row < rows; row++)
                sql.Append(row > 0 ? ", (" : "(").AppendJoin(", ", Enumerable.Range(row * Width, Width).Select(Parameter)).Append(')');
            if (Key.Length > 0)
                sql.Append(CultureInfo.InvariantCulture, $" ON CONFLICT ({string.Join(", ", Key.Select(c => $"\"{c}\""))}) DO UPDATE SET ").AppendJoin(", ", Values.Select(c => $"\"{c}\" = excluded.\"{c}\""));
            return sql.ToString();
        }

        public string Delete() => $"DELETE FROM \"{Name}\" WHERE {string.Join(" AND ", Key.Select((c, i) => $"\"{c}\" = {Parameter(i)}"))}";
    }

    public void SaveAlert(string rule, string series, string alert) => Add(s_alerts, rule, series, alert);

    public void DeleteAlert(string rule, string series) => Delete(s_alerts, rule, series);

    public void SaveGroup(string route, string labels, long nextFlush, string told, string over) => Add(s_groups, route, labels, nextFlush, told, over);

    public void DeleteGroup(string route, string labels) => Delete(s_groups, route, labels);

    public void DeleteGroups()
    {
        _waiting.Remove(s_groups);
        Run("DELETE FROM \"Groups\"", []);
    }

    public void SaveFlap(string rule, string series, string changes, bool isFlapping, bool isOver) => Add(s_flaps, rule, series, changes, isFlapping, isOver);

    public void SaveLearned(string rule, string series, string model) => Add(s_learned, rule, series, model);

    public void DeleteAcknowledgement(string alert) => Run("DELETE FROM \"Acknowledgements\" WHERE \"Alert\" = @p0", [alert]);

    public void AddTrail(TrailRow row) => Add(s_trail, row.At, row.Subject, row.What, row.Text, row.Ref, row.Members, row.Groups);

    public void AddMessage(string target, string payload, string key, long createdAt, long nextTry) => Add(s_outbox, target, payload, key, createdAt, 0, nextTry);

    public void DeleteMessage(long id) => Run("DELETE FROM \"Outbox\" WHERE \"Id\" = @p0", [id]);

    public void DelayMessage(long id, int attempts, long nextTry, string? error) =>
        Run("UPDATE \"Outbox\" SET \"Attempts\" = @p1, \"NextTry\" = @p2, \"LastError\" = @p3 WHERE \"Id\" = @p0", [id, attempts, nextTry, error]);

    /// <summary>Changes a message that has not been tried.</summary>
    public void ChangeMessage(string key, string payload)
    {
        Flush(s_outbox);
        Run("UPDATE \"Outbox\" SET \"Payload\" = @p1 WHERE \"IdempotencyKey\" = @p0 AND \"Attempts\" = 0", [key, payload]);
    }

    /// <summary>Writes what waits.</summary>
    public void Flush()
    {
        foreach (Table table in _waiting.Keys)
            Flush(table);
    }

    public void Dispose()
    {
        foreach (DbCommand command in _commands.Values)
            command.Dispose();
    }

    private void Add(Table table, params object?[] row)
    {
        if (!_waiting.TryGetValue(table, out List<object?[]>? rows))
            _waiting.Add(table, rows = []);
        rows.Add(row);
        if (rows.Count == RowsAtOnce)
            Flush(table);
    }

    private void Delete(Table table, params object?[] key)
    {
        Flush(table);
        Run(table.Delete(), key);
    }

    private void Flush(Table table)
    {
        if (!_waiting.TryGetValue(table, out List<object?[]>? rows) || rows.Count == 0)
            return;
        // One statement must not name a key twice; the last of them holds.
        List<object?[]> written = table.Key.Length == 0 ? rows : [.. rows.GroupBy(r => string.Join('\n', r.Take(table.Key.Length))).Select(g => g.Last())];
        if (written.Count == RowsAtOnce)
            Run(table.Insert(RowsAtOnce), [.. written.SelectMany(r => r)]);
        else
            written.ForEach(r => Run(table.Insert(1), r));
        rows.Clear();
    }

    private void Run(string sql, object?[] values)
    {
        if (!_commands.TryGetValue(sql, out DbCommand? command))
        {
            command = db.Database.GetDbConnection().CreateCommand();
            command.Transaction = db.Database.CurrentTransaction!.GetDbTransaction();
            command.CommandText = sql;
            for (int i = 0; i < values.Length; i++)
            {
                DbParameter parameter = command.CreateParameter();
                parameter.ParameterName = Parameter(i);
                command.Parameters.Add(parameter);
            }
            _commands.Add(sql, command);
        }
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        command.ExecuteNonQuery();
    }

    private static string Parameter(int number) => string.Create(CultureInfo.InvariantCulture, $"@p{number}");
}
