using System.Runtime.CompilerServices;
using DuckDB.NET.Data;
using Metrics.Model;
using Metrics.Storage.Events.Logins;

namespace Metrics.Storage.Events;

/// <content>Reading, which neither waits for the writer nor holds it up.</content>
internal sealed partial class EventLog
{
    private static readonly TimeSpan s_loginsTimeout = TimeSpan.FromSeconds(25);
    private readonly SemaphoreSlim _askingLogins = new(1, 1);

    /// <summary>
    /// Reads what is committed, a batch at a time; the batches belong to the caller. Neither waits for the writer nor holds it up.
    /// </summary>
    /// <exception cref="StoreException">It cannot be read now.</exception>
    public IAsyncEnumerable<EventBatch> ReadAsync(EventQuery query, CancellationToken ct) =>
        query.IsSearch ? new EventSearch(_file, query).ReadAsync(TablesFor(query), ct) : ScanAsync(query, ct);

    /// <summary>Those in which something may be, in the order of the question.</summary>
    private IEnumerable<EventTable> TablesFor(EventQuery query)
    {
        IReadOnlyList<EventTable> tables = _tables;
        foreach (EventTable table in query.NewestFirst ? tables.Reverse() : tables)
        {
            // It may have gone for age or size while those before it were read.
            if (query.MayBeIn(table) && table.FirstId >= FirstId)
                yield return query.Within(table);
        }
    }

    private async IAsyncEnumerable<EventBatch> ScanAsync(EventQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        if (_tables.Count == 0)
            yield break;
        using EventLogFile.Reading reading = await _file.ReadAsync(ct);
        int rest = query.Limit;
        foreach (EventTable table in TablesFor(query))
        {
            await foreach (EventBatch batch in EventReader.ReadAsync(reading.Connection, query.Sql(table, rest), ct))
            {
                rest -= batch.Count;
                yield return batch;
            }
            if (query.Limit > 0 && rest <= 0)
                yield break;
        }
    }

    /// <summary>How far the parts of a source have been read, as was committed with their events.</summary>
    /// <exception cref="StoreException">It cannot be read now.</exception>
    public Task<IReadOnlyList<SourcePosition>> PositionsAsync(string source, CancellationToken ct) =>
        AskAsync(c => EventPositions.Load(c, source), [], ct);

    /// <summary>What was read of the sources, and what is missing.</summary>
    /// <exception cref="StoreException">It cannot be read now.</exception>
    public Task<LedgerReport> LedgerAsync(LedgerQuery query, CancellationToken ct) =>
        AskAsync(c => LedgerReader.Read(c, query), new LedgerReport(query, [], [], new Dictionary<string, long>()), ct);

    /// <summary>What is known of log-ins at the Identity service. One such question at a time: each may look at all days.</summary>
    /// <param name="from">Earliest time, nanoseconds since 1970 UTC, inclusive.</param>
    /// <param name="to">Latest time, inclusive.</param>
    /// <param name="ask">The question.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="StoreException">It cannot be read now, or takes too long.</exception>
    public async Task<T> LoginsAsync<T>(long from, long to, Func<LoginReader, T> ask, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(s_loginsTimeout, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        bool isMine = false;
        try
        {
            await _askingLogins.WaitAsync(end.Token);
            isMine = true;
            List<EventTable> tables = [.. TablesFor(new EventQuery { From = from, To = to })];
            if (tables.Count == 0)
                return ask(new LoginReader(null, tables, from, to, end.Token));
            using EventLogFile.Reading reading = await _file.ReadAsync(end.Token);
            return ask(new LoginReader(reading.Connection, tables, from, to, end.Token));
        }
        catch (Exception e) when (late.IsCancellationRequested && !ct.IsCancellationRequested && e is not OutOfMemoryException)
        {
            throw new StoreException($"The event log has not answered within {s_loginsTimeout.TotalSeconds} s; ask for less time.", e);
        }
        catch (Exception e) when (ct.IsCancellationRequested && e is DuckDBException)
        {
            throw new OperationCanceledException("The question was given up.", e, ct);
        }
        catch (DuckDBException e)
        {
            throw _file.Fault(e);
        }
        finally
        {
            if (isMine)
                _askingLogins.Release();
        }
    }

    private async Task<T> AskAsync<T>(Func<DuckDBConnection, T> read, T nothing, CancellationToken ct)
    {
        if (!Path.Exists(_file.FilePath))
            return nothing;
        using EventLogFile.Reading reading = await _file.ReadAsync(ct);
        try
        {
            return read(reading.Connection);
        }
        catch (DuckDBException e)
        {
            throw _file.Fault(e);
        }
    }

    /// <inheritdoc />
    public IAsyncEnumerable<EventBatch> ReadAsync(IReadOnlySet<string>? kinds, long from, long to, CancellationToken ct) =>
        ReadAsync(new EventQuery { Kinds = kinds, From = from, To = to }, ct);
}
