using System.Net;
using System.Net.Sockets;

namespace Metrics.Text;

/// <summary>Networks, and single addresses. Equal to another with the same networks in the same order.</summary>
public sealed class NetworkList : IEquatable<NetworkList>
{
    private readonly IPNetwork[] _networks;

    private NetworkList(IPNetwork[] networks) => _networks = networks;

    /// <summary>None.</summary>
    public static NetworkList Empty { get; } = new([]);

    /// <summary>Whether it holds none.</summary>
    public bool IsEmpty => _networks.Length == 0;

    /// <summary>Whether all addresses of a version are in it.</summary>
    public bool HoldsAll => _networks.Any(n => n.PrefixLength == 0);

    /// <summary>Reads a list of networks such as <c>10.0.0.0/8</c>, or single addresses; reports those that are none.</summary>
    public static NetworkList Read(YamlSection section, string key)
    {
        var networks = new List<IPNetwork>();
        foreach (string text in section.Texts(key))
        {
            if (TryParse(text, out IPNetwork network))
                networks.Add(network);
            else
                section.Report(key, $"holds '{text}', which is no network such as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7");
        }
        return networks.Count == 0 ? Empty : new NetworkList([.. networks]);
    }

    /// <summary>Whether an address is in one of them.</summary>
    public bool Contains(IPAddress address)
    {
        IPAddress plain = Plain(address);
        foreach (IPNetwork network in _networks)
        {
            if (network.Contains(plain))
                return true;
        }
        return false;
    }

    /// <summary>An IPv4 address that came in by an IPv6 socket as itself.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <inheritdoc />
    public bool Equals(NetworkList? other) => other is not null && _networks.AsSpan().SequenceEqual(other._networks);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as NetworkList);

    /// <inheritdoc />
    public override int GetHashCode() => _networks.Length == 0 ? 0 : HashCode.Combine(_networks.Length, _networks[0]);

    private static bool TryParse(string text, out IPNetwork network)
    {
        if (!text.Contains('/', StringComparison.Ordinal) && IPAddress.TryParse(text, out IPAddress? one))
        {
            network = new IPNetwork(Plain(one), Plain(one).AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
            return true;
        }
        return IPNetwork.TryParse(text, out network);
    }
}
