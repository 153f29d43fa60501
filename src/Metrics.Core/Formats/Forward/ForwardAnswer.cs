using System.Text.Json;
using System.Text.Json.Serialization;

namespace Metrics.Formats.Forward;

/// <summary>What a centre answers a node whose events are on its disk.</summary>
/// <param name="After">The newest of the node's events that it has; 0 where it has none.</param>
/// <param name="Refused">Events of the request that it does not take, since the token may not send of their hosts.</param>
public sealed record ForwardAnswer(long After, int Refused)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true };

    /// <summary>
    /// The runs of processes through which events go on from the centre, its own first; null where it forwards to nobody. Who finds
    /// itself in it would get its own events back.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Chain { get; init; }

    /// <summary>The answer as JSON.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);

    /// <summary>Reads an answer; null where it is none, as that of a proxy in between.</summary>
    public static ForwardAnswer? TryRead(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<ForwardAnswer>(json, s_json) is { After: >= 0, Refused: >= 0 } answer ? answer : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
