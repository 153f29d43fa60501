using System.Net.Security;
using System.Security.Authentication;
using Metrics.Configuration;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Metrics.Inputs.OpenStack;

/// <summary>Connections to RabbitMQ, and what goes wrong with them in words for people.</summary>
internal static class Broker
{
    /// <summary>
    /// What RabbitMQ lets anything be at most: what is larger than the client's bound ends the connection, and would come again and again.
    /// </summary>
    private const uint MaxMessageBytes = 512 << 20;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    /// <summary>RabbitMQ takes us to be gone after two of them without a sign of life, the client takes it to be gone after five.</summary>
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(10);

    /// <summary>How long it is waited for a farewell.</summary>
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(2);

    /// <summary>Connects with one of the nodes.</summary>
    /// <exception cref="RabbitMQClientException">None can be reached, or lets us in.</exception>
    /// <exception cref="IOException">The file of the password cannot be read.</exception>
    public static Task<IConnection> ConnectAsync(NotificationsOptions options, CancellationToken ct)
    {
        BrokerUrl url = options.Broker;
        var factory = new ConnectionFactory
        {
            UserName = url.User,
            Password = options.Password?.Reveal() ?? url.Password ?? "",
            VirtualHost = url.VirtualHost,
            // What was lost is begun anew by the frame, which reports it.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = s_heartbeat,
            RequestedConnectionTimeout = s_timeout,
            ContinuationTimeout = s_timeout,
            HandshakeContinuationTimeout = s_timeout,
        };
        IEnumerable<AmqpTcpEndpoint> nodes =
            url.Hosts.Select(h => new AmqpTcpEndpoint(h.Name, h.Port, TlsFor(h.Name, options), MaxMessageBytes));
        return factory.CreateConnectionAsync(nodes, $"metricsd {options.Name}", ct);
    }

    /// <summary>Ends a connection with all its channels, also where nobody answers.</summary>
    public static async Task CloseAsync(IConnection connection)
    {
        await connection.CloseAsync(Constants.ReplySuccess, "metricsd ends", s_farewell, abort: true, CancellationToken.None);
        await connection.DisposeAsync();
    }

    /// <summary>Whether RabbitMQ, or the way to it, is what has failed.</summary>
    public static bool IsFault(Exception e) => e is RabbitMQClientException or OperationInterruptedException or BrokerUnreachableException;

    /// <summary>What it was.</summary>
    public static string Explain(Exception e, BrokerUrl url)
    {
        List<Exception> causes = [.. CausesOf(e)];
        if (causes.Exists(c => c is AuthenticationFailureException))
            return $"RabbitMQ at {url} refuses the user '{url.User}' or its password";
        if (causes.OfType<OperationInterruptedException>().FirstOrDefault()?.ShutdownReason is { } reason)
            return Explain(reason, url);
        return $"RabbitMQ at {url} cannot be reached: {string.Join("; ", causes.Select(Explain).Distinct())}";
    }

    /// <summary>Why a connection or a channel has ended.</summary>
    public static string Explain(ShutdownEventArgs reason, BrokerUrl url) => reason.Initiator == ShutdownInitiator.Peer
        ? $"RabbitMQ at {url} says: {reason.ReplyText}"
        : $"the connection to RabbitMQ at {url} is lost: {reason.ReplyText}";

    /// <summary>The client checks certificates by a callback, and names that alone.</summary>
    private static string Explain(Exception cause) =>
        cause is AuthenticationException && cause.Message.Contains("Callback", StringComparison.Ordinal)
            ? "its certificate is not trusted, or is another's"
            : cause.Message;

    private static IEnumerable<Exception> CausesOf(Exception e) => e switch
    {
        AggregateException all => all.InnerExceptions.SelectMany(CausesOf),
        OperationInterruptedException { ShutdownReason: not null } => [e],
        { InnerException: { } inner } => CausesOf(inner),
        _ => [e],
    };

    private static SslOption TlsFor(string host, NotificationsOptions options)
    {
        if (!options.Broker.IsTls)
            return new SslOption { Enabled = false };
        SslClientAuthenticationOptions tls = options.Tls.ToClientOptions(host);
        return new SslOption
        {
            Enabled = true,
            ServerName = tls.TargetHost!,
            Certs = tls.ClientCertificates,
            CertificateValidationCallback = tls.ToCallback(),
        };
    }
}
