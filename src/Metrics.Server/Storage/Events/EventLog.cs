using DuckDB.NET.Data;
using Metrics.Configuration;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>
/// The event log: one DuckDB file, a table a day. Events lie in the order of their ids, that is of their arrival
/// (<see cref="EventIds"/>).
/// </summary>
/// <remarks>One writes, any number read beside it: a reader sees what was committed when it began.</remarks>
internal sealed partial class EventLog(
    StorageOptions options, EventLogOptions bounds, EventLogMetrics metrics, TimeProvider time, ILogger<EventLog> log)
    : IEventLog, IEventSource, IAsyncDisposable
{
    /// <summary>A table goes whole, so none may become a larger part of the bound, counted before its texts are packed.</summary>
    private const int MinTablesInBound = 8;

    private readonly EventLogFile _file = new(options, metrics, time, log);
    private readonly EventLedger _ledger = new(metrics);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _hashing = new(1, 1);
    private readonly Lock _numbering = new();
    private volatile IReadOnlyList<EventTable> _tables = [];

    /// <summary>The first event of the table into which nothing more goes, although it is the newest; null where there is none.</summary>
    private long? _ended;
    private TaskCompletionSource _nextCommit = NewSignal();
    private long _lastNumber;

    /// <summary>Bytes that were written into the newest table, and how many it may get.</summary>
    private long _tableBytes;
    private long _maxTableBytes = bounds.MaxBytes / MinTablesInBound;

    public string Description => $"the event log {_file.FilePath}";

    /// <summary>Its tables, in the order of their events.</summary>
    public IReadOnlyList<EventTable> Tables => _tables;

    /// <summary>The newest committed event; 0 when there is none.</summary>
    public long LastId => _tables is [.., var last] ? last.LastId : 0;

    /// <summary>The oldest event that is still there; 0 when there is none.</summary>
    public long FirstId => _tables is [var first, ..] ? first.FirstId : 0;

    /// <summary>The newest event that went for age or size; 0 when none did.</summary>
    public long LastExpired { get; private set; }

    /// <summary>Completed at the next commit. Take it before reading, so that nothing slips between.</summary>
    public Task NextCommit => Volatile.Read(ref _nextCommit).Task;

    /// <summary>
    /// Opens the file; one that cannot be read is set aside. Where there is none, the first event makes it, so that who has no events does
    /// not pay for them.
    /// </summary>
    /// <exception cref="StoreException">Another process has it, or the folder cannot be written.</exception>
    public void Open()
    {
        if (_file.IsNeededFromStart)
            OpenFile();
    }

    private void OpenFile()
    {
        _tables = _file.Open();
        _ledger.Open(_file.Writer);
        LastExpired = ExpiredEvents.Load(_file.Writer);
        lock (_numbering)
            _lastNumber = Math.Max(_lastNumber, Math.Max(LastId, Math.Max(LastExpired, _ledger.LastSequence)));
    }

    public void Number(EventBatch batch)
    {
        lock (_numbering)
        {
            long next = Math.Max(_lastNumber + 1, EventIds.At(time.GetUtcNow().ToUnixTimeMilliseconds()));
            batch.Sequence = next;
            foreach (ref long id in batch.Ids)
                id = next++;
            // One without events has its place as well.
            _lastNumber = Math.Max(batch.Sequence, next - 1);
        }
    }

    public async Task WriteAsync(IReadOnlyList<EventBatch> batches, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            if (!_file.IsOpen)
                OpenFile();
            Commit(batches);
            _file.Judge(null);
        }
        catch (Exception e) when (e is DuckDBException or IOException or UnauthorizedAccessException)
        {
            // What of it is on disk, if anything, the file says when it is opened again.
            _file.Close();
            _file.Judge(e);
            throw _file.Fault(e);
        }
        finally
        {
            _writing.Release();
        }
        Interlocked.Exchange(ref _nextCommit, NewSignal()).TrySetResult();
    }

    /// <summary>The tables into which nothing more goes: all but the one of today.</summary>
    /// <param name="sealedTo">The newest event of those that are known to have ended.</param>
    /// <param name="ct">Ends the waiting for the writer.</param>
    public async Task<IReadOnlyList<EventTable>> EndedAsync(long sealedTo, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            // From now on, also when the clock is put back.
            if (_tables is [.., var last] && (last.Day < Today || last.LastId <= sealedTo))
                _ended = last.FirstId;
            return [.. _tables.Where(t => t != _tables[^1] || t.FirstId == _ended)];
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc cref="EventLogFile.BackupAsync" />
    /// <returns>Whether there is anything to copy.</returns>
    public async Task<bool> BackupAsync(string path, CancellationToken ct)
    {
        if (!_file.IsOpen)
            return false;
        await _file.BackupAsync(path, ct);
        return true;
    }

    /// <summary>Puts the file back that was removed or replaced while it was open.</summary>
    /// <returns>Whether that is done; not while somebody reads.</returns>
    public async Task<bool> RestoreAsync(string reason, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            if (!_file.IsOpen || !_file.TryRestore(reason))
                return false;
            OpenFile();
            return true;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Closes the file; may be called more than once, as by a container that knows the log under two names.</summary>
    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync();
        try
        {
            _file.Dispose();
        }
        finally
        {
            _writing.Release();
        }
    }

    private void Commit(IReadOnlyList<EventBatch> batches)
    {
        using DuckDBTransaction transaction = _file.Writer.BeginTransaction();
        EventPositions.Save(_file.Writer, batches.SelectMany(b => b.Positions));
        IReadOnlyList<EventBatch> accounted = _ledger.Save(_file.Writer, batches);
        List<EventTable>? tables = Append(batches);
        transaction.Commit();
        _ledger.Commit(accounted);
        if (tables is null)
            return;
        bool begins = tables.Count != _tables.Count;
        _tables = tables;
        _tableBytes = (begins ? 0 : _tableBytes) + batches.Sum(b => b.Bytes);
    }

    /// <returns>The tables as they are then; null where no event is new.</returns>
    private List<EventTable>? Append(IReadOnlyList<EventBatch> batches)
    {
        long known = LastId;
        if (!batches.Any(b => b.Count > 0 && b.Ids[^1] > known))
            return null;
        List<EventTable> tables = [.. _tables];
        int day = Today;
        // Any other day, also an earlier one when the clock is put back: tables stay in the order of their ids.
        bool begins = tables.Count == 0 || tables[^1].Day != day || tables[^1].FirstId == _ended || _tableBytes > _maxTableBytes;
        EventTable table = begins ? EventTable.Begin(day, tables) : tables[^1];
        if (begins)
            _file.Execute(EventTable.Create(table.Name));
        using (var appender = new EventAppender(_file.Writer, table.Name))
        {
            foreach (EventBatch batch in batches)
                table = Append(appender, batch, table, known);
            appender.Close();
        }
        if (!begins)
            tables.RemoveAt(tables.Count - 1);
        tables.Add(table);
        if (begins)
            _file.Execute(EventTable.View(tables));
        return tables;
    }

    /// <summary>Appends what the log does not have: after a commit whose outcome was not known, some of it may be there.</summary>
    private static EventTable Append(EventAppender appender, EventBatch batch, EventTable table, long known)
    {
        int first = 0;
        while (first < batch.Count && batch.Ids[first] <= known)
            first++;
        for (int row = first; row < batch.Count; row++)
            appender.Add(batch, row);
        return first == batch.Count ? table : table.With(batch.Ids[first..], batch.Times[first..]);
    }

    private int Today => EventTable.DayOf(time.GetUtcNow());

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
