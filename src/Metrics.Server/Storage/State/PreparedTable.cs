using System.Data.Common;

namespace Metrics.Storage.State;

/// <summary>
/// A table as one connection writes it: its statements are prepared once, and rows go many at once where the database likes that. Not
/// for use by two threads at once.
/// </summary>
internal sealed class PreparedTable(EntityStatements statements, DbConnection connection, int rowsAtOnce) : IDisposable
{
    private readonly List<object> _waiting = [];
    private DbCommand? _many;
    private DbCommand? _one;
    private DbCommand? _delete;

    /// <summary>Takes a row; it is written at the latest by <see cref="Flush"/>.</summary>
    public void Save(object row, DbTransaction transaction)
    {
        _waiting.Add(row);
        if (_waiting.Count == rowsAtOnce)
            Flush(transaction);
    }

    /// <summary>Writes what waits.</summary>
    public void Flush(DbTransaction transaction)
    {
        if (_waiting.Count == 0)
            return;
        List<object> rows = _waiting.Count == 1 || !statements.IsKeyed ? _waiting : LastOfEachKey();
        if (rows.Count == rowsAtOnce)
        {
            Run(_many ??= Prepare(statements.Write(rowsAtOnce), statements.Columns, rowsAtOnce), rows, transaction);
        }
        else
        {
            _one ??= Prepare(statements.Write(1), statements.Columns, 1);
            foreach (object row in rows)
                Run(_one, [row], transaction);
        }
        _waiting.Clear();
    }

    /// <summary>Deletes the row of a key.</summary>
    public void Delete(object[] key, DbTransaction transaction)
    {
        if (key.Length != statements.Key.Count)
            throw new ArgumentException($"The key has {key.Length} parts, not {statements.Key.Count}.", nameof(key));
        _delete ??= Prepare(statements.Delete(), statements.Key, 1);
        for (int i = 0; i < key.Length; i++)
            _delete.Parameters[i].Value = statements.Key[i].ToStored(key[i]);
        _delete.Transaction = transaction;
        _delete.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _many?.Dispose();
        _one?.Dispose();
        _delete?.Dispose();
    }

    /// <summary>One statement must not name a key twice; the last of them holds.</summary>
    private List<object> LastOfEachKey() =>
        [.. _waiting.GroupBy(r => string.Join('\n', statements.Key.Select(c => c.Read(r)))).Select(g => g.Last())];

    private void Run(DbCommand command, List<object> rows, DbTransaction transaction)
    {
        DbParameterCollection parameters = command.Parameters;
        int number = 0;
        foreach (object row in rows)
        {
            foreach (EntityStatements.Column column in statements.Columns)
                parameters[number++].Value = column.Read(row);
        }
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private DbCommand Prepare(string sql, IReadOnlyList<EntityStatements.Column> columns, int rows)
    {
        DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < rows * columns.Count; i++)
            command.Parameters.Add(columns[i % columns.Count].CreateParameter(command, i));
        return command;
    }
}
