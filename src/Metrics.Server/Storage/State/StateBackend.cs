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

    /// <summary>For a unit of work, one at a time; dispose it.</summary>
    public virtual StateDb OpenForWriting() => Open();

    /// <summary>Whether what went wrong may go right later: a disk is full, a file locked, a server away.</summary>
    public abstract bool IsPassing(DbException e);

    /// <summary>Brings the tables up to date.</summary>
    protected static void Migrate(StateDb db) => db.Database.Migrate();
}
