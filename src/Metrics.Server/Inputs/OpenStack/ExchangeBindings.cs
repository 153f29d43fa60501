using Metrics.Model;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Metrics.Inputs.OpenStack;

/// <summary>
/// Binds the queue to the exchanges of the services. It never declares one: they are the services', made when they first send, and one
/// that lay there first as we think (durable or not) would be refused to them; they would not start, or not send.
/// </summary>
/// <remarks>oslo_messaging/_drivers/impl_rabbit.py: <c>notify_send</c> declares exchange and default queue before it publishes.</remarks>
internal sealed class ExchangeBindings(IConnection connection, NotificationsOptions options, TimeProvider time)
{
    /// <summary>
    /// What is sent before we are bound is not ours, so it is looked often; each look at one that is missing is a line in RabbitMQ's log.
    /// </summary>
    private static readonly Backoff s_pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));

    private List<string> _missing = [.. options.Exchanges];

    /// <summary>What is bound and what is not, for people.</summary>
    public override string ToString()
    {
        string bound = string.Join(", ", options.Exchanges.Except(_missing));
        return $"queue {options.Queue} at {options.Broker}, bound to {(bound.Length > 0 ? bound : "nothing")}"
            + (_missing.Count > 0 ? $"; not there yet: {string.Join(", ", _missing)}" : "");
    }

    /// <summary>Binds to those that are there.</summary>
    /// <returns>Whether one is bound that was not.</returns>
    /// <exception cref="RabbitMQClientException">The connection is lost, or we may not.</exception>
    public async Task<bool> BindAsync(CancellationToken ct)
    {
        var missing = new List<string>();
        foreach (string exchange in _missing)
        {
            if (!await TryBindAsync(exchange, ct))
                missing.Add(exchange);
        }
        bool isChanged = missing.Count < _missing.Count;
        _missing = missing;
        return isChanged;
    }

    /// <summary>Binds to those that are missing once they come; ends when none is.</summary>
    /// <exception cref="RabbitMQClientException">The connection is lost, or we may not.</exception>
    public async Task FollowAsync(Action changed, CancellationToken ct)
    {
        for (int looks = 1; _missing.Count > 0; looks++)
        {
            await Task.Delay(s_pauses.After(looks), time, ct);
            if (await BindAsync(ct))
                changed();
        }
    }

    /// <summary>Takes back bindings that were asked for once. One to an exchange that we may not read was never made.</summary>
    /// <exception cref="RabbitMQClientException">The connection is lost.</exception>
    public async Task UnbindAsync(IEnumerable<QueueBinding> bindings, CancellationToken ct)
    {
        foreach (QueueBinding one in bindings)
        {
            await TryAsync(
                c => c.QueueUnbindAsync(options.Queue, one.Exchange, one.Key, cancellationToken: ct), Constants.AccessRefused, ct);
        }
    }

    private async Task<bool> TryBindAsync(string exchange, CancellationToken ct)
    {
        foreach (QueueBinding one in options.Bindings.Where(b => b.Exchange == exchange))
        {
            if (!await TryAsync(c => c.QueueBindAsync(options.Queue, exchange, one.Key, cancellationToken: ct), Constants.NotFound, ct))
                return false;
        }
        return true;
    }

    /// <summary>Does something that may be refused with a code, in a channel of its own, which that would close.</summary>
    /// <returns>Whether it was not.</returns>
    private async Task<bool> TryAsync(Func<IChannel, Task> act, ushort refusal, CancellationToken ct)
    {
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: ct);
        try
        {
            await act(channel);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == refusal)
        {
            return false;
        }
    }
}
