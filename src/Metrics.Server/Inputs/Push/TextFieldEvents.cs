using Metrics.Configuration;
using Metrics.Formats.LineProtocol;
using Metrics.Formats.Syslog;
using Metrics.Model;

namespace Metrics.Inputs.Push;

/// <summary>
/// Points of line protocol that are events: those whose measurement <c>inputs.push.events</c> names. Tags and fields become fields of the
/// event, the field <c>message</c> (or <c>body</c>) its body. Text fields of other measurements have no number and no place: they are
/// counted as refused.
/// </summary>
/// <param name="options">Say the kind of event by measurement.</param>
/// <param name="metrics">Counts what is refused.</param>
internal sealed class TextFieldEvents(Current<InputSection> options, PushMetrics metrics)
{
    private const long NanosecondsAMillisecond = 1_000_000;

    /// <summary>What Telegraf's syslog input says in numbers, RFC 5424's severities.</summary>
    private const string SeverityCode = "severity_code";

    private const string Message = "message";

    /// <summary>Adds a point as an event when its measurement is named.</summary>
    /// <param name="body">What the reader was given.</param>
    /// <param name="point">The point.</param>
    /// <param name="precision">Unit of its timestamp.</param>
    /// <param name="now">Now, milliseconds since 1970 UTC: its time when it has none.</param>
    /// <param name="batch">Where to.</param>
    /// <returns>False when it holds samples.</returns>
    public bool TryAdd(ReadOnlySpan<byte> body, LineProtocolPoint point, Precision precision, long now, EventBatch batch)
    {
        IReadOnlyDictionary<string, string> kinds = options.Value.PushEvents;
        string? kind = null;
        if (kinds.Count == 0 || !kinds.TryGetValue(point.Measurement.Text(body, LineProtocolReader.MeasurementEscapes), out kind))
            return false;
        long observed = now * NanosecondsAMillisecond, time = observed;
        if (point.Timestamp is { } given && precision.TryToNanoseconds(given, out long said))
            time = said;
        string text = "";
        int code = -1;
        foreach (FieldToken field in point.Fields)
        {
            string name = field.Key.Text(body, LineProtocolReader.KeyEscapes);
            if (name is Message or EventFields.Body)
                text = field.Value.Text(body, LineProtocolReader.StringEscapes);
            else if (IsSeverity(name, field))
                code = (int)field.Number;
        }
        batch.Add(time, observed, kind, SyslogPriority.SeverityNumber(code), text);
        AddTags(body, point, batch);
        foreach (FieldToken field in point.Fields)
        {
            string name = field.Key.Text(body, LineProtocolReader.KeyEscapes);
            if (name is not (Message or EventFields.Body) && !IsSeverity(name, field))
                batch.AddField(NameOf(name), field.Value.Text(body, LineProtocolReader.StringEscapes));
        }
        return true;
    }

    private static bool IsSeverity(string name, FieldToken field) =>
        name == SeverityCode && field.Kind != FieldKind.String && field.Number is >= 0 and <= 7;

    private static void AddTags(ReadOnlySpan<byte> body, LineProtocolPoint point, EventBatch batch)
    {
        bool namesSender = false;
        foreach (TagToken tag in point.Tags)
            namesSender |= tag.Key.Raw(body).SequenceEqual("hostname"u8);
        foreach (TagToken tag in point.Tags)
        {
            string name = tag.Key.Text(body, LineProtocolReader.KeyEscapes);
            // Telegraf's tag 'host' is where Telegraf runs; what syslog's sender calls itself stands in 'hostname'.
            string field = namesSender && name == "host" ? "observer.name" : NameOf(name);
            batch.AddField(field, tag.Value.Text(body, LineProtocolReader.KeyEscapes));
        }
    }

    /// <summary>Counts a text field that has no place.</summary>
    public void Refuse() => metrics.TextFields.Inc();

    /// <summary>Telegraf's own words for what has a name here; what would bear the name of an event's own part is a label of it.</summary>
    private static string NameOf(string name) => name switch
    {
        "hostname" => EventFields.Host,
        "appname" => EventFields.Service,
        "severity" => EventFields.Level,
        "procid" => EventFields.ProcessId,
        "path" => "log.file.path",
        "id" or "time" or "observed_time" or EventFields.Kind or EventFields.SeverityNumber or EventFields.Body => $"labels.{name}",
        _ => EventFields.FullName(name),
    };
}
