using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <content>What goes for age or size.</content>
internal sealed partial class EventLog
{
    /// <summary>Keeps the log within its age and its bytes; what goes, goes from the disk too.</summary>
    /// <param name="now">The bounds, which a reload may have changed.</param>
    /// <param name="going">Is given each table before it goes; events are written meanwhile.</param>
    /// <param name="ct">Ends the waiting for the writer.</param>
    /// <exception cref="StoreException">The file cannot be written now.</exception>
    public async Task MaintainAsync(EventLogOptions now, Func<ExpiringTable, Task> going, CancellationToken ct)
    {
        await WithFileAsync(() =>
        {
            _maxTableBytes = now.MaxBytes / MinTablesInBound;
            if (!_file.IsOpen)
                return false;
            _ledger.Compact(_file.Writer);
            _ledger.Expire(_file.Writer, now.OldestDay(time.GetUtcNow()));
            return true;
        }, ct);
        while (await WithFileAsync(() => NextToGo(now), ct) is { } next)
        {
            await going(next);
            await WithFileAsync(() => Drop(next), ct);
        }
        await WithFileAsync(() =>
        {
            if (!_file.IsOpen)
                return false;
            _file.ShrinkWhenMostIsFree();
            (long used, long free) = _file.Measure();
            metrics.Bytes.Set(used + free);
            return true;
        }, ct);
    }

    private async Task<T> WithFileAsync<T>(Func<T> work, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            return work();
        }
        catch (Exception e) when (e is DuckDBException or IOException or UnauthorizedAccessException)
        {
            _file.Close();
            throw _file.Fault(e);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The table that is too old, or too much; null where none is.</summary>
    private ExpiringTable? NextToGo(EventLogOptions now)
    {
        if (!_file.IsOpen || _tables is not [var first, ..])
            return null;
        int oldest = now.OldestDay(time.GetUtcNow());
        // Up to the last that is too old: one that a wrong clock has dated into the future goes with those behind it.
        if (_tables.Any(t => t.Day < oldest))
            return new ExpiringTable(first, IsForSize: false, $"older than {Duration.Format(now.Retention)}");
        return _tables.Count > 1 && _file.Measure().Used > now.MaxBytes
            ? new ExpiringTable(first, IsForSize: true, "events.max_bytes is reached")
            : null;
    }

    /// <returns>Whether it was the oldest, as it was when it was looked at.</returns>
    private bool Drop(ExpiringTable next)
    {
        EventTable table = next.Table;
        if (!_file.IsOpen || _tables is not [var first, ..] || first != table)
            return false;
        EventTable[] rest = [.. _tables.Skip(1)];
        using (DuckDBTransaction transaction = _file.Writer.BeginTransaction())
        {
            _file.Execute(EventTable.View(rest));
            _file.Execute($"DROP TABLE {table.Name}");
            ExpiredEvents.Save(_file.Writer, table.LastId);
            transaction.Commit();
        }
        LastExpired = table.LastId;
        _tables = rest;
        _file.Execute("CHECKPOINT");
        metrics.TablesExpired.Inc();
        LogDropped(table.Name, next.Reason);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped the events of {Table}: {Reason}.")]
    private partial void LogDropped(string table, string reason);
}
