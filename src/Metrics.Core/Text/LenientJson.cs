using System.Runtime.InteropServices;
using System.Text.Json;

namespace Metrics.Text;

/// <summary>
/// Reads JSON of others, of which every text and name can be taken afterwards: a parser looks at them only then, and throws when one is no
/// text (<see cref="JsonTexts.Mend"/>).
/// </summary>
public static class LenientJson
{
    /// <summary>Reads a document to its end; it belongs to the caller.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static async Task<JsonDocument> ReadAsync(Stream body, CancellationToken ct) =>
        Mended(await JsonDocument.ParseAsync(body, default, ct));

    /// <summary>Reads a document; it belongs to the caller.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body) => Mended(JsonDocument.Parse(body));

    private static JsonDocument Mended(JsonDocument document)
    {
        ReadOnlySpan<byte> json = JsonMarshal.GetRawUtf8Value(document.RootElement);
        if (JsonTexts.FaultOf(json) is null)
            return document;
        byte[] mended = JsonTexts.Mend(json);
        document.Dispose();
        return JsonDocument.Parse(mended);
    }
}
