using System.Data.Common;
using Metrics.Configuration;
using Metrics.Model;
using Microsoft.EntityFrameworkCore;

namespace Metrics.Storage.State;

/// <summary>
/// The state that must not be lost. Reads go to its database at once, writes as units of work, one after another. Who works in the
/// background waits for as long as it takes; requests go their own lane (<see cref="StateLane"/>).
/// </summary>
internal sealed partial class StateStore : IDisposable
{
    private static readonly Backoff s_pauses =
        new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)) { Factor = 1, Step = TimeSpan.FromSeconds(1) };

    /// <summary>Damage that comes back at once is beyond us.</summary>
    private const int MaxBuilds = 3;

    private readonly Lock _writing = new();
    private readonly StateBackend _backend;
    private readonly StateLane _lane;
    private readonly StateMetrics _metrics;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger<StateStore> _log;
    private StateStatements? _statements;

    /// <summary>How often the database was made anew.</summary>
    private int _builds;

    /// <summary>Why it could not be made anew last, as the log has it.</summary>
    private string? _obstacle;

    public StateStore(
        StorageOptions options, StateMetrics metrics, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<StateStore> log)
    {
        (_metrics, _lifetime, _time, _log) = (metrics, lifetime, time, log);
        _backend = options.Postgres is { } postgres ? new PostgresState(postgres, log) : new SqliteState(options.Path, metrics, time, log);
        _lane = new StateLane(request => Write(request.Work, request), time);
        metrics.BeforeCollect(() => metrics.InMemory.Set(IsInMemory ? 1 : 0));
    }

    /// <summary>Whether another daemon works with the database now; this one ends.</summary>
    public bool IsLost { get; private set; }

    /// <summary>
    /// Raised when the database was made anew of what could be read of a damaged one, before anything else is written: whoever holds in
    /// memory what must not be lost writes it again.
    /// </summary>
    public event Action? Rebuilt;

    /// <summary>Makes the database ready.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public void Prepare() => _backend.Prepare();

    /// <summary>For reading; dispose it.</summary>
    public StateDb Open() => _backend.Open();

    /// <summary>
    /// Writes a unit of work, whole; one at a time, since those who find SQLite's file locked sleep before they look again. When the disk
    /// is full, or the database away or not to be written, it waits and tries again: nobody may be notified, and nothing forgotten, before
    /// it is written. A file that could not be written for half a minute is left for memory, for nobody may stay unnotified either.
    /// </summary>
    public void Write(Action<StateWriter> work) => Write(work, null);

    /// <summary>Has a unit of work of a request written, in its turn; the request waits for five seconds.</summary>
    /// <param name="work">Says what to write when its turn has come; what it throws is thrown here.</param>
    /// <param name="written">Done when it is committed, before the work of the next begins.</param>
    /// <exception cref="StateUnavailableException">It could not be written in time.</exception>
    public Task WriteAsync(Action<StateWriter> work, Action? written = null) => _lane.WriteAsync(new StateRequest(work, written));

    /// <summary>Has a unit of work written in its turn, however long that takes; no thread waits.</summary>
    /// <inheritdoc cref="WriteAsync" />
    public Task WriteInTurnAsync(Action<StateWriter> work, Action? written = null) =>
        _lane.WriteInTurnAsync(new StateRequest(work, written));

    /// <summary>Reads for a request, which waits for five seconds.</summary>
    /// <exception cref="StateUnavailableException">It could not be read in time.</exception>
    public Task<T> ReadAsync<T>(Func<StateDb, T> read) => _lane.ReadAsync(() =>
    {
        int build = Volatile.Read(ref _builds);
        try
        {
            using StateDb db = Open();
            return read(db);
        }
        catch (Exception e) when (ReasonOf(e) is { } reason && (_backend.IsTransient(reason) || _backend.IsDamage(reason)))
        {
            if (_backend.IsDamage(reason))
                TryRebuild(reason.Message, build);
            throw StateLane.Unreadable(e);
        }
    });

    /// <summary>Writes a copy of the whole file as it is now; who writes it is not held up.</summary>
    /// <exception cref="StoreException">It cannot be read, or the copy not be written.</exception>
    public void Backup(string path)
    {
        using StateDb db = Open();
        try
        {
            db.Database.ExecuteSql($"VACUUM INTO {path}");
        }
        catch (DbException e)
        {
            throw new StoreException($"The {_backend.Name} cannot be copied: {e.Message}", e);
        }
    }

    /// <summary>The file is gone, or another in its place: it is made anew with all that was in it.</summary>
    public void Restore(string reason) => Rebuild(reason, Volatile.Read(ref _builds), isGone: true);

    /// <summary>Reads rows one by one: one that makes no sense costs itself, and not the start.</summary>
    public List<T> Decode<TRow, T>(IEnumerable<TRow> rows, Func<TRow, T> read)
    {
        var sound = new List<T>();
        (int unreadable, string first) = (0, "");
        foreach (TRow row in rows)
        {
            try
            {
                sound.Add(read(row));
            }
            catch (Exception e)
            {
                // What flipped bits make of a text cannot be foreseen.
                _metrics.Unreadable.Inc();
                if (unreadable++ == 0)
                    first = e.Message;
            }
        }
        if (unreadable > 0)
            _metrics.Damages.Note("state.db", $"{unreadable} of {typeof(TRow).Name} make no sense and are passed over: {first}");
        return sound;
    }

    /// <summary>Reads, and waits for a database that is away.</summary>
    public T Read<T>(Func<StateDb, T> read) => RetryUntilAvailable(() =>
    {
        using StateDb db = Open();
        return read(db);
    });

    /// <summary>Who did what, the newest first.</summary>
    public Task<List<AuditRow>> AuditAsync(int max) => ReadAsync(
        db => db.Audit.AsNoTracking().OrderByDescending(a => a.Id).Take(max).ToList());

    public void Dispose()
    {
        _lane.Dispose();
        LeaveMemoryAtLast();
        DropStatements();
        (_backend as IDisposable)?.Dispose();
    }

    private void Write(Action<StateWriter> work, StateRequest? request)
    {
        var writer = new StateWriter();
        work(writer);
        if (writer.IsEmpty)
            return;
        lock (_writing)
        {
            RetryUntilAvailable(() =>
            {
                try
                {
                    TryWrite(writer, request);
                }
                catch (Exception e) when (request is null && ReasonOf(e) is { } reason && _backend.IsOfRow(reason))
                {
                    WriteTheRest(writer);
                }
                return true;
            }, request, mayMove: true);
            _failingSince = null;
        }
    }

    private void TryWrite(StateWriter writer, StateRequest? request)
    {
        StateStatements statements = Statements();
        try
        {
            statements.Run(() =>
            {
                request?.Begin();
                writer.Apply(statements);
            });
        }
        catch
        {
            // Whatever they were in the middle of, they begin anew.
            request?.Withdraw();
            DropStatements();
            throw;
        }
    }

    /// <summary>A row that the database refuses must not keep the others, and the messages about them, from being written.</summary>
    private void WriteTheRest(StateWriter writer)
    {
        StateStatements statements = Statements();
        statements.RunEach(writer.Parts(statements), refused => _metrics.Faults.Note("state", refused, _time));
    }

    /// <summary>Makes the database anew, once for all who have found the same damage.</summary>
    private void Rebuild(string reason, int build, bool isGone)
    {
        lock (_writing)
        {
            if (_builds != build)
                return;
            DropStatements();
            _backend.Rebuild(reason, isGone);
            Volatile.Write(ref _builds, build + 1);
            Rebuilt?.Invoke();
        }
    }

    /// <returns>Whether that is done; not when the disk is full, or the like.</returns>
    private bool TryRebuild(string reason, int build)
    {
        try
        {
            Rebuild(reason, build, isGone: false);
            _obstacle = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
            || (ReasonOf(e) is { } failed && _backend.IsTransient(failed)))
        {
            _metrics.Failures.Inc();
            if (_obstacle != e.Message)
                LogNotRebuilt(_backend.Name, reason, e.Message);
            _obstacle = e.Message;
            return false;
        }
    }

    private static DbException? ReasonOf(Exception e) => e as DbException ?? e.InnerException as DbException;

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

    private void DropStatements()
    {
        _statements?.Dispose();
        _statements = null;
    }

    /// <param name="work">What is tried.</param>
    /// <param name="request">For whom, if for one that may give up.</param>
    /// <param name="mayMove">Whether it holds the lock of writers, and may have the state go on in memory.</param>
    private T RetryUntilAvailable<T>(Func<T> work, StateRequest? request = null, bool mayMove = false)
    {
        int rebuilt = 0;
        for (int tries = 1; ; tries++)
        {
            int build = Volatile.Read(ref _builds);
            try
            {
                T done = work();
                if (tries > 1 && !IsInMemory)
                    LogWorksAgain(_backend.Name);
                return done;
            }
            catch (StoreException e)
            {
                LogLost(e.Message);
                IsLost = true;
                _lifetime.StopApplication();
                throw;
            }
            catch (Exception e) when (ReasonOf(e) is { } reason && _backend.IsTransient(reason))
            {
                _metrics.Failures.Inc();
                if (tries == 1)
                    LogDoesNotWork(_backend.Name, reason.Message);
            }
            catch (Exception e) when (rebuilt < MaxBuilds && ReasonOf(e) is { } reason && _backend.IsDamage(reason))
            {
                if (TryRebuild(reason.Message, build))
                {
                    rebuilt++;
                    continue;
                }
            }
            if (mayMove && TryMoveToMemory())
                continue;
            using var pause = new CancellationTokenSource(s_pauses.After(tries), _time);
            pause.Token.WaitHandle.WaitOne();
            if (request?.IsGivenUp == true)
                throw new OperationCanceledException("Nobody waits for this write any more.");
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The {Name} cannot be used ({Reason}); alerts and messages wait until it can")]
    private partial void LogDoesNotWork(string name, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The {Name} is damaged ({Damage}), and cannot be made anew now: {Reason}")]
    private partial void LogNotRebuilt(string name, string damage, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Reason}; this one ends")]
    private partial void LogLost(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {Name} can be used again")]
    private partial void LogWorksAgain(string name);
}
