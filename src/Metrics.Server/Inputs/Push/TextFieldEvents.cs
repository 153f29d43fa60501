using Metrics.Configuration;
using Metrics.Formats.LineProtocol;
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

    /// <summary>OpenTelemetry's severity numbers of syslog's severities 0 to 7.</summary>
    private static readonly byte[] s_severities = [21, 19, 18, 17, 13, 10, 9, 5];

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
        byte severity = 0;
        foreach (FieldToken field in point.Fields)
        {
            string name = field.Key.Text(body, LineProtocolReader.KeyEscapes);
            if (field.Kind == FieldKind.String && name is "message" or EventFields.Body)
                text = field.Value.Text(body, LineProtocolReader.StringEscapes);
            else if (name == SeverityCode && field.Number is >= 0 and <= 7)
                severity = s_severities[(int)field.Number];
        }
        batch.Add(time, observed, kind, severity, text);
        AddTags(body, point, batch);
        foreach (FieldToken field in point.Fields)
        {
            string name = field.Key.Text(body, LineProtocolReader.KeyEscapes);
            if (name is not ("message" or EventFields.Body or SeverityCode))
                batch.AddField(NameOf(name), field.Value.Text(body, LineProtocolReader.StringEscapes));
        }
        return true;
    }

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
