using System.Globalization;
using Metrics.Formats.Forward;
using Metrics.Inputs.Push;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Events;
using Metrics.Storage.Forwarding;
using Metrics.Telemetry;

namespace Metrics.Inputs.Forward;

/// <summary>
/// Takes the events of nodes. How far a node's log is here is stored in the commit of its events, and what is known already is passed over:
/// so each event is stored once, whatever was answered or lost on the way.
/// </summary>
internal sealed class ForwardInput(
    PushLane lane, ForwardNodes nodes, PushMetrics pushes, ForwardNodeMetrics metrics, MemoryBudget memory, TimeProvider time,
    ForwardLink? link = null)
{
    private const int MaxBodyBytes = 32 << 20;

    private readonly Counter _senderRefused = pushes.SenderRefused.WithLabels("events");

    /// <summary>What is answered.</summary>
    /// <param name="Status">HTTP's status.</param>
    /// <param name="Taken">How far the node's events are here; null where nothing was taken.</param>
    /// <param name="Error">Why not.</param>
    internal readonly record struct Answer(int Status, ForwardAnswer? Taken, string? Error)
    {
        public static Answer Of(PushRefusal refusal) => new(refusal.Status, null, refusal.Error);
    }

    /// <summary>Reads a request to its end and commits what it holds.</summary>
    public async Task<Answer> ReceiveAsync(PushRequest request, CancellationToken ct)
    {
        if (lane.Enter(request.From, out PushRefusal refusal) is not { } sink)
            return Answer.Of(refusal);
        using var body = new PushBody(memory.Bodies, time);
        if (await body.ReadAsync(request, MaxBodyBytes, sink.Counters, ct) is { } unread)
            return Answer.Of(unread);
        if (!TryReadHeader(body.Bytes.Span, out ForwardHeader header, out int start, out string? fault))
            return new Answer(StatusCodes.Status400BadRequest, null, $"line 1 {fault}");
        if (ForbiddenTo(request.Binding, header.Node) is { } forbidden)
            return new Answer(StatusCodes.Status403Forbidden, null, forbidden);
        try
        {
            (ForwardNode? node, refusal) = await nodes.EnterAsync(header, request.From, ct);
            if (node is null)
                return Answer.Of(refusal);
            await node.Turn.WaitAsync(ct);
            try
            {
                return await TakeAsync(sink, request, body, header, node, start);
            }
            finally
            {
                node.Turn.Release();
            }
        }
        catch (StoreException e)
        {
            return Answer.Of(PushRefusal.Of(e));
        }
    }

    /// <summary>Why somebody may not send as a node; null where it may.</summary>
    private static string? ForbiddenTo(SenderBinding? binding, string node) => binding switch
    {
        { Label: not SenderBinding.HostLabel } =>
            $"this token is bound to a {binding.Label}, and a node has events of many; take one that is bound to hosts, or to nobody",
        _ when binding?.Judge(name => name == SenderBinding.HostLabel ? node : "", out _) is not null =>
            $"this token may not send of the node '{node}'",
        _ => null,
    };

    private static bool TryReadHeader(ReadOnlySpan<byte> body, out ForwardHeader header, out int end, out string? fault)
    {
        int length = body.IndexOf((byte)'\n');
        end = length < 0 ? body.Length : length + 1;
        return ForwardHeader.TryRead(length < 0 ? body : body[..length], out header, out fault);
    }

    private async Task<Answer> TakeAsync(
        IInputSink sink, PushRequest request, PushBody body, ForwardHeader header, ForwardNode node, int start)
    {
        var batch = new EventBatch($"forward/{header.Node}") { IsForwarded = true };
        long? known = node.PlaceIn(header.Log);
        long place = NoteLost(batch, header, node, known);
        var events = new PushedEvents(batch, request.Binding, body, _senderRefused);
        int noted = batch.Count;
        place = ReadRows(body.Bytes.Span[start..], header, events, place);
        if (events.Refusal is { } nothing)
        {
            batch.Dispose();
            return Answer.Of(nothing);
        }
        int count = batch.Count - noted;
        if (place == known)
        {
            batch.Dispose();
            return new Answer(StatusCodes.Status200OK, NewAnswer(place, 0), null);
        }
        batch.Add(ForwardPlaces.Of(header.Node, header.Log, place));
        batch.Add(ForwardPlaces.SeenOf(header.Node, node.SeenAt));
        if (node.ForgottenFor(header.Log) is { } forgotten)
            batch.Add(ForwardPlaces.Of(header.Node, forgotten, null));
        try
        {
            // To its end, also where the node does not wait for it.
            await sink.CommitAsync(batch, CancellationToken.None);
        }
        catch (StoreException)
        {
            // Whether all of it failed is not certain.
            await nodes.ReadAgainAsync(node, CancellationToken.None);
            throw;
        }
        node.Set(header.Log, place);
        pushes.Events.Inc(count);
        metrics.Events.WithLabels(header.Node).Inc(count);
        return new Answer(StatusCodes.Status200OK, NewAnswer(place, events.Refused.Count), null);
    }

    private ForwardAnswer NewAnswer(long place, int refused) => new(place, refused) { Chain = link?.Chain };

    /// <summary>Reads the rows that are new; of a body in which one is bad nothing is taken.</summary>
    /// <returns>The newest of them, or the place before.</returns>
    private long ReadRows(ReadOnlySpan<byte> lines, ForwardHeader header, PushedEvents events, long place)
    {
        var rows = new ForwardRows();
        long now = time.GetUnixNanoseconds(), before = 0;
        int number = 1;
        foreach (Range range in lines.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = lines[range];
            if (line.IsEmpty)
                continue;
            if (!events.HasRoom())
                return place;
            string? fault = rows.Read(line, place, now, events.Batch, out long id);
            if (fault is null && id <= before)
                fault = "has an id that is not greater than that of the line before";
            if (fault is not null)
            {
                events.Refuse(string.Create(CultureInfo.InvariantCulture, $"line {number} {fault}"));
                return place;
            }
            before = id;
            if (id <= place)
                continue;
            place = id;
            events.Batch.AddField(EventFields.Host, header.Node);
            if (events.Bind() is { } unbound)
                events.Refused.Add(unbound);
        }
        return place;
    }

    /// <summary>Says what a node had stored and will never send.</summary>
    /// <returns>The place behind that.</returns>
    private long NoteLost(EventBatch batch, ForwardHeader header, ForwardNode node, long? known)
    {
        long place = known ?? 0;
        if (known is null && node.PlaceBefore(header.Log) is > 0 and var before)
        {
            AddGap(batch, header.Node, $"{header.Node} has begun a new event log; of the one before, what came after {EventIds.Show(before)} "
                + "and was not sent is lost");
        }
        if (header.LostTo <= place)
            return place;
        string sent = place > 0 ? $"has sent its events up to {EventIds.Show(place)}" : "has sent none of its events";
        AddGap(batch, header.Node, $"{header.Node} {sent}; of those up to {EventIds.Show(header.LostTo)} some were no longer there, for their "
            + "age or size, when they could be sent, or could not be taken here");
        return header.LostTo;
    }

    private void AddGap(EventBatch batch, string node, string text)
    {
        long now = time.GetUnixNanoseconds();
        batch.Add(now, now, EventKinds.LogGap, Severity.Warning, text);
        batch.AddField(EventFields.Host, node);
        batch.AddField(EventFields.LogFilePath, "events.duckdb");
    }
}
