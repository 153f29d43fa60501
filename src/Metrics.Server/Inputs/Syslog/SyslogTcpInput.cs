using Metrics.Formats.Syslog;
using Metrics.Inputs.Streams;
using Metrics.Model;

namespace Metrics.Inputs.Syslog;

/// <summary>
/// Syslog over TCP (RFC 6587) and TLS (RFC 5425): a batch for each read of a connection, and no read while the intake is full.
/// </summary>
internal sealed class SyslogTcpInput(SyslogOptions options, TimeProvider time) : IInput
{
    /// <inheritdoc />
    public Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        StreamServer server = options.CreateServer(sink.Counters, time);
        return server.RunAsync(peer => ServeAsync(peer, sink, abort), () => sink.Ready($"{server.LocalEndPoint}"), stop, abort);
    }

    private async Task ServeAsync(StreamPeer peer, IInputSink sink, CancellationToken abort)
    {
        var frames = new SyslogFrameReader(options.Framing, options.MaxMessageBytes);
        var messages = new SyslogBatch($"{options.Name}/{peer.Address}", options.TimeZone, sink.Counters, time);
        using var buffer = new StreamBuffer(frames.MaxBuffered);
        while (await peer.FillAsync(buffer))
        {
            FrameResult result = Take(frames, buffer, messages, peer);
            if (messages.Take() is { } batch)
                await sink.WriteAsync(batch, abort);
            if (result != FrameResult.Invalid)
                continue;
            sink.Counters.Add(InputError.Framing);
            return;
        }
        await FinishAsync(frames, buffer, messages, peer, sink, abort);
    }

    private static FrameResult Take(SyslogFrameReader frames, StreamBuffer buffer, SyslogBatch messages, StreamPeer peer)
    {
        messages.Begin();
        ReadOnlySpan<byte> rest = buffer.Unread;
        FrameResult result;
        while ((result = frames.Read(ref rest, out ReadOnlySpan<byte> frame)) == FrameResult.Frame)
            messages.Add(frame, peer.Address, frames.WasCut);
        buffer.KeepLast(rest.Length);
        peer.NoteHalf(!rest.IsEmpty, messages.Count > 0);
        return result;
    }

    /// <summary>The last line of a stream often lacks its end; a message whose count promised more is only half.</summary>
    private static async Task FinishAsync(
        SyslogFrameReader frames, StreamBuffer buffer, SyslogBatch messages, StreamPeer peer, IInputSink sink, CancellationToken abort)
    {
        if (frames.Finish(buffer.Unread, out ReadOnlySpan<byte> last))
            sink.Counters.Add(InputDrop.Incomplete);
        else if (!last.IsEmpty)
            messages.Add(last, peer.Address, wasCut: false);
        if (messages.Take() is { } batch)
            await sink.WriteAsync(batch, abort);
    }
}
