using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Metrics.Inputs.OpenStack;

/// <summary>
/// Where a RabbitMQ is, and who asks: a URL of AMQP, or the <c>transport_url</c> of OpenStack's services as it stands there.
/// </summary>
/// <remarks>
/// <code>
/// amqp://metricsd@rabbit.example:5672/
/// amqps://metricsd:PASSWORD@[2001:db8::1]/openstack
/// rabbit://metricsd:PASSWORD@ctl-1:5672,metricsd:PASSWORD@ctl-2:5672/
/// </code>
/// https://www.rabbitmq.com/docs/uri-spec, https://docs.openstack.org/oslo.messaging/latest/reference/transport.html
/// </remarks>
/// <param name="User">Who asks.</param>
/// <param name="Password">Its password; null where the URL has none.</param>
/// <param name="Hosts">The nodes of the cluster, each as good as the other. Default port 5672, with TLS 5671.</param>
/// <param name="VirtualHost">Default <c>/</c>.</param>
/// <param name="IsTls">Whether it is <c>amqps</c>.</param>
internal sealed record BrokerUrl(
    string User, string? Password, IReadOnlyList<(string Name, int Port)> Hosts, string VirtualHost, bool IsTls)
{
    private const string Schemes = "must begin with amqp://, amqps:// or rabbit://";

    /// <summary>What stands there may be a part of the password.</summary>
    private const string NoHost = "has no HOST or HOST:PORT where one must stand; in a password '/' is written %2F, ',' is %2C";

    /// <summary>Reads one.</summary>
    /// <param name="text">The URL.</param>
    /// <param name="url">What it says.</param>
    /// <param name="problem">What is wrong with it, else; never holds the password.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out BrokerUrl? url, out string problem)
    {
        url = null;
        string[] parts = text.Split("://", 2);
        problem = parts[0] is "amqp" or "amqps" or "rabbit" && parts.Length == 2 ? "" : Schemes;
        if (problem.Length > 0)
            return false;
        bool isTls = parts[0] == "amqps";
        string[] places = parts[1].Split('/', 2);
        string path = places.Length == 2 ? Uri.UnescapeDataString(places[1]) : "";
        if (text.Contains('?'))
            problem = "has parameters behind '?', of which none is known; TLS is amqps:// and tls_config";
        var hosts = new List<(string, int)>();
        string? account = null;
        foreach (string one in places[0].Split(','))
        {
            int at = one.LastIndexOf('@');
            if (TryParseHost(one[(at + 1)..], isTls, out (string, int) host))
                hosts.Add(host);
            else if (at >= 0 || !text.Contains('@'))
                problem = $"has '{one[(at + 1)..]}' where HOST or HOST:PORT must stand";
            else
                problem = NoHost;
            if (at >= 0 && account is not null && account != one[..at])
                problem = "names two users or passwords; one is for all hosts";
            account ??= at >= 0 ? one[..at] : null;
        }
        string[] login = [.. (account ?? "").Split(':', 2).Select(Uri.UnescapeDataString)];
        if (problem.Length == 0 && login[0].Length == 0)
            problem = "names no user; write amqp://USER@HOST";
        if (problem.Length == 0)
            url = new BrokerUrl(login[0], login.Length == 2 ? login[1] : null, hosts, path is "" ? "/" : path, isTls);
        return url is not null;
    }

    /// <summary>The hosts, for people.</summary>
    public override string ToString() =>
        string.Join(", ", Hosts.Select(h => string.Create(CultureInfo.InvariantCulture, $"{h.Name}:{h.Port}")));

    private static bool TryParseHost(string text, bool isTls, out (string Name, int Port) host)
    {
        bool isOne = Uri.TryCreate($"amqp://{text}", UriKind.Absolute, out Uri? uri)
            && uri.Host.Length > 0 && uri.PathAndQuery is "/" or "";
        host = isOne ? (uri!.DnsSafeHost, uri.Port > 0 ? uri.Port : isTls ? 5671 : 5672) : default;
        return isOne;
    }
}
