using System.Buffers;
using System.Text;
using Metrics.Formats.LineProtocol;
using Metrics.Model;

namespace Metrics.Storage.Events;

/// <summary>
/// From events to line protocol: measurement <c>events</c>, tags kind, host and service, everything else fields. InfluxDB keeps one point a
/// tag set and time: times are made unique by nanoseconds. A line feed becomes a space, so that a line is a line. Not thread-safe.
/// </summary>
internal sealed class EventLines
{
    /// <summary>The measurement of all events.</summary>
    public const string Measurement = "events";
    private const long NanosecondsAMillisecond = 1_000_000;

    /// <summary>Points whose times are remembered; those of one time come close together.</summary>
    private const int MaxRecent = 200_000;

    private readonly ArrayBufferWriter<byte> _body = new(64 * 1024);
    private HashSet<(int Series, long Time)> _recent = [];
    private HashSet<(int Series, long Time)> _before = [];

    /// <summary>Writes batches as requests of bounded size.</summary>
    /// <returns>Bodies, each with its number of lines.</returns>
    public IEnumerable<(byte[] Body, int Lines)> Write(IReadOnlyList<EventBatch> batches, int maxLines, int maxBytes)
    {
        int lines = 0;
        foreach (EventBatch batch in batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                WriteLine(batch, row);
                if (++lines < maxLines && _body.WrittenCount < maxBytes)
                    continue;
                yield return (_body.WrittenSpan.ToArray(), lines);
                _body.ResetWrittenCount();
                lines = 0;
            }
        }
        if (lines > 0)
            yield return (_body.WrittenSpan.ToArray(), lines);
        _body.ResetWrittenCount();
    }

    private void WriteLine(EventBatch batch, int row)
    {
        string? host = batch.Find(row, EventFields.Host), service = batch.Find(row, EventFields.Service);
        LineProtocolWriter.WriteKey(_body, Measurement, isMeasurement: true);
        WriteTag("kind", batch.Kinds[row]);
        WriteTag("host", host);
        WriteTag("service", service);
        LineProtocolWriter.WriteByte(_body, (byte)' ');
        WriteText("body", Encoding.UTF8.GetString(batch.BodyOf(row)));
        WriteInteger("severity_number", batch.Severities[row]);
        WriteInteger("id", batch.Ids[row]);
        foreach (EventFieldText field in batch.FieldsOf(row))
        {
            if (EventAttributes.HasColumn(field.Name))
                continue;
            LineProtocolWriter.WriteByte(_body, (byte)',');
            WriteText(field.Name, field.Value);
        }
        LineProtocolWriter.WriteByte(_body, (byte)' ');
        int series = HashCode.Combine(batch.Kinds[row], host, service);
        LineProtocolWriter.WriteInteger(_body, UniqueTime(series, batch.Times[row], batch.Ids[row]));
        LineProtocolWriter.WriteByte(_body, (byte)'\n');
    }

    /// <summary>
    /// A time of whole milliseconds or seconds gets the end of its id, which is the same after a restart; then the next one free.
    /// </summary>
    private long UniqueTime(int series, long time, long id)
    {
        if (time % NanosecondsAMillisecond == 0)
            time += id % NanosecondsAMillisecond;
        while (_before.Contains((series, time)) || !_recent.Add((series, time)))
            time++;
        if (_recent.Count >= MaxRecent)
            (_before, _recent) = (_recent, []);
        return time;
    }

    private void WriteTag(string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return;
        LineProtocolWriter.WriteByte(_body, (byte)',');
        LineProtocolWriter.WriteKey(_body, name);
        LineProtocolWriter.WriteByte(_body, (byte)'=');
        LineProtocolWriter.WriteKey(_body, value);
    }

    private void WriteText(string name, string value)
    {
        LineProtocolWriter.WriteKey(_body, name);
        LineProtocolWriter.WriteByte(_body, (byte)'=');
        LineProtocolWriter.WriteString(_body, value.ReplaceLineEndings(" "));
    }

    private void WriteInteger(string name, long value)
    {
        LineProtocolWriter.WriteByte(_body, (byte)',');
        LineProtocolWriter.WriteKey(_body, name);
        LineProtocolWriter.WriteByte(_body, (byte)'=');
        LineProtocolWriter.WriteInteger(_body, value);
        LineProtocolWriter.WriteByte(_body, (byte)'i');
    }
}
