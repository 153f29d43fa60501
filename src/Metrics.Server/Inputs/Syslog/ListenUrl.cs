using System.Globalization;
using System.Net;

namespace Metrics.Inputs.Syslog;

/// <summary>Where and how an input listens, as an operator writes it: <c>tcp://[::]:514</c>.</summary>
/// <param name="Transport">Of its scheme.</param>
/// <param name="IsTls">Whether its scheme asks for TLS.</param>
/// <param name="EndPoint">Address and port.</param>
internal sealed record ListenUrl(SyslogTransport Transport, bool IsTls, IPEndPoint EndPoint)
{
    /// <summary>The schemes that there are.</summary>
    public static IReadOnlyList<string> Schemes { get; } = ["udp", "tcp", "tls", "relp", "relp+tls"];

    /// <summary>Whether nobody outside this machine can reach it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(EndPoint.Address);

    /// <summary>Reads it; null when it is something else.</summary>
    public static ListenUrl? Parse(string text)
    {
        int behind = text.IndexOf("://", StringComparison.Ordinal);
        int colon = text.LastIndexOf(':');
        if (behind < 0 || colon < behind + 3 || !Schemes.Contains(text[..behind]))
            return null;
        string host = text[(behind + 3)..colon];
        IPAddress? address =
            host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? parsed) ? parsed : null;
        bool isPort = ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port);
        if (address is null || !isPort || (host[0] != '[' && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6))
            return null;
        SyslogTransport transport = text[..behind] switch
        {
            "udp" => SyslogTransport.Udp,
            "tcp" or "tls" => SyslogTransport.Tcp,
            _ => SyslogTransport.Relp,
        };
        return new ListenUrl(transport, text[..behind].EndsWith("tls", StringComparison.Ordinal), new IPEndPoint(address, port));
    }
}
