using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Metrics.Inputs.OpenStack;

/// <summary>A message as RabbitMQ has delivered it.</summary>
/// <param name="Tag">Numbers it within its channel.</param>
/// <param name="IsRepeated">Whether it may have been delivered before.</param>
/// <param name="Exchange">Where it was sent.</param>
/// <param name="Body">What it says.</param>
internal readonly record struct Delivery(ulong Tag, bool IsRepeated, string Exchange, byte[] Body);

/// <summary>The queue of an input, and what it delivers; nobody else's gets less for it. Ends with its connection.</summary>
internal sealed class NotificationQueue : AsyncDefaultBasicConsumer
{
    /// <summary>Messages that RabbitMQ delivers before they are acknowledged: as many wait here at most.</summary>
    public const ushort Prefetch = 1000;

    /// <summary>
    /// While nobody reads, it may get so large and so old. At its bound the oldest go: a queue that refused what is new would have the
    /// services themselves wait (their publisher confirms would fail).
    /// </summary>
    private static readonly Dictionary<string, object?> s_bounds = new()
    {
        ["x-max-length-bytes"] = 1L << 30,
        ["x-overflow"] = "drop-head",
        ["x-expires"] = (long)TimeSpan.FromDays(7).TotalMilliseconds,
    };

    private readonly NotificationsOptions _options;

    /// <summary>Bounded by <see cref="Prefetch"/>.</summary>
    private readonly Channel<Delivery> _deliveries = System.Threading.Channels.Channel.CreateUnbounded<Delivery>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private NotificationQueue(IChannel channel, NotificationsOptions options, bool isNew) : base(channel) =>
        (_options, IsNew) = (options, isNew);

    /// <summary>Whether it is not there, or was not until it was declared.</summary>
    public bool IsNew { get; }

    /// <summary>Opens it, and looks whether it is there.</summary>
    /// <exception cref="RabbitMQClientException">The connection is lost, or we may not.</exception>
    public static async Task<NotificationQueue> OpenAsync(IConnection connection, NotificationsOptions options, CancellationToken ct)
    {
        bool isNew = !await ExistsAsync(connection, options.Queue, ct);
        return new NotificationQueue(await connection.CreateChannelAsync(cancellationToken: ct), options, isNew);
    }

    /// <summary>Declares it where it is missing. One that somebody has declared otherwise is taken as it is.</summary>
    /// <exception cref="RabbitMQClientException">The connection is lost, or we may not.</exception>
    public async Task DeclareAsync(CancellationToken ct)
    {
        if (!IsNew)
            return;
        await Channel.QueueDeclareAsync(
            _options.Queue, durable: true, exclusive: false, autoDelete: false, s_bounds, cancellationToken: ct);
    }

    /// <summary>Has it delivered to us alone: of two readers each would get half.</summary>
    /// <exception cref="RabbitMQClientException">The connection is lost, we may not, or somebody else reads it.</exception>
    public async Task ConsumeAsync(CancellationToken ct)
    {
        await Channel.BasicQosAsync(0, Prefetch, global: false, ct);
        await Channel.BasicConsumeAsync(
            _options.Queue, autoAck: false, consumerTag: "", noLocal: false, exclusive: true, arguments: null, this, ct);
    }

    /// <summary>Waits for the next delivery.</summary>
    /// <exception cref="IOException">There will be none: the connection is lost, or the queue is gone.</exception>
    public async Task WaitAsync(CancellationToken ct) => await _deliveries.Reader.WaitToReadAsync(ct);

    /// <summary>Takes the next delivery, where there is one.</summary>
    public bool TryTake(out Delivery delivery) => _deliveries.Reader.TryRead(out delivery);

    /// <summary>Acknowledges a message and all before it: RabbitMQ forgets them.</summary>
    /// <exception cref="RabbitMQClientException">The connection is lost.</exception>
    public ValueTask AcknowledgeAsync(ulong tag, CancellationToken ct) => Channel.BasicAckAsync(tag, multiple: true, ct);

    /// <inheritdoc />
    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        // The memory is the client's, and used again.
        _deliveries.Writer.TryWrite(new Delivery(deliveryTag, redelivered, exchange, body.ToArray()));
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _deliveries.Writer.TryComplete(
            new IOException($"RabbitMQ at {_options.Broker} delivers no more: queue {_options.Queue} was deleted or its node is down"));
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public override Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        _deliveries.Writer.TryComplete(new IOException(Broker.Explain(reason, _options.Broker)));
        return Task.CompletedTask;
    }

    private static async Task<bool> ExistsAsync(IConnection connection, string queue, CancellationToken ct)
    {
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: ct);
        try
        {
            await channel.QueueDeclarePassiveAsync(queue, ct);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return false;
        }
    }
}
