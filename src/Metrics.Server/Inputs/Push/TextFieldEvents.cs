using Metrics.Formats.LineProtocol;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Inputs.Push;

/// <summary>
/// Points of line protocol that are events: those whose measurement <c>inputs.push.events</c> names. Tags and fields become fields of the event,
/// the field <c>message</c> (or <c>body</c>) its body. Text fields of other measurements have no number and no place: they are counted as refused.
/// </summary>
/// <param name="kinds">Kind of event by measurement.</param>
/// <param name="metrics">Counts what is refused.</param>
internal sealed class TextFieldEvents(IReadOnlyDictionary<string, string> kinds, SelfMetrics metrics)
{
    /// <summary>What Telegraf's syslog input says in numbers, RFC 5424's severities.</summary>
    private const string SeverityCode = "severity_code";

    /// <summary>OpenTelemetry's severity numbers of syslog's severities 0 to 7.</summary>
    private static readonly byte[] s_severities = [21, 19, 18, 17, 13, 10, 9, 5];

    /// <summary>Adds a point as an event when its measurement is named.</summary>
    /// <param name="body">What the reader was given.</param>
    /// <param name="point">The point.</param>
    /// <param name="time">Its time, nanoseconds since 1970 UTC.</param>
    /// <param name="now">Now, in the same measure.</param>
    /// <param name="batch">Where to.</param>
    /// <returns>False when it holds samples.</returns>
    public bool TryAdd(ReadOnlySpan<byte> body, LineProtocolPoint point, long time, long now, EventBatch batch)
    {
        string? kind = null;
        if (kinds.Count == 0 || !kinds.TryGetValue(point.Measurement.Text(body, LineProtocolReader.MeasurementEscapes), out kind))
            return false;
        string text = "";
        byte severity = 0;
        foreach (FieldToken field in point.Fields)
        {
            string name = field.Key.Text(body, LineProtocolReader.KeyEscapes);
            if (field.Kind == FieldKind.String && name is "message" or EventFields.Body)
                text = field.Value.Text(body, LineProtocolReader.StringEscapes);
            else if (name == SeverityCode && field.Number is >= 0 and <= 7)
                severity = s_severities[(int)field.Number];
        }
        batch.Add(time, now, kind, severity, text);
        foreach (TagToken tag in point.Tags)
            batch.AddField(NameOf(tag.Key.Text(body, LineProtocolReader.KeyEscapes)), tag.Value.Text(body, LineProtocolReader.KeyEscapes));
        foreach (FieldToken field in point.Fields)
        {
            string name = field.Key.Text(body, LineProtocolReader.KeyEscapes);
            if (name is not ("message" or EventFields.Body or SeverityCode))
                batch.AddField(NameOf(name), field.Value.Text(body, LineProtocolReader.StringEscapes));
        }
        return true;
    }

    /// <summary>Counts a text field that has no place.</summary>
    public void Refuse() => metrics.PushTextFields.Inc();

    /// <summary>Telegraf's own words for what has a name here.</summary>
    private static string NameOf(string name) => name switch
    {
        "hostname" => EventFields.Host,
        "appname" => EventFields.Service,
        "severity" => EventFields.Level,
        "procid" => EventFields.ProcessId,
        "path" => "log.file.path",
        _ => EventFields.FullName(name),
    };
}
