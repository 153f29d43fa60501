using System.Text;
using System.Text.Json;
using Metrics.Model;
using Metrics.Text;

namespace Metrics.Cli;

/// <summary>Writes an event for people: time, host, service, kind, body, then its other fields.</summary>
internal static class EventText
{
    /// <param name="one">The event as the API writes it.</param>
    /// <param name="to">Where to.</param>
    public static void Write(JsonElement one, TextWriter to)
    {
        var line = new StringBuilder(TextOf(one, "time"));
        foreach (string field in new[] { EventFields.Host, EventFields.Service, EventFields.Kind })
        {
            if (TextOf(one, field) is { Length: > 0 } value)
                line.Append("  ").Append(value);
        }
        line.Append("  ").Append(PlainText.Line(TextOf(one, EventFields.Body)));
        foreach (JsonProperty property in one.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.String && !IsShown(property.Name))
                line.Append("  ").Append(property.Name).Append('=').Append(PlainText.Line(property.Value.GetString()!));
        }
        to.WriteLine(line.ToString());
    }

    private static bool IsShown(string field) =>
        field is "time" or "observed_time" or EventFields.Host or EventFields.Service or EventFields.Kind or EventFields.Body;

    private static string TextOf(JsonElement one, string field) =>
        one.TryGetProperty(field, out JsonElement value) ? PlainText.Line(value.ToString()) : "";
}
