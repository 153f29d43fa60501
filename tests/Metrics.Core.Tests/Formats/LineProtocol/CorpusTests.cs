using System.Buffers;
using System.Text;
using System.Text.Json;
using Metrics.Formats;
using Metrics.Formats.LineProtocol;

namespace Metrics.Tests.Formats.LineProtocol;

/// <summary>InfluxData's conformance corpus.</summary>
public sealed class CorpusTests
{
    [Fact]
    public void Every_input_is_read_or_refused_as_the_corpus_says()
    {
        var wrong = new List<string>();
        foreach (string file in Cases.Extra("influx", "line-protocol-corpus", "decode.jsonl"))
        {
            foreach (string line in File.ReadLines(file))
            {
                JsonElement test = JsonDocument.Parse(line).RootElement;
                JsonElement input = test.GetProperty("input"), output = test.GetProperty("output");
                byte[] body = Bytes(input.GetProperty("text"));
                string? ours = Read(body, input);
                string? theirs = output.TryGetProperty("error", out JsonElement error) ? null : Expected(output.GetProperty("result"));
                if (ours != theirs)
                    wrong.Add($"{input.GetProperty("key")} {JsonSerializer.Serialize(Encoding.UTF8.GetString(body))}: {ours ?? "refused"} "
                        + $"≠ {theirs ?? error.GetString()}");
            }
        }
        string.Join("\n", wrong).Should().BeEmpty($"{wrong.Count} inputs differ");
    }

    [Fact]
    public void Everything_that_can_be_written_reads_back()
    {
        foreach (string file in Cases.Extra("influx", "line-protocol-corpus", "encode.jsonl"))
        {
            foreach (string line in File.ReadLines(file))
            {
                JsonElement point = JsonDocument.Parse(line).RootElement.GetProperty("input").GetProperty("point");
                if (!JsonDocument.Parse(line).RootElement.GetProperty("output").TryGetProperty("result", out _))
                    continue;
                var to = new ArrayBufferWriter<byte>();
                bool changed = LineProtocolWriter.WriteKey(to, point.GetProperty("name").GetString()!, isMeasurement: true);
                foreach (JsonElement tag in point.GetProperty("tags").EnumerateArray())
                {
                    LineProtocolWriter.WriteByte(to, (byte)',');
                    changed |= LineProtocolWriter.WriteKey(to, tag.GetProperty("key").GetString()!);
                    LineProtocolWriter.WriteByte(to, (byte)'=');
                    changed |= LineProtocolWriter.WriteKey(to, tag.GetProperty("value").GetString()!);
                }
                to.Write(" v=1 5"u8);
                var read = new LineProtocolPoint();
                var reader = new LineProtocolReader(to.WrittenSpan);
                reader.Read(read, out ParseFault fault).Should()
                    .Be(LineResult.Point, $"{Encoding.UTF8.GetString(to.WrittenSpan)}: {fault}");
                if (changed)
                    continue;
                read.Measurement.Text(to.WrittenSpan, LineProtocolReader.MeasurementEscapes).Should()
                    .Be(point.GetProperty("name").GetString());
                read.Tags.Select(t => Text(to, t.Value)).Should()
                    .Equal(point.GetProperty("tags").EnumerateArray().Select(t => t.GetProperty("value").GetString()));
            }
        }

        static string Text(ArrayBufferWriter<byte> written, Token token) => token.Text(written.WrittenSpan, LineProtocolReader.KeyEscapes);
    }

    private static byte[] Bytes(JsonElement text) => text.ValueKind == JsonValueKind.String
        ? Encoding.UTF8.GetBytes(text.GetString()!)
        : Convert.FromBase64String(text.GetProperty("binary").GetString()!);

    private static byte[] BytesOf(JsonElement text) => Bytes(text);

    private static string? Read(byte[] body, JsonElement input)
    {
        (long unit, Precision precision) = input.GetProperty("precision").GetString() switch
        {
            "1us" or "1µs" => (1_000L, Precision.Microseconds),
            "1ms" => (1_000_000L, Precision.Milliseconds),
            "1s" => (1_000_000_000L, Precision.Seconds),
            _ => (1L, Precision.Nanoseconds),
        };
        long defaultTime = input.GetProperty("defaultTime").GetInt64();
        var reader = new LineProtocolReader(body);
        var point = new LineProtocolPoint();
        var all = new StringBuilder();
        while (true)
        {
            switch (reader.Read(point, out _))
            {
                case LineResult.End:
                    return all.ToString();
                case LineResult.Refused:
                    return null;
            }
            long time = defaultTime - (defaultTime % unit);
            if (point.Timestamp is { } given && !precision.TryToNanoseconds(given, out time))
                return null;
            all.Append(Quote(point.Measurement.Text(body, LineProtocolReader.MeasurementEscapes)));
            foreach (TagToken tag in point.Tags.OrderBy(t => t.Key.Text(body, LineProtocolReader.KeyEscapes), StringComparer.Ordinal))
                all.Append(',').Append(Quote(tag.Key.Text(body, LineProtocolReader.KeyEscapes))).Append('=')
                    .Append(Quote(tag.Value.Text(body, LineProtocolReader.KeyEscapes)));
            foreach (FieldToken field in point.Fields)
            {
                string value = field.Kind == FieldKind.String
                    ? Quote(field.Value.Text(body, LineProtocolReader.StringEscapes))
                    : (field.Number == 0 ? 0 : field.Number).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
                all.Append(' ').Append(Quote(field.Key.Text(body, LineProtocolReader.KeyEscapes))).Append('=').Append(field.Kind)
                    .Append(value);
            }
            all.Append('@').Append(time).Append('\n');
        }
    }

    private static string Expected(JsonElement points)
    {
        var all = new StringBuilder();
        foreach (JsonElement point in points.EnumerateArray())
        {
            all.Append(Quote(Text(point.GetProperty("name"))));
            if (point.TryGetProperty("tags", out JsonElement tags) && tags.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement tag in tags.EnumerateArray().OrderBy(t => Text(t.GetProperty("key")), StringComparer.Ordinal))
                    all.Append(',').Append(Quote(Text(tag.GetProperty("key")))).Append('=').Append(Quote(Text(tag.GetProperty("value"))));
            }
            foreach (JsonElement field in point.GetProperty("fields").EnumerateArray())
            {
                JsonProperty value = field.GetProperty("value").EnumerateObject().Single();
                string text = value.Name switch
                {
                    "string" => nameof(FieldKind.String) + Quote(Text(value.Value)),
                    "bool" => nameof(FieldKind.Boolean) + (value.Value.GetBoolean() ? "1" : "0"),
                    "int" => nameof(FieldKind.Integer) + Number(value.Value),
                    "uint" => nameof(FieldKind.Unsigned) + Number(value.Value),
                    _ => nameof(FieldKind.Float) + Number(value.Value),
                };
                all.Append(' ').Append(Quote(Text(field.GetProperty("key")))).Append('=').Append(text);
            }
            all.Append('@').Append(point.GetProperty("time").GetRawText().Trim('"')).Append('\n');
        }
        return all.ToString();

        static string Text(JsonElement e) => Encoding.UTF8.GetString(BytesOf(e));
        static string Number(JsonElement e) =>
            double.Parse(
                e.GetRawText().Trim('"'), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture)
                .ToString("R", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string Quote(string text) => JsonSerializer.Serialize(text);
}
