using System.Text.Json;
using Metrics.Model;

namespace Metrics.Formats;

/// <summary>Labels as the JSON object in which the stores and the state database keep them.</summary>
public static class LabelsJson
{
    private static readonly JsonWriterOptions s_plain =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes them, names in order.</summary>
    public static string Write(Labels labels)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, s_plain))
        {
            json.WriteStartObject();
            foreach (Label label in labels)
                json.WriteString(label.Name, label.Value);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static Labels Read(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return Labels.Of([.. document.RootElement.EnumerateObject().Select(p => new Label(p.Name, p.Value.GetString() ?? ""))]);
    }
}
