using System.Text.Json;

namespace Metrics.Model;

/// <summary>
/// How far a source has been read, to be stored in the same commit as the events that were read: after a crash it is read on from there,
/// and nothing is lost or twice.
/// </summary>
/// <param name="Source">The input, such as <c>logs/nova</c>.</param>
/// <param name="Key">What of it, such as a file.</param>
/// <param name="State">The input's own words for where; null forgets it.</param>
public sealed record SourcePosition(string Source, string Key, string? State)
{
    private static readonly JsonSerializerOptions s_json =
        new() { RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true };

    /// <summary>A state that is JSON.</summary>
    /// <typeparam name="T">What it is to be: parameters of its constructor must be there, and not null where they may not be.</typeparam>
    /// <returns>It; null where it is damaged, or another's. Numbers and what lists hold the caller looks at.</returns>
    public T? Read<T>()
        where T : class
    {
        try
        {
            return State is null ? null : JsonSerializer.Deserialize<T>(State, s_json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            return null;
        }
    }
}
