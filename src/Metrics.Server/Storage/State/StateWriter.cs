using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Metrics.Storage.State;

/// <summary>
/// Writes many rows within a unit of work by prepared statements: half a hundred thousand alerts that begin at once must not wait for a change tracker.
/// The statements are those that SQLite and PostgreSQL share.
/// </summary>
internal sealed class StateWriter(StateDb db) : IDisposable
{
    private readonly Dictionary<string, DbCommand> _commands = [];

    public void SaveAlert(string rule, string series, string alert) => Run(
        "INSERT INTO \"Alerts\" (\"Rule\", \"Series\", \"Alert\") VALUES (@p0, @p1, @p2) ON CONFLICT (\"Rule\", \"Series\") DO UPDATE SET \"Alert\" = excluded.\"Alert\"", rule, series, alert);

    public void DeleteAlert(string rule, string series) => Run("DELETE FROM \"Alerts\" WHERE \"Rule\" = @p0 AND \"Series\" = @p1", rule, series);

    public void SaveGroup(string route, string labels, long nextFlush, string told, string over) => Run(
        "INSERT INTO \"Groups\" (\"Route\", \"Labels\", \"NextFlush\", \"Told\", \"Over\") VALUES (@p0, @p1, @p2, @p3, @p4) ON CONFLICT (\"Route\", \"Labels\") DO UPDATE SET \"NextFlush\" = excluded.\"NextFlush\", \"Told\" = excluded.\"Told\", \"Over\" = excluded.\"Over\"",
        route, labels, nextFlush, told, over);

    public void DeleteGroup(string route, string labels) => Run("DELETE FROM \"Groups\" WHERE \"Route\" = @p0 AND \"Labels\" = @p1", route, labels);

    public void DeleteGroups() => Run("DELETE FROM \"Groups\"");

    public void SaveFlap(string rule, string series, string changes, bool isFlapping, bool isOver) => Run(
        "INSERT INTO \"Flaps\" (\"Rule\", \"Series\", \"Changes\", \"IsFlapping\", \"IsOver\") VALUES (@p0, @p1, @p2, @p3, @p4) ON CONFLICT (\"Rule\", \"Series\") DO UPDATE SET \"Changes\" = excluded.\"Changes\", \"IsFlapping\" = excluded.\"IsFlapping\", \"IsOver\" = excluded.\"IsOver\"",
        rule, series, changes, isFlapping, isOver);

    public void DeleteAcknowledgement(string alert) => Run("DELETE FROM \"Acknowledgements\" WHERE \"Alert\" = @p0", alert);

    public void SaveLearned(string rule, string series, string model) => Run(
        "INSERT INTO \"Learned\" (\"Rule\", \"Series\", \"Model\") VALUES (@p0, @p1, @p2) ON CONFLICT (\"Rule\", \"Series\") DO UPDATE SET \"Model\" = excluded.\"Model\"", rule, series, model);

    public void AddTrail(long at, string subject, string what, string text, string? reference = null, string? members = null) => Run(
        "INSERT INTO \"Trail\" (\"At\", \"Subject\", \"What\", \"Text\", \"Ref\", \"Members\") VALUES (@p0, @p1, @p2, @p3, @p4, @p5)", at, subject, what, text, reference, members);

    public void AddMessage(string target, string payload, string key, long createdAt, long nextTry) => Run(
        "INSERT INTO \"Outbox\" (\"Target\", \"Payload\", \"IdempotencyKey\", \"CreatedAt\", \"Attempts\", \"NextTry\") VALUES (@p0, @p1, @p2, @p3, 0, @p4)", target, payload, key, createdAt, nextTry);

    /// <summary>Changes a message that has not been tried.</summary>
    public void ChangeMessage(string key, string payload) => Run("UPDATE \"Outbox\" SET \"Payload\" = @p1 WHERE \"IdempotencyKey\" = @p0 AND \"Attempts\" = 0", key, payload);

    public void Dispose()
    {
        foreach (DbCommand command in _commands.Values)
            command.Dispose();
    }

    private void Run(string sql, params ReadOnlySpan<object?> values)
    {
        if (!_commands.TryGetValue(sql, out DbCommand? command))
        {
            command = db.Database.GetDbConnection().CreateCommand();
            command.Transaction = db.Database.CurrentTransaction!.GetDbTransaction();
            command.CommandText = sql;
            for (int i = 0; i < values.Length; i++)
            {
                DbParameter parameter = command.CreateParameter();
                parameter.ParameterName = $"@p{i}";
                command.Parameters.Add(parameter);
            }
            _commands.Add(sql, command);
        }
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        command.ExecuteNonQuery();
    }
}
