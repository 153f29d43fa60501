using System.Text.Json;
using RabbitMQ.Client;

namespace Metrics.IntegrationTests;

/// <summary>
/// Sends as oslo.messaging's driver <c>messagingv2</c> does: a topic exchange, a default queue of the routing key's name, persistent JSON
/// in an envelope, with confirms.
/// </summary>
/// <remarks>
/// oslo_messaging/_drivers/impl_rabbit.py, <c>notify_send</c>; <see cref="NotificationTests"/> has the original send too.
/// </remarks>
internal sealed class OsloSender : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly HashSet<(string, string)> _declared = [];

    private OsloSender(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    /// <summary>For what the services do not do, such as deleting queues.</summary>
    public IChannel Channel => _channel;

    public static async Task<OsloSender> ConnectAsync(RabbitMq rabbit, string host)
    {
        rabbit.Need();
        var factory = new ConnectionFactory
        {
            HostName = "127.0.0.1", Port = rabbit.Port, UserName = "openstack", Password = RabbitMq.Password, VirtualHost = host,
        };
        IConnection connection = await factory.CreateConnectionAsync();
        return new OsloSender(connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true)));
    }

    /// <summary>Sends a notification in its envelope.</summary>
    public Task SendAsync(object notification, string exchange, string topic = "notifications.info") => SendTextAsync(
        JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["oslo.version"] = "2.0", ["oslo.message"] = JsonSerializer.Serialize(notification),
        }), exchange, topic);

    /// <summary>Sends any text.</summary>
    public Task SendTextAsync(string text, string exchange, string topic = "notifications.info") =>
        SendBytesAsync(System.Text.Encoding.UTF8.GetBytes(text), exchange, topic);

    /// <summary>Sends anything.</summary>
    public async Task SendBytesAsync(ReadOnlyMemory<byte> body, string exchange, string topic = "notifications.info")
    {
        await DeclareAsync(exchange, topic);
        var properties = new BasicProperties
        {
            ContentType = "application/json", ContentEncoding = "utf-8", DeliveryMode = DeliveryModes.Persistent, Priority = 0,
        };
        await _channel.BasicPublishAsync(exchange, topic, mandatory: false, properties, body);
    }

    /// <summary>Declares what is needed to send, as a service does when it first sends.</summary>
    public async Task DeclareAsync(string exchange, string topic = "notifications.info")
    {
        if (!_declared.Add((exchange, topic)))
            return;
        await _channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: true);
        await _channel.QueueDeclareAsync(topic, durable: true, exclusive: false, autoDelete: false);
        await _channel.QueueBindAsync(topic, exchange, topic);
    }

    /// <summary>A notification whose thing is a number.</summary>
    public static object Numbered(int number) => new
    {
        message_id = Guid.NewGuid(),
        publisher_id = "compute.cmp-1",
        event_type = "compute.instance.create.end",
        priority = "INFO",
        payload = new { instance_id = $"{number}" },
        timestamp = "2026-11-26 12:00:00.123456",
    };

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
