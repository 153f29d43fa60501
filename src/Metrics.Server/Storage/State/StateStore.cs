using System.Data.Common;
using Metrics.Configuration;
using Metrics.Model;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>The state that must not be lost. Reads go to its database at once, writes as units of work, one after another.</summary>
internal sealed partial class StateStore(
    StorageOptions options, StateMetrics metrics, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<StateStore> log)
    : IDisposable
{
    private static readonly Backoff s_pauses =
        new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)) { Factor = 1, Step = TimeSpan.FromSeconds(1) };

    private readonly Lock _writing = new();
    private StateStatements? _statements;
    private readonly StateBackend _backend = options.Postgres is { } postgres
        ? new PostgresState(postgres, log)
        : new SqliteState(options.Path, time, log);

    /// <summary>Whether another daemon works with the database now; this one ends.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Makes the database ready.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public void Prepare() => _backend.Prepare();

    /// <summary>For reading; dispose it.</summary>
    public StateDb Open() => _backend.Open();

    /// <summary>
    /// Writes a unit of work, whole; one at a time, since those who find SQLite's file locked sleep before they look again. When the disk
    /// is full, or the database away or not to be written, it waits and tries again: nobody may be notified, and nothing forgotten, before
    /// it is written.
    /// </summary>
    public void Write(Action<StateWriter> work)
    {
        var writer = new StateWriter();
        work(writer);
        if (writer.IsEmpty)
            return;
        lock (_writing)
        {
            RetryUntilAvailable(() =>
            {
                StateStatements statements = Statements();
                try
                {
                    statements.Run(() => writer.Apply(statements));
                }
                catch
                {
                    // Whatever they were in the middle of, they begin anew.
                    statements.Dispose();
                    _statements = null;
                    throw;
                }
                return true;
            });
        }
    }

    /// <summary>Reads, and waits for a database that is away.</summary>
    public T Read<T>(Func<StateDb, T> read) => RetryUntilAvailable(() =>
    {
        using StateDb db = Open();
        return read(db);
    });

    /// <summary>Who did what, the newest first.</summary>
    public IReadOnlyList<AuditRow> Audit(int max) => Read(db => db.Audit.AsNoTracking().OrderByDescending(a => a.Id).Take(max).ToList());

    public void Dispose()
    {
        _statements?.Dispose();
        (_backend as IDisposable)?.Dispose();
    }

    private StateStatements Statements()
    {
        DbConnection connection = _backend.OpenForWriting();
        if (_statements is null || !ReferenceEquals(_statements.Connection, connection))
        {
            _statements?.Dispose();
            _statements = new StateStatements(connection, _backend);
        }
        return _statements;
    }

    private T RetryUntilAvailable<T>(Func<T> work)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                T done = work();
                if (tries > 1)
                    LogWorksAgain(_backend.Name);
                return done;
            }
            catch (StoreException e)
            {
                LogLost(e.Message);
                IsLost = true;
                lifetime.StopApplication();
                throw;
            }
            catch (Exception e) when ((e as DbException ?? e.InnerException as DbException) is { } reason && _backend.IsTransient(reason))
            {
                metrics.Failures.Inc();
                if (tries == 1)
                    LogDoesNotWork(_backend.Name, reason.Message);
            }
            using var pause = new CancellationTokenSource(s_pauses.After(tries), time);
            pause.Token.WaitHandle.WaitOne();
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The {Name} cannot be used ({Reason}); alerts and messages wait until it can")]
    private partial void LogDoesNotWork(string name, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Reason}; this one ends")]
    private partial void LogLost(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {Name} can be used again")]
    private partial void LogWorksAgain(string name);
}
