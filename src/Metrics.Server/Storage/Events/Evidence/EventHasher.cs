using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DuckDB.NET.Data;

namespace Metrics.Storage.Events.Evidence;

/// <summary>
/// Hashes the events of a table, in a form that does not depend on how the file holds them: of each event its id, time, observed time and
/// severity as numbers of eight bytes, then kind, host, service, body and fields as UTF-8, each behind its length (-1 where it has none);
/// numbers are little-endian. A part at a time, each with a reading of its own: neither the writer nor the rewriting of the file waits.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="time">The clock.</param>
/// <param name="eventsPerPart">Events of a part.</param>
internal sealed class EventHasher(EventLogFile file, TimeProvider time, int eventsPerPart = EventHasher.EventsPerPart) : IDisposable
{
    /// <summary>Read in some tenths of a second.</summary>
    private const int EventsPerPart = 20_000;

    /// <summary>Bytes of a part's hash that are kept: they say where to look, and prove nothing.</summary>
    private const int BytesOfPart = 8;

    private readonly IncrementalHash _part = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = new byte[4_096];

    /// <summary>Hashes a table.</summary>
    /// <param name="table">The table's name.</param>
    /// <param name="like">Where its parts ended when it was sealed; null for parts of a size.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="progress">Is given after each part how many events have been read.</param>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public async Task<HashedTable> HashAsync(
        string table, IReadOnlyList<SealPart>? like, CancellationToken ct, Action<long>? progress = null)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var parts = new List<SealPart>();
        long last = long.MinValue, first = 0, count = 0;
        while (true)
        {
            bool isLast = like is not null && parts.Count >= like.Count;
            string bounds = like is null ? $"id > {last} LIMIT {eventsPerPart}"
                : isLast ? $"id > {last}"
                : $"id > {last} AND id <= {like[parts.Count].LastId}";
            Part part;
            TimeSpan took;
            using (EventLogFile.Reading reading = await file.ReadAsync(ct))
            {
                long begun = time.GetTimestamp();
                if (parts.Count == 0 && !EventTable.HasColumns(reading.Connection, table, ct))
                    return new HashedTable(first, last, count, "", parts) { Fault = "its columns are not those of events" };
                part = Read(reading.Connection, $"{table} WHERE {bounds}", last, ct);
                took = time.GetElapsedTime(begun);
            }
            // What lies behind the last part that was sealed is one more, if anything.
            if (part.Count == 0 && (like is null || isLast))
                break;
            if (count == 0)
                first = part.FirstId;
            count += part.Count;
            progress?.Invoke(count);
            last = like is null || isLast ? part.LastId : Math.Max(last, like[parts.Count].LastId);
            byte[] hash = _part.GetHashAndReset();
            whole.AppendData(hash);
            parts.Add(new SealPart(last, EventSeal.Hex(hash.AsSpan(0, BytesOfPart))));
            if (!part.IsInOrder)
                return new HashedTable(first, last, count, "", parts) { Fault = "its events do not lie in the order of their ids" };
            if (isLast || (like is null && part.Count < eventsPerPart))
                break;
            // Half of one processor at most.
            await Task.Delay(took, time, ct);
        }
        long all = await CountAsync(table, ct);
        return new HashedTable(first, last, count, EventSeal.Hex(whole.GetHashAndReset()), parts)
        {
            Fault = all == count ? null : $"{all - count} events do not lie in the order of their ids",
        };
    }

    public void Dispose() => _part.Dispose();

    private Part Read(DuckDBConnection connection, string from, long last, CancellationToken ct)
    {
        var part = new Part(0, 0, 0, true);
        foreach (DuckDBDataReader row in EventLogRows.Read(connection, $"SELECT {EventLogRows.Columns} FROM {from}", ct))
        {
            long id = row.GetInt64(0);
            part = new Part(part.Count == 0 ? id : part.FirstId, id, part.Count + 1, part.IsInOrder && id > last);
            last = id;
            Add(id);
            Add(row.GetInt64(1));
            Add(row.GetInt64(2));
            Add((long)row.GetByte(4));
            Add(row.GetString(3));
            for (int column = 5; column < 9; column++)
                Add(row.IsDBNull(column) ? null : row.GetString(column));
        }
        return part;
    }

    private async Task<long> CountAsync(string table, CancellationToken ct)
    {
        using EventLogFile.Reading reading = await file.ReadAsync(ct);
        return EventLogRows.Read(reading.Connection, $"SELECT count(*) FROM {table}", ct).Select(r => r.GetInt64(0)).Single();
    }

    private void Add(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_buffer, number);
        _part.AppendData(_buffer, 0, sizeof(long));
    }

    private void Add(string? text)
    {
        if (text is null)
        {
            Add(-1);
            return;
        }
        int needed = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (_buffer.Length < needed)
            _buffer = new byte[needed];
        // The length goes through the same buffer, so it goes first.
        Add((long)Encoding.UTF8.GetByteCount(text));
        _part.AppendData(_buffer, 0, Encoding.UTF8.GetBytes(text, _buffer));
    }

    private readonly record struct Part(long FirstId, long LastId, long Count, bool IsInOrder);
}

/// <summary>What a table holds.</summary>
/// <param name="FirstId">Its first event.</param>
/// <param name="LastId">Its last event.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Hash">SHA-256 over the hashes of its parts.</param>
/// <param name="Parts">Its parts.</param>
internal sealed record HashedTable(long FirstId, long LastId, long Count, string Hash, IReadOnlyList<SealPart> Parts)
{
    /// <summary>What is wrong with it by itself; null for nothing.</summary>
    public string? Fault { get; init; }
}
