using Metrics.Model;

namespace Metrics.Formats.Loki;

/// <summary>A push in its binary form, as Promtail and Alloy send it; it came packed by snappy.</summary>
/// <param name="body">The message <c>PushRequest</c>.</param>
/// <remarks>https://github.com/grafana/loki/blob/main/pkg/push/push.proto</remarks>
public ref struct LokiProtobuf(ReadOnlySpan<byte> body) : ILokiReader
{
    private const long NanosecondsASecond = 1_000_000_000;
    private const string NoMessage = "the body is no PushRequest of Loki's";

    private ProtobufFields _streams = new(body);
    private ProtobufFields _entries;

    /// <inheritdoc />
    public string? Fault { get; private set; }

    /// <inheritdoc />
    public string? StreamFault { get; private set; }

    /// <inheritdoc />
    public string? EntryFault { get; private set; }

    /// <inheritdoc />
    public long Time { get; private set; }

    /// <inheritdoc />
    public ReadOnlySpan<byte> Line { get; private set; }

    /// <inheritdoc />
    public bool ReadStream(List<EventField> labels)
    {
        while (Fault is null && _streams.MoveNext())
        {
            if (_streams.Number != 1)
                continue;
            _entries = new ProtobufFields(_streams.Bytes);
            StreamFault = LokiLabels.Read(Find(_streams.Bytes, 1), labels);
            return true;
        }
        if (_streams.IsBroken)
            Fault = NoMessage;
        return false;
    }

    /// <inheritdoc />
    public bool ReadEntry(List<EventField> metadata)
    {
        while (_entries.MoveNext())
        {
            if (_entries.Number != 2)
                continue;
            if (TryEntry(_entries.Bytes, metadata))
                return true;
            Fault = NoMessage;
            return false;
        }
        if (_entries.IsBroken)
            Fault = NoMessage;
        return false;
    }

    private bool TryEntry(ReadOnlySpan<byte> entry, List<EventField> metadata)
    {
        metadata.Clear();
        Line = default;
        (EntryFault, Time) = (null, 0);
        var fields = new ProtobufFields(entry);
        while (fields.MoveNext())
        {
            if (fields.Number == 1 && !TryTime(fields.Bytes))
                return false;
            if (fields.Number == 2)
                Line = fields.Bytes;
            if (fields.Number == 3 && metadata.Count == LokiLabels.MaxLabels)
                EntryFault = LokiLabels.TooMany;
            else if (fields.Number == 3)
                metadata.Add(new EventField(TextPool.Shared.Get(Find(fields.Bytes, 1)), TextPool.Shared.Get(Find(fields.Bytes, 2))));
        }
        return !fields.IsBroken;
    }

    private bool TryTime(ReadOnlySpan<byte> timestamp)
    {
        var fields = new ProtobufFields(timestamp);
        (long seconds, long nanoseconds) = (0, 0);
        while (fields.MoveNext())
        {
            if (fields.Number == 1)
                seconds = (long)fields.Value;
            else if (fields.Number == 2)
                nanoseconds = (int)fields.Value;
        }
        // Beyond what 64 bits hold there is no time either: who looks whether it can be true finds that it cannot.
        Time = Math.Abs((decimal)seconds) > long.MaxValue / NanosecondsASecond - 2
            ? long.MaxValue
            : (seconds * NanosecondsASecond) + nanoseconds;
        return !fields.IsBroken;
    }

    /// <summary>The bytes of a field; empty where there is none.</summary>
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message, int number)
    {
        var fields = new ProtobufFields(message);
        while (fields.MoveNext())
        {
            if (fields.Number == number)
                return fields.Bytes;
        }
        return default;
    }
}
