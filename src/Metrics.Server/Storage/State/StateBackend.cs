using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>Where the state is kept: a file of SQLite (<see cref="SqliteState"/>) or a PostgreSQL database (<see cref="PostgresState"/>).</summary>
internal abstract class StateBackend
{
    /// <summary>For messages: <c>state file data/state.db</c>. No secret is in it.</summary>
    public abstract string Name { get; }

    /// <summary>Makes the tables ready.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public abstract void Prepare();

    /// <summary>For reading; dispose it.</summary>
    public abstract StateDb Open();

    /// <summary>The connection for units of work, one at a time; it stays open and belongs to the backend.</summary>
    public abstract DbConnection OpenForWriting();

    /// <summary>Whether keys of two texts go by their digests (<see cref="Migrations.M4_AuditAndLongKeys"/>).</summary>
    public virtual bool UsesHashedKeys => false;

    /// <summary>Rows of one statement: many where each is a journey, one where to bind many parameters by name costs more than to begin anew.</summary>
    public virtual int RowsAtOnce => 1;

    /// <summary>Whether what went wrong may go right later: a disk is full, a file locked, a server away.</summary>
    public abstract bool IsTransient(DbException e);

    /// <summary>Brings the tables up to date.</summary>
    protected static void Migrate(StateDb db) => db.Database.Migrate();
}
