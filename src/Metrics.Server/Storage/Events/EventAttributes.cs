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
    private static readonly JavaScriptEncoder s_encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>Whether a field has a column of its own.</summary>
    public static bool HasColumn(string field) => field is EventFields.Host or EventFields.Service;

    /// <summary>Writes fields; the buffer is emptied before.</summary>
    /// <returns>UTF-8, in the buffer.</returns>
    public static ReadOnlySpan<byte> Write(EventFieldList fields, ArrayBufferWriter<byte> buffer)
    {
        buffer.ResetWrittenCount();
        buffer.Write("{"u8);
        foreach (EventFieldText field in fields)
        {
            if (HasColumn(field.Name))
                continue;
            if (buffer.WrittenCount > 1)
                buffer.Write(","u8);
            Write(field.Name, field.Utf8, buffer);
        }
        buffer.Write("}"u8);
        return buffer.WrittenSpan;
    }

    /// <summary>The text that stands in the object for a field with this value.</summary>
    public static string Text(string name, string value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        Write(name, Encoding.UTF8.GetBytes(value), buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads what <see cref="Write(EventFieldList, ArrayBufferWriter{byte})"/> wrote.</summary>
    public static void Read(string json, EventBatch into)
    {
        if (json.Length == 2)
            return;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            string name = reader.ValueIsEscaped ? reader.GetString()! : TextPool.Shared.Get(reader.ValueSpan);
            reader.Read();
            if (reader.ValueIsEscaped)
                into.AddField(name, reader.GetString());
            else
                into.AddField(name, reader.ValueSpan);
        }
    }

    private static void Write(string name, ReadOnlySpan<byte> value, ArrayBufferWriter<byte> buffer)
    {
        const int MaxBytesPerChar = 3;
        // One that is asked for may be longer than any that is there.
        Span<byte> utf8 = name.Length > EventBounds.MaxNameLength
            ? new byte[name.Length * MaxBytesPerChar]
            : stackalloc byte[EventBounds.MaxNameLength * MaxBytesPerChar];
        buffer.Write("\""u8);
        Escape(utf8[..Encoding.UTF8.GetBytes(name, utf8)], buffer);
        buffer.Write("\":\""u8);
        Escape(value, buffer);
        buffer.Write("\""u8);
    }

    private static void Escape(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> buffer)
    {
        int clean = s_encoder.FindFirstCharacterToEncodeUtf8(text);
        if (clean < 0)
        {
            buffer.Write(text);
            return;
        }
        buffer.Write(text[..clean]);
        text = text[clean..];
        while (!text.IsEmpty)
        {
            s_encoder.EncodeUtf8(text, buffer.GetSpan(64), out int read, out int written);
            buffer.Advance(written);
            text = text[read..];
        }
    }
}
