using System.Buffers.Text;
using System.Text.Json;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Formats.Loki;

/// <summary>A push as JSON, as Fluent Bit and logging libraries send it.</summary>
/// <remarks>
/// <code>{"streams": [{"stream": {"app": "nova-api"}, "values": [["1769860800000000000", "the line", {"trace_id": "0242ac12"}]]}]}</code>
/// </remarks>
public ref struct LokiJson : ILokiReader
{
    private const string NoEntry = "is no [\"nanoseconds since 1970\", \"line\"]";
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 8 };

    private readonly ReadOnlySpan<byte> _body;
    private Utf8JsonReader _streams;
    private ReadOnlySpan<byte> _valuesJson;
    private Utf8JsonReader _values;
    private bool _isInStreams;
    private bool _hasStreams;
    private byte[] _scratch = [];

    /// <param name="body">All of it.</param>
    public LokiJson(ReadOnlySpan<byte> body)
    {
        _body = body;
        _streams = new Utf8JsonReader(body, s_options);
        if (!TryRead(ref _streams) || _streams.TokenType != JsonTokenType.StartObject)
            Fault ??= "the body is no JSON object";
    }

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
        while (Fault is null)
        {
            if (!_isInStreams && !FindStreams())
                return false;
            if (!TryRead(ref _streams))
                return false;
            _isInStreams = _streams.TokenType != JsonTokenType.EndArray;
            if (!_isInStreams)
                continue;
            if (_streams.TokenType != JsonTokenType.StartObject)
                Fault = "a stream is no JSON object";
            else if (TrySkip(ref _streams, out Range stream))
                return Begin(_body[stream], labels);
        }
        return false;
    }

    /// <inheritdoc />
    public bool ReadEntry(List<EventField> metadata)
    {
        metadata.Clear();
        Line = default;
        (EntryFault, Time) = (null, 0);
        // Of a stream without values there is nothing to read.
        if (Fault is not null || _values.TokenType == JsonTokenType.None)
            return false;
        if (!TryRead(ref _values) || _values.TokenType == JsonTokenType.EndArray)
            return false;
        if (_values.TokenType != JsonTokenType.StartArray)
        {
            EntryFault = NoEntry;
            return TrySkip(ref _values, out _);
        }
        int part = 0;
        while (TryRead(ref _values) && _values.TokenType != JsonTokenType.EndArray)
            ReadPart(part++, metadata);
        if (part < 2)
            EntryFault ??= NoEntry;
        return Fault is null;
    }

    /// <summary>Goes into the next list of streams; all other members are passed over.</summary>
    private bool FindStreams()
    {
        while (TryRead(ref _streams) && _streams.TokenType == JsonTokenType.PropertyName)
        {
            bool isStreams = _streams.ValueTextEquals("streams"u8);
            if (!TryRead(ref _streams))
                return false;
            if (isStreams && _streams.TokenType == JsonTokenType.StartArray)
                return _hasStreams = true;
            if (!TrySkip(ref _streams, out _))
                return false;
        }
        // Looks at what stands behind the object too.
        if (Fault is null)
            TryRead(ref _streams);
        if (!_hasStreams)
            Fault ??= "the body has no streams";
        return false;
    }

    private bool Begin(ReadOnlySpan<byte> stream, List<EventField> labels)
    {
        labels.Clear();
        StreamFault = null;
        _values = default;
        var members = new JsonMembers(stream);
        while (members.MoveNext())
        {
            if (members.Name.SequenceEqual("stream"u8))
                StreamFault = ReadFields(members.Value, labels, "has labels that are no JSON object");
            if (!members.Name.SequenceEqual("values"u8) || members.Value[0] != '[')
                continue;
            _valuesJson = members.Value;
            _values = new Utf8JsonReader(_valuesJson, s_options);
            TryRead(ref _values);
        }
        return true;
    }

    private void ReadPart(int part, List<EventField> metadata)
    {
        if (!TrySkip(ref _values, out Range range))
            return;
        ReadOnlySpan<byte> value = _valuesJson[range];
        switch (part)
        {
            case 0 when TryTime(value, out long time):
                Time = time;
                break;
            case 1 when value[0] == '"':
                Line = TextOf(value);
                break;
            case 2:
                EntryFault ??= ReadFields(value, metadata, "has metadata that is no JSON object");
                break;
            case < 2:
                EntryFault ??= NoEntry;
                break;
        }
    }

    /// <returns>What is wrong, or null.</returns>
    private static string? ReadFields(ReadOnlySpan<byte> json, List<EventField> fields, string noObject)
    {
        // Not the scratch that the line may lie in.
        byte[] scratch = json.Contains((byte)'\\') ? new byte[json.Length] : [];
        var members = new JsonMembers(json);
        while (members.MoveNext())
        {
            if (fields.Count == LokiLabels.MaxLabels)
                return LokiLabels.TooMany;
            ReadOnlySpan<byte> value = JsonMembers.TextOf(members.Value, scratch);
            fields.Add(new EventField(TextPool.Shared.Get(members.Name), TextPool.Shared.Get(value)));
        }
        return members.IsComplete ? null : noObject;
    }

    private static bool TryTime(ReadOnlySpan<byte> value, out long time)
    {
        value = value[0] == '"' ? value[1..^1] : value;
        return Utf8Parser.TryParse(value, out time, out int length) && length == value.Length;
    }

    private ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> value)
    {
        if (value.Contains((byte)'\\') && value.Length > _scratch.Length)
            _scratch = new byte[Math.Max(value.Length, _scratch.Length * 2)];
        return JsonMembers.TextOf(value, _scratch);
    }

    private bool TryRead(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.Read();
        }
        catch (JsonException e)
        {
            return IsNone(e);
        }
    }

    /// <summary>Passes over a value, and says where it stands.</summary>
    private bool TrySkip(ref Utf8JsonReader reader, out Range value)
    {
        int start = (int)reader.TokenStartIndex;
        value = default;
        try
        {
            reader.Skip();
            value = start..(int)reader.BytesConsumed;
            return true;
        }
        catch (JsonException e)
        {
            return IsNone(e);
        }
    }

    private bool IsNone(JsonException e)
    {
        Fault = "the body is no JSON: " + e.Message.Split(" LineNumber", 2)[0];
        return false;
    }
}
