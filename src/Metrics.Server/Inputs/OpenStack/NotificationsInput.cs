using Metrics.Formats.EventJson;
using Metrics.Model;
using Metrics.Storage.Events;
using RabbitMQ.Client;

namespace Metrics.Inputs.OpenStack;

/// <summary>
/// Notifications of OpenStack's services. A message is acknowledged when its event is committed, in one commit with its id. Where a commit
/// or the connection fails, so does the input; RabbitMQ delivers again what was not acknowledged, and what was committed of that is known
/// by its id: nothing is lost or twice.
/// </summary>
internal sealed class NotificationsInput(NotificationsOptions options, EventLog events, TimeProvider time) : IInput
{
    /// <inheritdoc />
    public async Task RunAsync(IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        IReadOnlyList<SourcePosition> stored = await events.PositionsAsync(options.Name, stop);
        try
        {
            IConnection connection = await Broker.ConnectAsync(options, stop);
            try
            {
                await RunAsync(connection, stored, sink, stop, abort);
            }
            finally
            {
                await Broker.CloseAsync(connection);
            }
        }
        catch (Exception e) when (Broker.IsFault(e))
        {
            throw new IOException(Broker.Explain(e, options.Broker), e);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            // So the client says that a time-out is over.
            throw new IOException($"RabbitMQ at {options.Broker} does not answer", e);
        }
    }

    private async Task RunAsync(
        IConnection connection, IReadOnlyList<SourcePosition> stored, IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        NotificationQueue queue = await NotificationQueue.OpenAsync(connection, options, stop);
        SeenMessages seen = SeenMessages.Load(stored);
        var bindings = new ExchangeBindings(connection, options, time);
        await BeginAsync(queue, bindings, stored, seen.LastAt, sink, stop);
        await queue.DeclareAsync(stop);
        await bindings.BindAsync(stop);
        await queue.ConsumeAsync(stop);
        sink.Ready($"{bindings}");

        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task following = bindings.FollowAsync(() => sink.Ready($"{bindings}"), end.Token);
        Task reading = ReadAsync(queue, new NotificationBatch(options, seen, sink.Counters, time), sink, end.Token, abort);
        try
        {
            if (await Task.WhenAny(following, reading) == following)
                await following;
            await reading;
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(following, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Stores what the queue is to be, and that it was gone where it was: before it is declared, else nobody would know that once a commit
    /// has failed. Rules see events before they are stored: notifications are taken only where something can be, else rules would see them
    /// with each try.
    /// </summary>
    private async Task BeginAsync(
        NotificationQueue queue, ExchangeBindings bindings, IReadOnlyList<SourcePosition> stored, long? lastAt, IInputSink sink,
        CancellationToken stop)
    {
        QueuePosition position = QueuePosition.Of(options);
        QueuePosition? last = position.Find(stored);
        if (last is not null && !queue.IsNew)
            await bindings.UnbindAsync(last.Bindings.Except(position.Bindings), stop);
        var batch = new EventBatch(options.Name, 1);
        if (last is not null && queue.IsNew)
        {
            long now = time.GetUnixNanoseconds();
            batch.Add(now, now, EventKinds.LogGap, Severity.Warning,
                $"queue {position.Place}, was missing; notifications that were sent "
                + $"{(lastAt is { } at ? $"after {EventTime.Format(at)} and " : "")}before {EventTime.Format(now)} may be lost");
            batch.CountNote();
            batch.Add(new LedgerGap
            {
                Source = options.Name, Path = position.Place, Reason = LedgerReasons.Gone, IsAtLeast = true, FromTime = lastAt ?? 0,
                ToTime = now, FoundAt = now,
            });
        }
        position.AddTo(batch);
        await sink.CommitAsync(batch, stop);
    }

    private static async Task ReadAsync(
        NotificationQueue queue, NotificationBatch batch, IInputSink sink, CancellationToken stop, CancellationToken abort)
    {
        while (true)
        {
            await queue.WaitAsync(stop);
            while (!batch.IsFull && queue.TryTake(out Delivery delivery))
                batch.Add(delivery);
            if (batch.Take() is { } taken)
                await sink.CommitAsync(taken, abort);
            await queue.AcknowledgeAsync(batch.LastTag, abort);
        }
    }
}
