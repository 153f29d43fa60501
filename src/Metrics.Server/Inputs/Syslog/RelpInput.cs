using System.Buffers;
using System.Threading.Channels;
using Metrics.Formats.Syslog;
using Metrics.Inputs.Streams;
using Metrics.Model;
using Metrics.Storage;

namespace Metrics.Inputs.Syslog;

/// <summary>
/// Syslog over RELP, in the clear or over TLS. A message is acknowledged only after its batch is on disk, so that its sender keeps it until
/// then: nothing is lost by a crash of either side, and what was not acknowledged comes again.
/// </summary>
internal sealed class RelpInput(SyslogOptions options, TimeProvider time) : IInput
{
    /// <summary>
    /// Batches of one connection on their way from the intake's queue to the disk; more are not read, nor is anything while that queue is
    /// full. Senders keep 128 messages unacknowledged by default.
    /// </summary>
    private const int MaxPending = 64;

    /// <inheritdoc />
    public Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        StreamServer server = options.CreateServer(sink.Counters, time);
        return server.RunAsync(peer => ServeAsync(peer, sink, abort), () => sink.Ready($"{server.LocalEndPoint}"), stop, abort);
    }

    /// <summary>Answers that wait for a batch to be on disk; null waits for nothing.</summary>
    private readonly record struct Reply(Task? Committed, ReadOnlyMemory<byte> Answers);

    private async Task ServeAsync(StreamPeer peer, IInputSink sink, CancellationToken abort)
    {
        var replies = Channel.CreateBounded<Reply>(new BoundedChannelOptions(MaxPending) { SingleReader = true, SingleWriter = true });
        Task answering = AnswerAsync(replies.Reader, peer, abort);
        try
        {
            await ReadAsync(peer, sink, replies.Writer, answering, abort);
        }
        finally
        {
            replies.Writer.TryComplete();
            // What was committed is acknowledged even where the reading broke off.
            await answering;
        }
        await peer.Stream.WriteAsync("0 serverclose 0\n"u8.ToArray(), abort);
    }

    private async Task ReadAsync(StreamPeer peer, IInputSink sink, ChannelWriter<Reply> replies, Task answering, CancellationToken abort)
    {
        var session = new RelpSession(options.MaxMessageBytes);
        var messages = new SyslogBatch($"{options.Name}/{peer.Address}", options.TimeZone, sink.Counters, time);
        // What follows a message that is not stored will be sent again with it.
        var order = new CommitOrder();
        using var buffer = new StreamBuffer(session.MaxBuffered);
        while (!session.IsClosed && !answering.IsCompleted && await peer.FillAsync(buffer))
        {
            var answers = new ArrayBufferWriter<byte>(256);
            messages.Begin();
            int left = session.Take(buffer.Unread, messages, peer.Address, answers);
            buffer.KeepLast(left);
            peer.NoteHalf(left > 0, answers.WrittenCount > 0);
            Task? committed = messages.Take() is { } batch ? await sink.SubmitAsync(batch, order, abort) : null;
            if (answers.WrittenCount > 0)
                await replies.WriteAsync(new Reply(committed, answers.WrittenMemory), abort);
            if (!session.IsOutOfStep)
                continue;
            sink.Counters.Add(InputError.Framing);
            return;
        }
    }

    /// <summary>
    /// Sends answers in the order of their commands. One that could not be committed ends it: the sender shall send again.
    /// </summary>
    private static async Task AnswerAsync(ChannelReader<Reply> replies, StreamPeer peer, CancellationToken abort)
    {
        try
        {
            await foreach (Reply reply in replies.ReadAllAsync(abort))
            {
                if (reply.Committed is { } committed)
                    await committed;
                await peer.Stream.WriteAsync(reply.Answers, abort);
            }
        }
        catch
        {
            peer.Abort();
            throw;
        }
    }
}
