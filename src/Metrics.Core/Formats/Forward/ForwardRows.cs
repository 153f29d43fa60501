using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Metrics.Model;

namespace Metrics.Formats.Forward;

/// <summary>
/// Events between a node and its centre, a JSON array a line: <c>[id, time, observed time, kind, severity, body, name, value, …]</c>,
/// times in nanoseconds since 1970. Nothing of an event is another at the other end. Not thread-safe.
/// </summary>
public sealed class ForwardRows
{
    private const int MaxSeverity = 24;

    private static readonly JsonWriterOptions s_writing = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true,
    };

    private byte[] _text = [];

    /// <summary>Writes a row of a batch as a line.</summary>
    public static void Write(EventBatch batch, int row, IBufferWriter<byte> to)
    {
        using (var json = new Utf8JsonWriter(to, s_writing))
        {
            json.WriteStartArray();
            json.WriteNumberValue(batch.Ids[row]);
            json.WriteNumberValue(batch.Times[row]);
            json.WriteNumberValue(batch.ObservedTimes[row]);
            json.WriteStringValue(batch.Kinds[row]);
            json.WriteNumberValue(batch.Severities[row]);
            json.WriteStringValue(batch.BodyOf(row));
            foreach (EventFieldText field in batch.FieldsOf(row))
            {
                json.WriteStringValue(field.Name);
                json.WriteStringValue(field.Utf8);
            }
            json.WriteEndArray();
        }
        to.Write("\n"u8);
    }

    /// <summary>Reads a line, and adds its event to a batch unless it is known already. Never throws.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="after">Events up to this id are known.</param>
    /// <param name="now">The time of arrival, where the event's own cannot be true; nanoseconds since 1970.</param>
    /// <param name="batch">Where to; with what is refused nothing in it is good.</param>
    /// <param name="id">The event's.</param>
    /// <returns>What is wrong with it, for whoever sent it, or null.</returns>
    public string? Read(ReadOnlySpan<byte> line, long after, long now, EventBatch batch, out long id)
    {
        id = 0;
        var reader = new Utf8JsonReader(line);
        try
        {
            string? fault = ReadRow(ref reader, after, now, batch, ref id);
            // What stands behind the array is looked at too.
            if (fault is null)
                reader.Read();
            return fault;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The other one: half of a character that takes two, escaped.
            return "is no JSON: " + e.Message.Split(" LineNumber", 2)[0];
        }
    }

    private string? ReadRow(ref Utf8JsonReader reader, long after, long now, EventBatch batch, ref long id)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            return "is no JSON array";
        if (!ReadNumber(ref reader, out id) || !ReadNumber(ref reader, out long time) || !ReadNumber(ref reader, out long observed))
            return "does not begin with three whole numbers: id, time and observed time";
        if (!ReadText(ref reader) || reader.ValueSpan.Length is 0 or > EventBounds.MaxNameLength)
            return "has no kind, or one that is empty or too long";
        string kind = NameOf(ref reader);
        if (!ReadNumber(ref reader, out long severity) || severity is < 0 or > MaxSeverity)
            return $"has a severity that is no number from 0 to {MaxSeverity}";
        if (!ReadText(ref reader))
            return "has no body";
        bool isNew = id > after;
        if (isNew)
            batch.Add(time, EventBounds.IsSane(observed, now) ? observed : now, kind, (byte)severity, TextOf(ref reader));
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            string name = NameOf(ref reader);
            if (!ReadText(ref reader))
                return "has a field without a value";
            if (isNew)
                batch.AddField(name, TextOf(ref reader));
        }
        return reader.TokenType == JsonTokenType.EndArray ? null : "has a field whose name is no text";
    }

    private static bool ReadNumber(ref Utf8JsonReader reader, out long number)
    {
        number = 0;
        return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out number);
    }

    private static bool ReadText(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.String;

    /// <summary>The same few names come again and again.</summary>
    private static string NameOf(ref Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? reader.GetString()! : TextPool.Shared.Get(reader.ValueSpan);

    private ReadOnlySpan<byte> TextOf(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueSpan;
        if (_text.Length < reader.ValueSpan.Length)
            _text = new byte[reader.ValueSpan.Length];
        return _text.AsSpan(0, reader.CopyString(_text));
    }
}
