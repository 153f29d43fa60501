using Metrics.Model;
using Metrics.Storage;
using Metrics.Telemetry;

namespace Metrics.Inputs.Push;

/// <summary>Reads a body of events to its end.</summary>
/// <param name="body">The body, unpacked.</param>
/// <param name="events">Gets the events, and what is wrong with others.</param>
internal delegate void EventPushReader(ReadOnlySpan<byte> body, PushedEvents events);

/// <summary>
/// Takes pushes of events, in whatever form. A body is answered 204 when the event log has committed it; bad lines are refused one by one
/// and named, the good ones of the same body are kept.
/// </summary>
internal sealed class EventPush(PushLane lane, PushMetrics metrics, MemoryBudget memory, TimeProvider time)
{
    private const int MaxBodyBytes = 32 << 20;

    private readonly Counter _senderRefused = metrics.SenderRefused.WithLabels("events");

    /// <summary>What is answered.</summary>
    /// <param name="Status">HTTP's status.</param>
    /// <param name="Accepted">Events that are committed.</param>
    /// <param name="Refused">Lines that are not.</param>
    /// <param name="Error">Why; null when all is well.</param>
    internal readonly record struct Answer(int Status, int Accepted, int Refused, string? Error);

    /// <summary>Reads a request to its end and commits what it holds.</summary>
    /// <param name="request">The request.</param>
    /// <param name="read">Knows its form.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<Answer> ReceiveAsync(PushRequest request, EventPushReader read, CancellationToken ct)
    {
        if (lane.Enter(request.From, out PushRefusal refusal) is not { } sink)
            return new Answer(refusal.Status, 0, 0, refusal.Error);
        using var body = new PushBody(memory.Bodies, time);
        if (await body.ReadAsync(request, MaxBodyBytes, sink.Counters, ct) is { } fault)
            return new Answer(fault.Status, 0, 0, fault.Error);
        var batch = new EventBatch(request.Source) { IsPushed = true };
        var events = new PushedEvents(batch, request.Binding, body, _senderRefused);
        read(body.Bytes.Span, events);
        if (events.Refusal is { } nothing)
        {
            batch.Dispose();
            return new Answer(nothing.Status, 0, 0, nothing.Error);
        }
        metrics.RefusedLines.Inc(events.Refused.Count);
        sink.Counters.Add(InputError.Malformed, events.Refused.Count);
        string? digest = request.IsOnce ? RecentPushes.DigestOf(request.Source, body.Bytes.Span) : null;
        return await CommitAsync(sink, batch, digest, events.Refused, ct);
    }

    private async Task<Answer> CommitAsync(
        IInputSink sink, EventBatch batch, string? digest, RefusedLines refused, CancellationToken ct)
    {
        int events = batch.Count;
        try
        {
            if (events == 0)
                batch.Dispose();
            else if (digest is not null && lane.Recent is { } recent)
                await CommitOnceAsync(sink, batch, digest, recent);
            else
                await CommitAsync(sink, batch, ct);
        }
        catch (StoreException e)
        {
            var refusal = PushRefusal.Of(e);
            return new Answer(refusal.Status, 0, events + refused.Count, refusal.Error);
        }
        return new Answer(refused.Count == 0 ? 204 : 400, events, refused.Count, refused.Faults);
    }

    private async Task CommitOnceAsync(IInputSink sink, EventBatch batch, string digest, RecentPushes recent)
    {
        // To its end, also where the sender does not wait for it: it will send the same again.
        Task committed = recent.CommitOnce(digest, batch, b => CommitAsync(sink, b, CancellationToken.None), out bool isRepeated);
        if (isRepeated)
            metrics.Repeated.Inc();
        await committed;
    }

    private Task CommitAsync(IInputSink sink, EventBatch batch, CancellationToken ct)
    {
        metrics.Events.Inc(batch.Count);
        return sink.CommitAsync(batch, ct);
    }
}
