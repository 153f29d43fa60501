using System.Runtime.CompilerServices;
using DuckDB.NET.Data;
using Metrics.Model;
using Metrics.Storage.Events.About;
using Metrics.Storage.Events.Evidence;

namespace Metrics.Storage.Events;

/// <content>Reading, which neither waits for the writer nor holds it up.</content>
internal sealed partial class EventLog
{
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

    /// <summary>How many share each of some values; a value is that of a host where it means something only there.</summary>
    /// <exception cref="StoreException">It cannot be read now.</exception>
    public async Task<IReadOnlyDictionary<(string Value, string? Host), ValueShare>> SharesAsync(ShareQuery query, CancellationToken ct)
    {
        var shares = new Dictionary<(string, string?), ValueShare>();
        if (_tables.Count == 0)
            return shares;
        using EventLogFile.Reading reading = await _file.ReadAsync(ct);
        foreach (EventTable table in TablesFor(new EventQuery { Spans = query.Spans.Few }))
        {
            foreach (DuckDBDataReader row in EventLogRows.Read(reading.Connection, query.Sql(table), ct))
            {
                (string, string?) key = (row.GetString(0), row.GetString(1) is { Length: > 0 } host ? host : null);
                shares[key] = shares.GetValueOrDefault(key).With(new ValueShare(row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)));
            }
        }
        return shares;
    }

    /// <summary>Hashes what a table holds; one at a time, since each takes half of a processor.</summary>
    /// <inheritdoc cref="EventHasher.HashAsync" />
    public async Task<HashedTable> HashAsync(
        string table, IReadOnlyList<SealPart>? like, CancellationToken ct, Action<long>? progress = null)
    {
        await _hashing.WaitAsync(ct);
        try
        {
            using var hasher = new EventHasher(_file, time);
            return await hasher.HashAsync(table, like, ct, progress);
        }
        finally
        {
            _hashing.Release();
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
