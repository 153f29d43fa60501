using System.Text;
using System.Text.Json;
using Metrics.Formats.EventJson;
using Metrics.Formats.Shippers;
using Metrics.Model;

namespace Metrics.Fuzz;

/// <summary>A pushed event: what is written of one that was taken is taken again, as the same.</summary>
internal static class EventsTarget
{
    private const long Now = 1_795_000_000_000_000_000;

    public static void Try(ReadOnlyMemory<byte> input)
    {
        var line = new ShippedLine(TimeZoneInfo.Utc, isOfLabels: false);
        using var batch = new EventBatch("fuzz");
        if (!EventJsonReader.TryRead(input.Span, Now, batch, line, out string? fault))
        {
            if (batch.Count != 0 || fault is null)
                throw new FuzzException("an event is refused without a word, or kept all the same");
            return;
        }
        FuzzException.IfFaults(batch);
        string written = Write(batch);
        using var again = new EventBatch("fuzz");
        if (!EventJsonReader.TryRead(Encoding.UTF8.GetBytes(written), Now, again, line, out fault))
            throw new FuzzException($"what was written is refused: it {fault}: {written}");
        FuzzException.IfNotEqual(written, Write(again), "an event is another when it is written and read");
    }

    private static string Write(EventBatch batch)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            EventJsonWriter.Write(json, batch, 0);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
