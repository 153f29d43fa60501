using System.Collections.Concurrent;
using System.Data.Common;
using Metrics.Storage.State.Migrations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Metrics.Storage.State;

/// <summary>
/// Where the state is kept: a file of SQLite (<see cref="SqliteState"/>) or a PostgreSQL database (<see cref="PostgresState"/>).
/// </summary>
internal abstract class StateBackend
{
    private readonly ConcurrentDictionary<Type, EntityStatements> _statements = new();

    /// <summary>For messages: <c>state file data/state.db</c>. No secret is in it.</summary>
    public abstract string Name { get; }

    /// <summary>Makes the tables ready.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public abstract void Prepare();

    /// <summary>For reading; dispose it.</summary>
    public abstract StateDb Open();

    /// <summary>The connection for units of work, one at a time; it stays open and belongs to the backend.</summary>
    public abstract DbConnection OpenForWriting();

    /// <summary>How the model works over an open connection.</summary>
    public abstract DbContextOptions<StateDb> OptionsFor(DbConnection connection);

    /// <summary>Whether long keys go by their digests (<see cref="M4_AuditAndLongKeys"/>).</summary>
    protected virtual bool UsesHashedKeys => false;

    /// <summary>
    /// Rows of one statement: many where each is a journey, one where to bind many parameters by name costs more than to begin anew.
    /// </summary>
    public virtual int RowsAtOnce => 1;

    /// <summary>A query that gives a row when there is a table of this name.</summary>
    public abstract string FindTable(string name);

    /// <summary>Whether what went wrong may go right later: a disk is full, a file locked, a server away.</summary>
    public abstract bool IsTransient(DbException e);

    /// <summary>Whether a row is to blame, so that others can be written without it.</summary>
    public abstract bool IsOfRow(DbException e);

    /// <summary>Whether what went wrong says that the database is damaged, so that trying again is of no use.</summary>
    public virtual bool IsDamage(DbException e) => false;

    /// <summary>
    /// Sets a damaged database aside and begins anew with what can be read of it. All connections that were open before are void.
    /// </summary>
    /// <param name="reason">What was found, for people.</param>
    /// <param name="isGone">Its file is gone, or another in its place: what is open is whole, and all of it is saved.</param>
    /// <exception cref="StoreException">That is not possible.</exception>
    public virtual void Rebuild(string reason, bool isGone) => throw new StoreException($"The {Name} is damaged: {reason}");

    /// <summary>Whether what is written goes to memory (<see cref="TryTakeRefuge"/>).</summary>
    public virtual bool IsInRefuge => false;

    /// <summary>
    /// Goes on in memory, since the database cannot be written and nobody can wait for it any longer. All connections that were open before
    /// are void.
    /// </summary>
    /// <param name="isWhole">Whether all that was in the database is there.</param>
    /// <returns>Whether that could be done.</returns>
    public virtual bool TryTakeRefuge(out bool isWhole) => isWhole = false;

    /// <summary>Goes back to the database, with all that is in memory, when it can be written again; connections are void then.</summary>
    /// <returns>Whether it went back.</returns>
    public virtual bool TryLeaveRefuge() => false;

    /// <summary>The statements of a table.</summary>
    /// <exception cref="ArgumentException">The model knows no such row.</exception>
    public EntityStatements StatementsOf(Type entity, DbConnection connection) => _statements.GetOrAdd(entity, type =>
    {
        using var db = new StateDb(OptionsFor(connection));
        return new EntityStatements(
            db.Model.FindEntityType(type) ?? throw new ArgumentException($"The model has no {type.Name}.", nameof(entity)),
            db.GetService<ISqlGenerationHelper>(), UsesHashedKeys);
    });

    /// <summary>Brings the tables up to date.</summary>
    /// <exception cref="StoreException">A newer program has written them.</exception>
    protected void Migrate(StateDb db, ILogger log)
    {
        if (db.Database.GetAppliedMigrations().Except(db.Database.GetMigrations()).LastOrDefault() is { } newer)
        {
            string version = ProductInfo.GetVersion();
            throw new StoreException(
                $"The {Name} was written by a newer metricsd (its tables are as of {newer}); this is {version}, and would damage it");
        }
        db.Database.Migrate();
        db.Database.OpenConnection();
        new TrailSplit(db.Database.GetDbConnection(), this, log).Run();
    }
}
