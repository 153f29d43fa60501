using System.Text.Json;
using Metrics.Model;

namespace Metrics.Formats.EventJson;

/// <summary>
/// Writes an event as one flat JSON object: <c>id</c>, <c>time</c> and <c>observed_time</c> (RFC 3339 with nanoseconds), <c>kind</c>,
/// <c>severity_number</c>, <c>body</c>, then its fields by their full names.
/// </summary>
public static class EventJsonWriter
{
    /// <summary>Writes one row of a batch.</summary>
    public static void Write(Utf8JsonWriter json, EventBatch batch, int row)
    {
        json.WriteStartObject();
        json.WriteNumber("id", batch.Ids[row]);
        json.WriteString("time", EventTime.Format(batch.Times[row]));
        json.WriteString("observed_time", EventTime.Format(batch.ObservedTimes[row]));
        json.WriteString(EventFields.Kind, batch.Kinds[row]);
        json.WriteNumber(EventFields.SeverityNumber, batch.Severities[row]);
        json.WriteString(EventFields.Body, batch.BodyOf(row));
        foreach (EventFieldText field in batch.FieldsOf(row))
            json.WriteString(field.Name, field.Utf8);
        json.WriteEndObject();
    }
}
