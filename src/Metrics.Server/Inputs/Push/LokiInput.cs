using Metrics.Formats.Loki;
using Metrics.Formats.Shippers;
using Metrics.Model;

namespace Metrics.Inputs.Push;

/// <summary>Takes lines of logs as Loki does: streams with labels, as JSON or in the binary form.</summary>
internal sealed class LokiInput(EventPush push, TimeProvider time)
{
    /// <inheritdoc cref="EventPush.ReceiveAsync"/>
    /// <param name="request">The request.</param>
    /// <param name="isJson">Whether it is JSON; else it is in the binary form, and packed by snappy.</param>
    /// <param name="ct">Ends it.</param>
    public Task<EventPush.Answer> ReceiveAsync(PushRequest request, bool isJson, CancellationToken ct)
    {
        request = request with { IsOnce = true, IsSnappy = !isJson };
        return isJson
            ? push.ReceiveAsync(request, (body, events) => Read(new LokiJson(body), events), ct)
            : push.ReceiveAsync(request, (body, events) => Read(new LokiProtobuf(body), events), ct);
    }

    private void Read<T>(T reader, PushedEvents events)
        where T : ILokiReader, allows ref struct
    {
        long now = time.GetUnixNanoseconds();
        var line = new ShippedLine(TimeZoneInfo.Local, isOfLabels: true);
        List<EventField> labels = [], metadata = [];
        for (int stream = 1; reader.ReadStream(labels); stream++)
        {
            bool isFilled = false;
            for (int entry = 1; reader.ReadEntry(metadata); entry++)
            {
                if (!events.HasRoom())
                    return;
                string? fault = reader.StreamFault ?? reader.EntryFault;
                if (fault is null && !EventBounds.IsSane(reader.Time, now))
                    fault = EventBounds.BadTime;
                if (fault is null)
                {
                    if (!isFilled || metadata.Count > 0)
                        Fill(line, labels, metadata);
                    isFilled = metadata.Count == 0;
                    line.AddTo(events.Batch, now, reader.Time, reader.Line);
                    fault = events.Bind();
                }
                if (fault is not null)
                    events.Refused.Add($"stream {stream} entry {entry} {fault}");
            }
        }
        if (reader.Fault is { } broken)
            events.Refuse(broken);
    }

    private static void Fill(ShippedLine line, List<EventField> labels, List<EventField> metadata)
    {
        line.Clear();
        foreach (EventField label in labels)
            line.Add(label.Name, label.Value);
        foreach (EventField one in metadata)
            line.Add(one.Name, one.Value);
    }
}
