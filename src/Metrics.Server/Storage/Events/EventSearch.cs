using System.Runtime.CompilerServices;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>
/// Looks for a few events among many: tables in parts, in the order that is wanted, as many at a time as there are processors (DuckDB
/// itself reads with one thread here). What lies behind the last event that is wanted is not read.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="query">What is wanted; its limit is not 0.</param>
/// <param name="rowsPerPart">Rows of a part.</param>
internal sealed class EventSearch(EventLogFile file, EventQuery query, int rowsPerPart = EventSearch.RowsPerPart)
{
    /// <summary>Four of DuckDB's row groups: some tenths of a second.</summary>
    private const int RowsPerPart = 4 * 122_880;

    /// <summary>More would slow down what is written and judged meanwhile.</summary>
    private const int MaxParts = 4;

    private static readonly int s_parts = Math.Clamp(Environment.ProcessorCount, 1, MaxParts);

    /// <param name="tables">Tables or parts of them, in the order that is wanted.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="StoreException">It cannot be read now.</exception>
    public async IAsyncEnumerable<EventBatch> ReadAsync(IEnumerable<EventTable> tables, [EnumeratorCancellation] CancellationToken ct)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var running = new Queue<Task<List<EventBatch>>>();
        int rest = query.Limit;
        long bytes = 0;
        try
        {
            await foreach (EventTable part in PartsAsync(tables, ct))
            {
                running.Enqueue(Task.Run(() => ReadPartAsync(part, enough.Token), enough.Token));
                if (running.Count < s_parts)
                    continue;
                foreach (EventBatch batch in await running.Dequeue())
                    yield return Take(batch);
                if (rest <= 0 || bytes >= query.MaxBytes)
                    yield break;
            }
            while (rest > 0 && bytes < query.MaxBytes && running.TryDequeue(out Task<List<EventBatch>>? next))
            {
                foreach (EventBatch batch in await next)
                    yield return Take(batch);
            }
        }
        finally
        {
            await enough.CancelAsync();
            foreach (Task<List<EventBatch>> one in running)
            {
                await ((Task)one).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (one.IsCompletedSuccessfully)
                    (await one).ForEach(b => b.Dispose());
            }
        }

        EventBatch Take(EventBatch batch)
        {
            bytes += batch.Bytes;
            return Cut(batch, ref rest);
        }
    }

    /// <summary>A part finds as many as are wanted in all: the last one may have found more than are wanted of it.</summary>
    private static EventBatch Cut(EventBatch batch, ref int rest)
    {
        while (batch.Count > Math.Max(rest, 0))
            batch.RemoveNewest();
        rest -= batch.Count;
        return batch;
    }

    /// <summary>The tables as they are asked: of one with many rows a part at a time.</summary>
    private async IAsyncEnumerable<EventTable> PartsAsync(IEnumerable<EventTable> tables, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (EventTable table in tables)
        {
            List<long> firsts = await FirstIdsAsync(table, ct);
            IEnumerable<EventTable> parts = firsts.Select((first, n) => table with
            {
                FirstId = first, LastId = n + 1 < firsts.Count ? firsts[n + 1] - 1 : table.LastId,
            });
            foreach (EventTable part in query.NewestFirst ? parts.Reverse() : parts)
                yield return part;
        }
    }

    /// <summary>Where its parts begin.</summary>
    private async Task<List<long>> FirstIdsAsync(EventTable table, CancellationToken ct)
    {
        var ids = new List<long> { table.FirstId };
        // No two rows have the same id: so few need no looking.
        if (table.LastId - table.FirstId < rowsPerPart)
            return ids;
        using EventLogFile.Reading reading = await file.ReadAsync(ct);
        string sql = $"SELECT id FROM {table.Name} "
            + $"WHERE rowid % {rowsPerPart} = 0 AND id > {table.FirstId} AND id <= {table.LastId} ORDER BY id";
        ids.AddRange(EventLogRows.Read(reading.Connection, sql, ct).Select(r => r.GetInt64(0)));
        return ids;
    }

    private async Task<List<EventBatch>> ReadPartAsync(EventTable part, CancellationToken ct)
    {
        using EventLogFile.Reading reading = await file.ReadAsync(ct);
        var found = new List<EventBatch>();
        long bytes = 0;
        await foreach (EventBatch batch in EventReader.ReadAsync(reading.Connection, query.Sql(part, query.Limit), ct, query.MaxBytes))
        {
            found.Add(batch);
            bytes += batch.Bytes;
            // Whoever takes this part takes nothing behind it.
            if (bytes >= query.MaxBytes)
                break;
        }
        return found;
    }
}
