using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Cli;

/// <summary>
/// Writes <c>--output json</c>: indented, camelCase, characters as they are, moments and integrations as people read them.
/// </summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new AsText<Timestamp>(), new AsText<IntegrationId>() },
    };

    private sealed class AsText<T> : JsonConverter<T>
    {
        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value?.ToString());

        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Output is only written.");
    }

    public static void Write(TextWriter to, object value) => to.WriteLine(JsonSerializer.Serialize(value, s_options));
}
