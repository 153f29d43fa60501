using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Telemetry;

namespace Metrics.Inputs.Push;

/// <summary>
/// Takes events as JSON, one object a line. A body is answered 204 when the event log has committed it; bad lines are refused one by one
/// and named, the good ones of the same body are kept.
/// </summary>
internal sealed class EventInput(PushLane lane, PushMetrics metrics, MemoryBudget memory, TimeProvider time)
{
    private const int MaxBodyBytes = 32 << 20;
    private const int BytesHeldAtOnce = 256 << 10;
    private const int NanosecondsAMillisecond = 1_000_000;

    /// <summary>What is answered.</summary>
    /// <param name="Status">HTTP's status.</param>
    /// <param name="Accepted">Events that are committed.</param>
    /// <param name="Refused">Lines that are not.</param>
    /// <param name="Error">Why; null when all is well.</param>
    internal readonly record struct Answer(int Status, int Accepted, int Refused, string? Error);

    /// <summary>Reads a request to its end and commits what it holds.</summary>
    public async Task<Answer> ReceiveAsync(PushRequest request, CancellationToken ct)
    {
        if (lane.Enter(request.From, out PushRefusal refusal) is not { } sink)
            return new Answer(refusal.Status, 0, 0, refusal.Error);
        using var body = new PushBody(memory.Bodies, time);
        if (await body.ReadAsync(request, MaxBodyBytes, sink.Counters, ct) is { } fault)
            return new Answer(fault.Status, 0, 0, fault.Error);
        var batch = new EventBatch(request.Source) { IsPushed = true };
        RefusedLines refused = Read(body.Bytes.Span, batch, request.Binding, body);
        if (refused.IsOutOfMemory)
        {
            batch.Dispose();
            return new Answer(PushBody.NoMemory.Status, 0, 0, PushBody.NoMemory.Error);
        }
        metrics.RefusedLines.Inc(refused.Count);
        sink.Counters.Add(InputError.Malformed, refused.Count);
        metrics.Events.Inc(batch.Count);
        return await CommitAsync(sink, batch, refused, ct);
    }

    /// <summary>Reads every line into the batch; empty ones are passed over.</summary>
    /// <returns>The lines that were refused.</returns>
    internal RefusedLines Read(ReadOnlySpan<byte> body, EventBatch batch, SenderBinding? binding = null, PushBody? holds = null)
    {
        long held = 0;
        long now = time.GetUtcNow().ToUnixTimeMilliseconds() * NanosecondsAMillisecond;
        int number = 0;
        var refused = new RefusedLines();
        foreach (Range range in body.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = body[range].TrimEnd((byte)'\r');
            if (line.IsEmpty)
                continue;
            if (batch.Bytes - held > BytesHeldAtOnce)
            {
                if (holds?.TryHold(batch.Bytes - held) == false)
                {
                    refused.IsOutOfMemory = true;
                    return refused;
                }
                held = batch.Bytes;
            }
            if (EventJsonReader.TryRead(line, now, batch, out string? fault) && (fault = binding?.BindNewest(batch)) is not null)
                metrics.SenderRefused.WithLabels("events").Inc();
            if (fault is not null)
                refused.Add($"line {number} {fault}");
        }
        return refused;
    }

    private static async Task<Answer> CommitAsync(IInputSink sink, EventBatch batch, RefusedLines refused, CancellationToken ct)
    {
        int events = batch.Count;
        if (events == 0)
        {
            batch.Dispose();
        }
        else
        {
            try
            {
                await sink.CommitAsync(batch, ct);
            }
            catch (StoreException e)
            {
                var refusal = PushRefusal.Of(e);
                return new Answer(refusal.Status, 0, events + refused.Count, refusal.Error);
            }
        }
        return new Answer(refused.Count == 0 ? 204 : 400, events, refused.Count, refused.Faults);
    }
}
