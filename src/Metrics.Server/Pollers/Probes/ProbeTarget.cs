using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Metrics.Pollers.Probes;

/// <summary>Addresses as people write them, and their resolution.</summary>
internal static class ProbeTarget
{
    /// <summary>Reads <c>HOST:PORT</c>, <c>[V6]:PORT</c> or a bare host (port 0).</summary>
    public static bool TryParse(string text, out string host, out int port)
    {
        port = 0;
        host = text;
        int colon = text.LastIndexOf(':');
        if (colon > 0 && (text[colon - 1] == ']' || text.IndexOf(':', StringComparison.Ordinal) == colon))
        {
            host = text[..colon];
            if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port > 65535)
                return false;
        }
        host = host.Trim('[', ']');
        return host.Length > 0;
    }

    /// <summary>Reads what the configuration has checked already.</summary>
    /// <exception cref="FormatException">It is no address after all.</exception>
    public static (string Host, int Port) Parse(string text) =>
        TryParse(text, out string host, out int port) ? (host, port) : throw new FormatException($"'{text}' is not an address");

    /// <summary>The address to probe.</summary>
    /// <exception cref="SocketException">The name has no address of the kind asked for.</exception>
    public static async Task<IPAddress> ResolveAsync(string host, string protocol, CancellationToken ct)
    {
        IPAddress[] all = IPAddress.TryParse(host, out IPAddress? literal) ? [literal] : await Dns.GetHostAddressesAsync(host, ct);
        IPAddress? found = protocol switch
        {
            "ip4" => Array.Find(all, a => a.AddressFamily == AddressFamily.InterNetwork),
            "ip6" => Array.Find(all, a => a.AddressFamily == AddressFamily.InterNetworkV6),
            _ => all.FirstOrDefault(),
        };
        return found ?? throw new SocketException((int)SocketError.HostNotFound);
    }
}
