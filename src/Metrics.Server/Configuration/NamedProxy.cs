using System.Net;
using System.Net.Sockets;

namespace Metrics.Configuration;

/// <summary>A proxy of the configuration, and the hosts that are reached without it, by the rules of Go's <c>no_proxy</c>.</summary>
/// <param name="proxy">The proxy; its address stands in errors, so that no account may be in it.</param>
/// <param name="account">User and password for the proxy, as they stand in an address; null is none.</param>
/// <param name="except">
/// Between commas: an address, a network, <c>example.org</c> with all below it, <c>.example.org</c> for those below alone, each also with a
/// port, or <c>*</c>. Where it is given, this machine is reached without the proxy too. Null is nobody.
/// </param>
/// <remarks>https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config</remarks>
internal sealed class NamedProxy(Uri proxy, string? account, string? except) : IWebProxy
{
    private readonly string[] _except =
        (except ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Where the proxy is.</summary>
    public Uri Address => proxy;

    public ICredentials? Credentials { get; set; } =
        UserInfo.Parts(account ?? "") is var (user, password) ? new NetworkCredential(user, password) : null;

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : proxy;

    public bool IsBypassed(Uri host)
    {
        if (except is null)
            return false;
        string name = host.IdnHost.TrimEnd('.').ToLowerInvariant();
        IPAddress? address = IPAddress.TryParse(name, out IPAddress? parsed) ? parsed : null;
        return name == "localhost" || (address is not null && IPAddress.IsLoopback(address))
            || _except.Any(e => Matches(e, name, address, host.Port));
    }

    private static bool Matches(string entry, string name, IPAddress? address, int port)
    {
        if (entry == "*")
            return true;
        if (IPNetwork.TryParse(entry, out IPNetwork network))
            return address is not null && network.Contains(address);
        (string host, int? itsPort) = Split(entry);
        if (itsPort is not null && itsPort != port)
            return false;
        if (IPAddress.TryParse(host, out IPAddress? same))
            return same.Equals(address);
        host = host.ToLowerInvariant();
        if (host.StartsWith("*.", StringComparison.Ordinal))
            host = host[1..];
        return address is null
            && (host.StartsWith('.') ? name.EndsWith(host, StringComparison.Ordinal)
                : name == host || name.EndsWith('.' + host, StringComparison.Ordinal));
    }

    private static (string Host, int? Port) Split(string entry)
    {
        if (IPAddress.TryParse(entry, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6
            && !entry.StartsWith('['))
            return (entry, null);
        int colon = entry.LastIndexOf(':');
        return colon > entry.LastIndexOf(']') && ushort.TryParse(entry.AsSpan(colon + 1), out ushort port)
            ? (entry[..colon].Trim('[', ']'), port) : (entry.Trim('[', ']'), null);
    }
}
