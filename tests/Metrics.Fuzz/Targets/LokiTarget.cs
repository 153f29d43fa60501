using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Metrics.Formats.Loki;
using Metrics.Formats.Shippers;
using Metrics.Inputs;
using Metrics.Inputs.Push;
using Metrics.Model;
using Metrics.Telemetry;

namespace Metrics.Fuzz;

/// <summary>Pushes of logs: what a binary one says is read the same when it is written as JSON, and each line becomes one event.</summary>
internal static class LokiTarget
{
    private const long Now = 1_795_000_000_000_000_000;

    private static readonly JsonWriterOptions s_json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true,
    };

    /// <summary>The binary form; packed by snappy, too, where it is.</summary>
    public static void Try(ReadOnlyMemory<byte> input)
    {
        TryBinary(input.Span);
        using var body = new PushBody(new MemoryShare("fuzz", 64 << 20), TimeProvider.System);
        using var packed = new MemoryStream(input.ToArray());
        var request = new PushRequest(IPAddress.Loopback, packed, "", "fuzz", null) { IsSnappy = true };
        if (body.ReadAsync(request, 1 << 20, new InputCounters(), CancellationToken.None).GetAwaiter().GetResult() is null)
            TryBinary(body.Bytes.Span);
    }

    /// <summary>JSON.</summary>
    public static void TryJson(ReadOnlyMemory<byte> input) => Read(new LokiJson(input.Span), out _);

    private static void TryBinary(ReadOnlySpan<byte> body)
    {
        List<Push> pushes = Read(new LokiProtobuf(body), out bool isWhole);
        if (!isWhole || pushes.SelectMany(p => p.Labels.Concat(p.Metadata)).Any(f => f.Name.AsSpan().ContainsAny('"', '\\')
            || f.Name.AsSpan().ContainsAnyInRange('\0', '\x1f') || f.Name.Any(char.IsControl)))
        {
            return;
        }
        List<Push> again = Read(new LokiJson(Write(pushes)), out isWhole);
        if (!isWhole)
            throw new FuzzException("what was read of a binary push is none as JSON");
        FuzzException.IfNotEqual(Said(pushes), Said(again), "a push is another when it comes as JSON");
    }

    private static List<Push> Read<T>(T reader, out bool isWhole)
        where T : ILokiReader, allows ref struct
    {
        List<EventField> labels = [], metadata = [];
        List<Push> read = [];
        using var batch = new EventBatch("fuzz");
        var line = new ShippedLine(TimeZoneInfo.Utc, isOfLabels: true);
        while (reader.ReadStream(labels))
        {
            while (reader.ReadEntry(metadata))
            {
                if ((reader.StreamFault ?? reader.EntryFault) is not null)
                    continue;
                read.Add(new Push([.. labels], [.. metadata], reader.Time, Encoding.UTF8.GetString(reader.Line)));
                line.Clear();
                foreach (EventField field in labels.Concat(metadata))
                    line.Add(field.Name, field.Value);
                line.AddTo(batch, Now, reader.Time, reader.Line);
                if (batch.Count != read.Count)
                    throw new FuzzException("a line is not one event");
            }
        }
        FuzzException.IfFaults(batch);
        isWhole = reader.Fault is null;
        return read;
    }

    private static byte[] Write(List<Push> pushes)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, s_json))
        {
            json.WriteStartObject();
            json.WriteStartArray("streams");
            foreach (Push push in pushes)
            {
                json.WriteStartObject();
                json.WriteStartArray("values");
                json.WriteStartArray();
                json.WriteStringValue($"{push.Time}");
                json.WriteStringValue(push.Line);
                WriteFields(json, push.Metadata);
                json.WriteEndArray();
                json.WriteEndArray();
                json.WritePropertyName("stream");
                WriteFields(json, push.Labels);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static void WriteFields(Utf8JsonWriter json, EventField[] fields)
    {
        json.WriteStartObject();
        foreach (EventField field in fields)
            json.WriteString(field.Name, field.Value);
        json.WriteEndObject();
    }

    private static string Said(List<Push> pushes) =>
        string.Join('\n', pushes.Select(p => $"{p.Time} {p.Line} {string.Join(' ', p.Labels.Append(default).Concat(p.Metadata))}"));

    private sealed record Push(EventField[] Labels, EventField[] Metadata, long Time, string Line);
}
