using System.Globalization;
using System.Text;
using System.Text.Json;
using Metrics.Formats.Shippers;
using Metrics.Model;

namespace Metrics.Formats.EventJson;

/// <summary>
/// Reads an event from a JSON object, as <see cref="EventJsonWriter"/> writes it and as shippers send it: <c>kind</c>, <c>body</c>,
/// <c>time</c> (RFC 3339, or nanoseconds since 1970), <c>severity_number</c>; everything else is a field, named in either form or by
/// objects within each other. <c>id</c> and <c>observed_time</c> are ours to say and passed over. An object that has neither kind nor body,
/// but the text of a line in the words of shippers (<see cref="ShipperField.Text"/>), is a line of a log. Never throws.
/// </summary>
public static class EventJsonReader
{
    private const int MaxDepth = 8;
    private const int MaxSeverity = 24;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = MaxDepth, CommentHandling = JsonCommentHandling.Disallow };

    /// <summary>Adds the event of a line to a batch.</summary>
    /// <param name="line">One JSON object in UTF-8.</param>
    /// <param name="now">Its time when it says none, and when it came in; nanoseconds since 1970 UTC.</param>
    /// <param name="batch">Where to.</param>
    /// <param name="shipped">To read lines of logs with; whatever it holds is gone.</param>
    /// <param name="fault">What is wrong, for whoever sent it.</param>
    public static bool TryRead(ReadOnlySpan<byte> line, long now, EventBatch batch, ShippedLine shipped, out string? fault)
    {
        var draft = new Draft(now);
        try
        {
            var reader = new Utf8JsonReader(line, s_options);
            bool isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
            fault = isObject ? ReadObject(line, ref reader, "", draft) : "is no JSON object";
            // What stands behind the object is looked at too.
            if (fault is null)
                reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The other one: half of a character that takes two, escaped.
            fault = "is no JSON: " + e.Message.Split(" LineNumber", 2)[0];
        }
        fault ??= draft.IsEvent ? draft.AddTo(batch) : draft.AddLineTo(batch, shipped);
        return fault is null;
    }

    private static string? ReadObject(ReadOnlySpan<byte> line, ref Utf8JsonReader reader, string prefix, Draft draft)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // The same few names come again and again.
            string own = reader.ValueIsEscaped ? reader.GetString()! : TextPool.Shared.Get(reader.ValueSpan);
            string name = prefix.Length == 0 ? own : prefix + own;
            reader.Read();
            string? fault = reader.TokenType switch
            {
                JsonTokenType.StartObject => ReadObject(line, ref reader, name + ".", draft),
                JsonTokenType.StartArray => draft.SetArray(name, ArrayOf(line, ref reader)),
                JsonTokenType.Null => null,
                JsonTokenType.String => draft.Set(name, reader.GetString()!),
                JsonTokenType.Number => draft.Set(name, Encoding.UTF8.GetString(reader.ValueSpan)),
                _ => draft.Set(name, reader.GetBoolean() ? "true" : "false"),
            };
            if (fault is not null)
                return fault;
        }
        return null;
    }

    /// <summary>An array as it is written.</summary>
    private static string ArrayOf(ReadOnlySpan<byte> line, ref Utf8JsonReader reader)
    {
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return Encoding.UTF8.GetString(line[start..(int)reader.BytesConsumed]);
    }

    /// <summary>An event whose parts come in any order.</summary>
    private sealed class Draft(long now)
    {
        private readonly List<EventField> _fields = [];
        private string? _time;
        private string? _kind;
        private string? _body;
        private string? _array;
        private byte _severity;

        /// <summary>Whether it is an event, else a line of a log.</summary>
        public bool IsEvent => _kind is not null || _body is not null;

        public string? Set(string name, string value)
        {
            switch (name)
            {
                case "id" or "observed_time":
                    return null;
                case "time":
                    _time = value;
                    return null;
                case EventFields.Kind:
                    _kind = value;
                    return value.Length is 0 or > EventBounds.MaxNameLength ? "has an empty kind, or one that is too long" : null;
                case EventFields.Body:
                    _body = value;
                    return null;
                case EventFields.SeverityNumber:
                    return byte.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _severity) && _severity <= MaxSeverity
                        ? null
                        : "has a severity_number that is no number from 0 to 24";
                default:
                    _fields.Add(new EventField(name, value));
                    return name.Length > EventBounds.MaxNameLength
                        ? $"has a field whose name is longer than {EventBounds.MaxNameLength}"
                        : null;
            }
        }

        public string? SetArray(string name, string json)
        {
            _array ??= name;
            return Set(name, json);
        }

        /// <returns>What is wrong with it, or null.</returns>
        public string? AddTo(EventBatch batch)
        {
            if (_array is not null)
                return $"has an array in {_array}; a field has one value";
            long time = now;
            if (_time is { } said && !long.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out time)
                && !EventTime.TryParse(said, out time))
            {
                return "has a time that is neither like 2026-01-31T12:00:00Z nor nanoseconds since 1970";
            }
            if (!EventBounds.IsSane(time, now))
                return EventBounds.BadTime;
            batch.Add(time, now, _kind ?? EventKinds.Log, _severity, _body ?? "");
            foreach (EventField field in _fields)
                batch.AddField(EventFields.FullName(field.Name), field.Value);
            return null;
        }

        /// <inheritdoc cref="AddTo"/>
        public string? AddLineTo(EventBatch batch, ShippedLine line)
        {
            line.Clear();
            line.SeverityNumber = _severity;
            line.Add("time", _time ?? "");
            foreach (EventField field in _fields)
                line.Add(field.Name, field.Value);
            if (line.Text is not { } text)
                return "has neither kind nor body, nor the text of a line as message, log, msg or MESSAGE";
            long? time = line.TakeTime();
            if (time is { } given && !EventBounds.IsSane(given, now))
                return EventBounds.BadTime;
            line.AddTo(batch, now, time, Encoding.UTF8.GetBytes(text));
            return null;
        }
    }
}
