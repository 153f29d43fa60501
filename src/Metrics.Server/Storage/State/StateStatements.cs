using System.Data.Common;
using System.Globalization;

namespace Metrics.Storage.State;

/// <summary>The statements of a connection, each prepared once. Not for use by two threads at once.</summary>
internal sealed class StateStatements(DbConnection connection) : IDisposable
{
    private readonly Dictionary<string, DbCommand> _commands = [];
    private DbTransaction? _transaction;

    /// <summary>Whose they are.</summary>
    public DbConnection Connection => connection;

    /// <summary>Runs a unit of work as one transaction.</summary>
    public void Run(Action work)
    {
        using DbTransaction transaction = connection.BeginTransaction();
        _transaction = transaction;
        work();
        transaction.Commit();
    }

    /// <summary>Runs a statement with values for <c>@p0</c> and so on.</summary>
    public void Run(string sql, object?[] values)
    {
        if (!_commands.TryGetValue(sql, out DbCommand? command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (int i = 0; i < values.Length; i++)
            {
                DbParameter parameter = command.CreateParameter();
                parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{i}");
                command.Parameters.Add(parameter);
            }
            _commands.Add(sql, command);
        }
        command.Transaction = _transaction;
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] is string text ? text.Replace('\0', '\uFFFD') : values[i] ?? DBNull.Value;   // PostgreSQL's texts hold no NUL
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (DbCommand command in _commands.Values)
            command.Dispose();
    }
}
