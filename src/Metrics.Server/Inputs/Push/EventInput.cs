using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Storage;

namespace Metrics.Inputs.Push;

/// <summary>
/// Takes events as JSON, one object a line. A body is answered 204 when the event log has committed it; bad lines are refused one by one
/// and named, the good ones of the same body are kept.
/// </summary>
internal sealed class EventInput(PushLane lane, PushMetrics metrics, TimeProvider time)
{
    private const int MaxBodyBytes = 32 << 20;
    private const int MaxNamedFaults = 3;
    private const int NanosecondsAMillisecond = 1_000_000;

    /// <summary>What is answered.</summary>
    /// <param name="Status">HTTP's status.</param>
    /// <param name="Accepted">Events that are committed.</param>
    /// <param name="Refused">Lines that are not.</param>
    /// <param name="Error">Why; null when all is well.</param>
    internal readonly record struct Answer(int Status, int Accepted, int Refused, string? Error);

    /// <summary>Reads a request to its end and commits what it holds.</summary>
    /// <param name="from">Its sender's address.</param>
    /// <param name="body">The body as it comes.</param>
    /// <param name="gzip">Whether it is packed.</param>
    /// <param name="source">Who sends.</param>
    /// <param name="binding">Of whom alone the sender may send; null is of anybody.</param>
    /// <param name="ct">Ends the reading.</param>
    public async Task<Answer> ReceiveAsync(
        IPAddress? from, Stream body, bool gzip, string source, SenderBinding? binding, CancellationToken ct)
    {
        if (lane.Enter(from, out int status, out string? error) is not { } sink)
            return new Answer(status, 0, 0, error);
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        await using Stream plain = gzip ? new GZipStream(body, CompressionMode.Decompress) : body;
        try
        {
            while (await plain.ReadAsync(buffer.GetMemory(16 * 1024), ct) is > 0 and var read)
            {
                buffer.Advance(read);
                sink.Counters.AddBytes(read);
                if (buffer.WrittenCount > MaxBodyBytes)
                    return new Answer(413, 0, 0, $"the body is larger than {MaxBodyBytes >> 20} MiB");
            }
        }
        catch (InvalidDataException e)
        {
            return new Answer(400, 0, 0, $"the body is not gzip: {e.Message}");
        }
        var batch = new EventBatch(source);
        (int refused, string? fault) = Read(buffer.WrittenSpan, batch, binding);
        metrics.RefusedLines.Inc(refused);
        sink.Counters.Add(InputError.Malformed, refused);
        metrics.Events.Inc(batch.Count);
        return await CommitAsync(sink, batch, refused, fault, ct);
    }

    /// <summary>Reads every line into the batch; empty ones are passed over.</summary>
    /// <returns>How many lines were refused, and the first few reasons.</returns>
    internal (int Refused, string? Fault) Read(ReadOnlySpan<byte> body, EventBatch batch, SenderBinding? binding = null)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds() * NanosecondsAMillisecond;
        int refused = 0, number = 0;
        var faults = new List<string>();
        foreach (Range range in body.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = body[range].TrimEnd((byte)'\r');
            if (line.IsEmpty)
                continue;
            if (EventJsonReader.TryRead(line, now, batch, out string? fault))
            {
                fault = binding?.BindNewest(batch);
                if (fault is null)
                    continue;
                metrics.SenderRefused.WithLabels("events").Inc();
            }
            refused++;
            if (faults.Count < MaxNamedFaults)
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"line {number} {fault}"));
        }
        return (refused, faults.Count == 0 ? null : string.Join("; ", faults));
    }

    private static async Task<Answer> CommitAsync(
        IInputSink sink, EventBatch batch, int refused, string? fault, CancellationToken ct)
    {
        int events = batch.Count;
        if (events == 0)
        {
            batch.Dispose();
            return refused == 0 ? new Answer(204, 0, 0, null) : new Answer(400, 0, refused, fault);
        }
        try
        {
            await sink.CommitAsync(batch, ct);
        }
        catch (StoreFullException e)
        {
            return new Answer(429, 0, events + refused, e.Message);
        }
        catch (StoreException e)
        {
            return new Answer(503, 0, events + refused, e.Message);
        }
        return refused == 0 ? new Answer(204, events, 0, null) : new Answer(400, events, refused, fault);
    }
}
