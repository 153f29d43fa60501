using System.Text.Json;
using Metrics.Formats.EventJson;
using Metrics.Formats.Shippers;

namespace Metrics.Inputs.Push;

/// <summary>Takes events, and lines of logs, as JSON: one object a line, or an array of them.</summary>
internal sealed class EventInput(EventPush push, TimeProvider time)
{
    private static readonly JsonReaderOptions s_array = new() { AllowTrailingCommas = false };

    /// <inheritdoc cref="EventPush.ReceiveAsync"/>
    public Task<EventPush.Answer> ReceiveAsync(PushRequest request, CancellationToken ct) => push.ReceiveAsync(request, Read, ct);

    private void Read(ReadOnlySpan<byte> body, PushedEvents events)
    {
        var line = new ShippedLine(TimeZoneInfo.Local, isOfLabels: false);
        if (body.TrimStart(" \t\r\n"u8) is [(byte)'[', ..])
            ReadArray(body, events, line);
        else
            ReadLines(body, events, line);
    }

    /// <summary>Empty lines are passed over.</summary>
    private void ReadLines(ReadOnlySpan<byte> body, PushedEvents events, ShippedLine shipped)
    {
        long now = time.GetUnixNanoseconds();
        int number = 0;
        foreach (Range range in body.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = body[range].TrimEnd((byte)'\r');
            if (!line.IsEmpty && !TryAdd(line, now, "line", number, events, shipped))
                return;
        }
    }

    /// <summary>Of a broken array nothing is taken: where one object ends and the next begins is not known then.</summary>
    private void ReadArray(ReadOnlySpan<byte> body, PushedEvents events, ShippedLine shipped)
    {
        long now = time.GetUnixNanoseconds();
        var reader = new Utf8JsonReader(body, s_array);
        try
        {
            reader.Read();
            for (int number = 1; reader.Read() && reader.TokenType != JsonTokenType.EndArray; number++)
            {
                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (!TryAdd(body[start..(int)reader.BytesConsumed], now, "object", number, events, shipped))
                    return;
            }
            // What stands behind the array is looked at too.
            reader.Read();
        }
        catch (JsonException e)
        {
            events.Refuse("the array is no JSON: " + e.Message.Split(" LineNumber", 2)[0]);
        }
    }

    /// <returns>Whether to go on.</returns>
    private static bool TryAdd(
        ReadOnlySpan<byte> json, long now, string what, int number, PushedEvents events, ShippedLine shipped)
    {
        if (!events.HasRoom())
            return false;
        if (EventJsonReader.TryRead(json, now, events.Batch, shipped, out string? fault))
            fault = events.Bind();
        if (fault is not null)
            events.Refused.Add($"{what} {number} {fault}");
        return true;
    }
}
