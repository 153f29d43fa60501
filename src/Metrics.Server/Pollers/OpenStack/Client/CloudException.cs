using System.Globalization;
using System.Text;
using System.Text.Json;
using Metrics.Text;

namespace Metrics.Pollers.OpenStack.Client;

/// <summary>A service did not answer as it should; the message names service, route and reason, never a secret.</summary>
internal sealed class CloudException(string message, int status = 0, Exception? inner = null) : Exception(message, inner)
{
    private const int MaxText = 200;

    /// <summary>The HTTP status; 0 when there was no answer.</summary>
    public int Status => status;

    /// <summary>From an answer with an error status.</summary>
    public static CloudException Of(string service, string route, int status, string body) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{service} GET {route}: HTTP {status}{Reason(body)}"), status);

    /// <summary>The reason within an error body: every service wraps it otherwise.</summary>
    internal static string Reason(string body)
    {
        try
        {
            using JsonDocument document = LenientJson.Parse(Encoding.UTF8.GetBytes(body));
            if (Find(document.RootElement, 0) is { Length: > 0 } text)
                return ": " + Shorten(text);
        }
        catch (JsonException)
        {
            // A proxy's page; its text helps nobody.
        }
        return "";
    }

    private static string? Find(JsonElement at, int depth)
    {
        if (depth > 4)
            return null;
        if (at.ValueKind == JsonValueKind.Array)
            return at.EnumerateArray().Select(e => Find(e, depth + 1)).FirstOrDefault(t => t is not null);
        if (at.ValueKind != JsonValueKind.Object)
            return null;
        foreach (string name in new[] { "message", "detail" })
        {
            if (at.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String)
                return text.GetString();
        }
        return at.EnumerateObject().Select(p => Find(p.Value, depth + 1)).FirstOrDefault(t => t is not null);
    }

    private static string Shorten(string text)
    {
        text = text.ReplaceLineEndings(" ").Trim();
        return text.Length <= MaxText ? text : text[..MaxText] + "…";
    }
}
