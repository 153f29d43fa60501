using System.Text.Json;

namespace Metrics.Cli;

/// <summary>Finds the daemon's own words in the body of a refusal.</summary>
internal static class DaemonError
{
    private const int MaxLength = 2000;

    /// <summary>Reads an object's <c>error</c> (Prometheus's form) or <c>message</c> (InfluxDB's), a JSON text, or plain text.</summary>
    public static string TextOf(string body)
    {
        string text = body.Trim();
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            text = json.RootElement switch
            {
                { ValueKind: JsonValueKind.String } all => all.GetString()!,
                { ValueKind: JsonValueKind.Object } all when Member(all, "error") is { } error => error,
                { ValueKind: JsonValueKind.Object } all when Member(all, "message") is { } message => message,
                _ => text,
            };
        }
        catch (JsonException)
        {
            // Plain text.
        }
        return text.Length > MaxLength ? text[..MaxLength] + "…" : text;
    }

    private static string? Member(JsonElement of, string name) =>
        of.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
