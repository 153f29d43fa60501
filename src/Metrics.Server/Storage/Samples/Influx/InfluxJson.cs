using System.Text;
using System.Text.Json;
using Metrics.Text;

namespace Metrics.Storage.Samples.Influx;

/// <summary>JSON from outside: every step is looked at before it is taken.</summary>
internal static class InfluxJson
{
    /// <summary>A line of an answer.</summary>
    /// <exception cref="StoreException">It is not JSON.</exception>
    public static JsonDocument Parse(int status, ReadOnlyMemory<byte> line)
    {
        try
        {
            return LenientJson.Parse(line);
        }
        catch (JsonException e)
        {
            throw new StoreException($"HTTP {status} with an answer that is not what InfluxDB says: {FirstWords(line.Span)}", e);
        }
    }

    /// <summary>What is wrong by a document of an InfluxQL answer; null when nothing is.</summary>
    public static string? ErrorIn(int status, JsonDocument document)
    {
        JsonElement root = document.RootElement;
        if (Find(root, "error") is { } error)
            return $"InfluxDB says: {FirstWords(TextOf(error))}";
        if (status is < 200 or >= 300)
            return $"HTTP {status}: {FirstWords(root.GetRawText())}";
        if (Find(root, "results") is not { ValueKind: JsonValueKind.Array } results)
            return "the answer is JSON, but not what InfluxDB says: it has no results";
        foreach (JsonElement result in results.EnumerateArray())
        {
            if (Find(result, "error") is { } failure)
                return $"InfluxDB says: {FirstWords(TextOf(failure))}";
        }
        return null;
    }

    public static JsonElement? Find(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement found) ? found : null;

    /// <summary>The text of a part of an answer; as it stands there where it is none, or holds half a surrogate pair.</summary>
    public static string TextOf(JsonElement text)
    {
        try
        {
            return text.ValueKind == JsonValueKind.String ? text.GetString()! : text.GetRawText();
        }
        catch (InvalidOperationException)
        {
            return text.GetRawText();
        }
    }

    /// <summary>The beginning of an answer, for a message.</summary>
    public static string FirstWords(ReadOnlySpan<byte> line) => FirstWords(Encoding.UTF8.GetString(line[..Math.Min(line.Length, 400)]));

    /// <inheritdoc cref="FirstWords(ReadOnlySpan{byte})"/>
    public static string FirstWords(string text) =>
        string.Concat(text.Take(400).Select(c => char.IsControl(c) ? ' ' : c)).Trim();
}
