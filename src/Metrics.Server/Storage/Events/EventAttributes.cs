using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>
/// The fields of an event that have no column, as a JSON object of texts. Always written alike, so that <c>"name":"value"</c> is found as
/// text.
/// </summary>
internal static class EventAttributes
{
    private static readonly JsonWriterOptions s_plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true,
    };

    /// <summary>Whether a field has a column of its own.</summary>
    public static bool HasColumn(string field) => field is EventFields.Host or EventFields.Service;

    /// <summary>Writes fields; the buffer is emptied before.</summary>
    /// <returns>UTF-8, in the buffer.</returns>
    public static ReadOnlySpan<byte> Write(ReadOnlySpan<EventField> fields, ArrayBufferWriter<byte> buffer, Utf8JsonWriter json)
    {
        buffer.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
        foreach (ref readonly EventField field in fields)
        {
            if (!HasColumn(field.Name))
                json.WriteString(field.Name, field.Value);
        }
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }

    /// <summary>A writer for <see cref="Write"/>.</summary>
    public static Utf8JsonWriter Writer(ArrayBufferWriter<byte> buffer) => new(buffer, s_plain);

    /// <summary>The text that stands in the object for a field with this value.</summary>
    public static string Text(string name, string value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using Utf8JsonWriter json = Writer(buffer);
        return Encoding.UTF8.GetString(Write([new EventField(name, value)], buffer, json)[1..^1]);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static void Read(string json, EventBatch into)
    {
        if (json.Length == 2)
            return;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            string name = reader.GetString()!;
            reader.Read();
            into.AddField(name, reader.GetString());
        }
    }
}
