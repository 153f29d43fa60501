using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Metrics.Model;

namespace Metrics.Inputs.OpenStack;

/// <summary>
/// The messages that have become events, as they are stored in the commit of their events: what was committed and not acknowledged when we
/// or RabbitMQ were killed is delivered again, and found here. One thread at a time.
/// </summary>
/// <remarks>
/// Bounded: a ring of rows, of which a commit writes only those that it has changed. RabbitMQ delivers again in the order of before and at
/// most <see cref="NotificationQueue.Prefetch"/> messages; the rest is for those that a service has sent twice.
/// </remarks>
internal sealed class SeenMessages
{
    /// <summary>The rows, and ids of one row: 16,128 messages at least.</summary>
    private const int Rows = 64;
    private const int IdsPerRow = 256;
    private const int IdLength = 16;
    private const string KeyPrefix = "messages/";

    private readonly HashSet<UInt128> _known = new(Rows * IdsPerRow);
    private readonly List<UInt128>[] _rows = [.. Enumerable.Range(0, Rows).Select(_ => new List<UInt128>())];
    private readonly SortedSet<long> _changed = [];
    private long _current;

    /// <summary>When the last message came, nanoseconds since 1970 UTC; null before the first.</summary>
    public long? LastAt { get; private set; }

    /// <summary>Reads what was stored of an input; rows that are damaged are passed over.</summary>
    public static SeenMessages Load(IEnumerable<SourcePosition> stored)
    {
        var seen = new SeenMessages();
        foreach (SourcePosition one in stored)
        {
            if (one.Read<Row>() is not { Number: >= 0 and < long.MaxValue / 2, Ids.Length: <= IdsPerRow * IdLength } row
                || one.Key != KeyOf(row.Number))
            {
                continue;
            }
            List<UInt128> ids = seen._rows[row.Number % Rows];
            ReadOnlySpan<byte> bytes = row.Ids;
            for (; bytes.Length >= IdLength; bytes = bytes[IdLength..])
                ids.Add(BinaryPrimitives.ReadUInt128LittleEndian(bytes));
            seen._known.UnionWith(ids);
            if (seen.LastAt is null || row.Number > seen._current)
                (seen._current, seen.LastAt) = (row.Number, row.LastAt);
        }
        return seen;
    }

    /// <summary>Adds a message.</summary>
    /// <param name="id">What tells it from all others, of any length.</param>
    /// <param name="now">Nanoseconds since 1970 UTC.</param>
    /// <returns>Whether it is new.</returns>
    public bool Add(ReadOnlySpan<byte> id, long now)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(id, hash);
        UInt128 key = BinaryPrimitives.ReadUInt128LittleEndian(hash);
        if (!_known.Add(key))
            return false;
        List<UInt128> row = _rows[_current % Rows];
        if (row.Count == IdsPerRow)
        {
            row = _rows[++_current % Rows];
            _known.ExceptWith(row);
            row.Clear();
        }
        row.Add(key);
        _changed.Add(_current);
        LastAt = now;
        return true;
    }

    /// <summary>Adds what has changed to a batch, with which it is committed.</summary>
    public void AddTo(EventBatch batch)
    {
        // Of a ring that went round within one batch the older rows are gone.
        foreach (long number in _changed.Where(n => n > _current - Rows))
        {
            List<UInt128> ids = _rows[number % Rows];
            byte[] bytes = new byte[ids.Count * IdLength];
            for (int at = 0; at < ids.Count; at++)
                BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(at * IdLength), ids[at]);
            batch.Add(new SourcePosition(batch.Source, KeyOf(number), JsonSerializer.Serialize(new Row(number, LastAt!.Value, bytes))));
        }
        _changed.Clear();
    }

    private static string KeyOf(long number) => KeyPrefix + (number % Rows).ToString(CultureInfo.InvariantCulture);

    /// <param name="Number">Which it is of all that ever were.</param>
    /// <param name="LastAt">When its last message came.</param>
    /// <param name="Ids">Its ids, one behind the other.</param>
    private sealed record Row(long Number, long LastAt, byte[] Ids);
}
