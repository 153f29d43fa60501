using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>The statements of a connection, each prepared once. Not for use by two threads at once.</summary>
internal sealed class StateStatements(DbConnection connection, StateBackend backend) : IDisposable
{
    private const string Part = "part";

    private readonly Dictionary<Type, PreparedTable> _tables = [];
    private StateDb? _db;
    private DbTransaction? _transaction;

    /// <summary>Whose they are.</summary>
    public DbConnection Connection => connection;

    /// <summary>Runs a unit of work as one transaction.</summary>
    public void Run(Action work)
    {
        using DbTransaction transaction = connection.BeginTransaction();
        _transaction = transaction;
        work();
        Flush();
        transaction.Commit();
        _transaction = null;
    }

    /// <summary>Runs a unit of work as one transaction, but for the parts that the database refuses.</summary>
    /// <param name="parts">Its parts, in their order.</param>
    /// <param name="refused">Told of each that is left out, and why.</param>
    public void RunEach(IEnumerable<Action> parts, Action<DbException> refused)
    {
        using DbTransaction transaction = connection.BeginTransaction();
        _transaction = transaction;
        foreach (Action part in parts)
        {
            transaction.Save(Part);
            try
            {
                part();
                Flush();
                transaction.Release(Part);
            }
            catch (DbException e) when (backend.IsOfRow(e))
            {
                Forget();
                transaction.Rollback(Part);
                refused(e);
            }
        }
        transaction.Commit();
        _transaction = null;
    }

    /// <summary>Writes a row of the model, in place of the row of its key; within <see cref="Run(Action)"/>.</summary>
    public void Save(object row) => TableOf(row.GetType()).Save(row, Transaction);

    /// <summary>Deletes the row of a key; within <see cref="Run(Action)"/>.</summary>
    public void Delete(Type entity, object[] key)
    {
        // What was said before it must be there before it.
        Flush();
        TableOf(entity).Delete(key, Transaction);
    }

    /// <summary>Does what goes by no key, such as to forget what is old; within <see cref="Run(Action)"/>.</summary>
    public void Run(Action<StateDb> work)
    {
        Flush();
        _db ??= new StateDb(backend.OptionsFor(connection));
        _db.Database.UseTransaction(Transaction);
        work(_db);
        _db.Database.UseTransaction(null);
    }

    public void Dispose()
    {
        Forget();
        _db?.Dispose();
    }

    /// <summary>Statements are prepared anew; what they held and had not written is gone.</summary>
    private void Forget()
    {
        foreach (PreparedTable table in _tables.Values)
            table.Dispose();
        _tables.Clear();
    }

    private DbTransaction Transaction => _transaction ?? throw new InvalidOperationException("There is no unit of work.");

    private void Flush()
    {
        foreach (PreparedTable table in _tables.Values)
            table.Flush(Transaction);
    }

    private PreparedTable TableOf(Type entity)
    {
        if (!_tables.TryGetValue(entity, out PreparedTable? table))
            _tables.Add(entity, table = new PreparedTable(backend.StatementsOf(entity, connection), connection, backend.RowsAtOnce));
        return table;
    }
}
