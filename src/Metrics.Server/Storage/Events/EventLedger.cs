using DuckDB.NET.Data;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>
/// What was read of each source and what is missing of it, beside its events: written in their commit. One thread at a time writes.
/// </summary>
internal sealed class EventLedger
{
    private readonly EventLogMetrics _metrics;
    private readonly HashSet<string> _sources = [];
    private bool _isNewest;

    /// <summary>The day before which nothing is kept in the open file; null before the first look.</summary>
    private int? _oldest;
    private long _accounted;
    private long _stored;

    public EventLedger(EventLogMetrics metrics)
    {
        _metrics = metrics;
        metrics.Ledger.Open("log_lines", () => Volatile.Read(ref _accounted) - Volatile.Read(ref _stored));
    }

    /// <summary>The last batch that is in it; 0 where there is none.</summary>
    public long LastSequence { get; private set; }

    /// <summary>Learns what a file holds that was opened.</summary>
    public void Open(DuckDBConnection connection)
    {
        LastSequence = LedgerTables.LastSequence(connection);
        _isNewest = true;
        _oldest = null;
    }

    /// <summary>Adds what was written since the last call to its hours.</summary>
    public void Compact(DuckDBConnection connection)
    {
        if (!_isNewest)
            return;
        using DuckDBTransaction transaction = connection.BeginTransaction();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = LedgerTables.Compact;
        command.ExecuteNonQuery();
        transaction.Commit();
        _isNewest = false;
    }

    /// <summary>Forgets what was read and found before a day; what comes in is never so old, so that each day is looked at once.</summary>
    /// <param name="connection">The connection that writes.</param>
    /// <param name="oldest">The first day that is kept, days since 1970.</param>
    public void Expire(DuckDBConnection connection, int oldest)
    {
        if (oldest == _oldest)
            return;
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = LedgerTables.Expire(oldest);
        command.ExecuteNonQuery();
        _oldest = oldest;
    }

    /// <summary>Writes what batches account for; nothing of those that are in it since a commit whose outcome was not known.</summary>
    /// <returns>Those that were written.</returns>
    public IReadOnlyList<EventBatch> Save(DuckDBConnection connection, IReadOnlyList<EventBatch> batches)
    {
        EventBatch[] written = [.. batches.Where(b => b.Sequence > LastSequence && (b.Ledger.Count > 0 || b.Gaps.Count > 0))];
        if (written.Length > 0)
            LedgerTables.Save(connection, written);
        return written;
    }

    /// <summary>Counts what is committed.</summary>
    public void Commit(IReadOnlyList<EventBatch> batches)
    {
        (long accounted, long stored) = (0, 0);
        _isNewest |= batches.Count > 0;
        foreach (EventBatch batch in batches)
        {
            LastSequence = Math.Max(LastSequence, batch.Sequence);
            foreach (LedgerEntry entry in batch.Ledger)
            {
                accounted += entry.Records - entry.LeftOut;
                Begin(entry.Source);
            }
            foreach (LedgerGap gap in batch.Gaps)
            {
                Begin(gap.Source);
                _metrics.Gaps.WithLabels(gap.Source, gap.Reason).Inc();
                _metrics.MissingBytes.WithLabels(gap.Source, gap.Reason).Inc(gap.Bytes);
            }
            stored += batch.Count - batch.Notes;
        }
        // What came out before what went in, as the ledger's check reads them.
        Interlocked.Add(ref _stored, stored);
        Interlocked.Add(ref _accounted, accounted);
    }

    /// <summary>Counters begin at 0, so that the first gap is seen to be one more.</summary>
    private void Begin(string source)
    {
        if (!_sources.Add(source))
            return;
        foreach (string reason in LedgerReasons.All)
        {
            _metrics.Gaps.WithLabels(source, reason);
            _metrics.MissingBytes.WithLabels(source, reason);
        }
    }
}
