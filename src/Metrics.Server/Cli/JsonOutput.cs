using System.Text.Encodings.Web;
using System.Text.Json;

namespace Metrics.Cli;

/// <summary>Writes <c>--output json</c>: indented, camelCase, characters as they are.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(TextWriter to, object value) => to.WriteLine(JsonSerializer.Serialize(value, s_options));
}
