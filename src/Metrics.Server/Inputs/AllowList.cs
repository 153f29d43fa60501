using System.Net;
using Metrics.Text;

namespace Metrics.Inputs;

/// <summary>Who may send: networks. Equal to another with the same networks in the same order.</summary>
internal sealed class AllowList : IEquatable<AllowList>
{
    private readonly IPNetwork[] _networks;

    private AllowList(IPNetwork[] networks) => _networks = networks;

    /// <summary>Lets everybody send.</summary>
    public static AllowList Everybody { get; } = new([]);

    /// <summary>Whether nothing was said of who may send.</summary>
    public bool IsOpen => _networks.Length == 0;

    /// <summary>Reads <c>allow_from</c>: networks such as <c>10.0.0.0/8</c>, or single addresses.</summary>
    public static AllowList Read(YamlSection section)
    {
        var networks = new List<IPNetwork>();
        foreach (string text in section.Texts("allow_from"))
        {
            if (TryParse(text, out IPNetwork network))
                networks.Add(network);
            else
                section.Report("allow_from", $"holds '{text}', which is no network such as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7");
        }
        return networks.Count == 0 ? Everybody : new AllowList([.. networks]);
    }

    /// <summary>Whether an address may send.</summary>
    public bool Allows(IPAddress address)
    {
        if (_networks.Length == 0)
            return true;
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
    public bool Equals(AllowList? other) => other is not null && _networks.AsSpan().SequenceEqual(other._networks);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as AllowList);

    /// <inheritdoc />
    public override int GetHashCode() => _networks.Length == 0 ? 0 : HashCode.Combine(_networks.Length, _networks[0]);

    private static bool TryParse(string text, out IPNetwork network)
    {
        if (!text.Contains('/', StringComparison.Ordinal) && IPAddress.TryParse(text, out IPAddress? one))
        {
            network = new IPNetwork(Plain(one), Plain(one).AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);
            return true;
        }
        return IPNetwork.TryParse(text, out network);
    }
}
