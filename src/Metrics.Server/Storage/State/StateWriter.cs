using Metrics.Model;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>
/// A unit of work: what is to be written, kept until it is, so that it can be tried again when a disk is full. Rows are written by prepared
/// statements: half a hundred thousand alerts that begin at once must not wait for a change tracker.
/// </summary>
internal sealed class StateWriter
{
    private readonly List<Operation> _operations = [];

    /// <summary>A row to write, or the key of one to delete (then with its table), or a piece of work.</summary>
    private readonly record struct Operation(object What, Type? DeletedFrom = null);

    /// <summary>Whether there is anything to write.</summary>
    public bool IsEmpty => _operations.Count == 0;

    /// <summary>
    /// Writes a row, in place of the row of its key; one whose key the database makes is added. It must not change any more.
    /// </summary>
    public void Save(object row) => _operations.Add(new Operation(row));

    /// <summary>Deletes the row of a key, if it is there.</summary>
    /// <param name="key">The key's values, in its order.</param>
    public void Delete<T>(params object[] key)
        where T : class => _operations.Add(new Operation(key, typeof(T)));

    /// <summary>Does what goes by no key, after all that was said before it. It may be done again when it fails.</summary>
    public void Run(Action<StateDb> work) => _operations.Add(new Operation(work));

    /// <summary>Notes who did what.</summary>
    public void AddAudit(Timestamp at, string who, string what, string text) =>
        Save(new AuditRow { At = at.Milliseconds, Who = who, What = what, Text = text });

    /// <summary>Makes a message wait for its next try.</summary>
    public void DelayMessage(long id, int attempts, long nextTry, string? error)
    {
        string? reason = error is null ? null : EntityStatements.Clean(error);
        Run(db => db.Outbox.Where(o => o.Id == id)
            .ExecuteUpdate(o => o
                .SetProperty(r => r.Attempts, attempts).SetProperty(r => r.NextTry, nextTry).SetProperty(r => r.LastError, reason)));
    }

    /// <summary>Changes a message that has not been tried.</summary>
    public void ChangeMessage(string key, string payload)
    {
        string clean = EntityStatements.Clean(payload);
        Run(db => db.Outbox.Where(o => o.IdempotencyKey == key && o.Attempts == 0)
            .ExecuteUpdate(o => o.SetProperty(r => r.Payload, clean)));
    }

    /// <summary>Writes everything, within the transaction of a unit of work.</summary>
    /// <param name="statements">Those of the connection, within its transaction.</param>
    public void Apply(StateStatements statements)
    {
        foreach (Operation operation in _operations)
            Apply(operation, statements);
    }

    /// <summary>Each of them as a part, for when one of them cannot be written.</summary>
    /// <param name="statements">Those of the connection, within its transaction.</param>
    public IEnumerable<Action> Parts(StateStatements statements) => _operations.Select(o => (Action)(() => Apply(o, statements)));

    private static void Apply(Operation operation, StateStatements statements)
    {
        if (operation.DeletedFrom is { } entity)
            statements.Delete(entity, (object[])operation.What);
        else if (operation.What is Action<StateDb> work)
            statements.Run(work);
        else
            statements.Save(operation.What);
    }
}
