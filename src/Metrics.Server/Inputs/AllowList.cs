using System.Net;
using Metrics.Text;

namespace Metrics.Inputs;

/// <summary>Who may send: everybody where no networks are said, else those in them.</summary>
/// <param name="Networks">The networks; empty is everybody.</param>
internal sealed record AllowList(NetworkList Networks)
{
    /// <summary>Lets everybody send.</summary>
    public static AllowList Everybody { get; } = new(NetworkList.Empty);

    /// <summary>Whether nothing was said of who may send.</summary>
    public bool IsOpen => Networks.IsEmpty;

    /// <summary>Reads <c>allow_from</c>: networks such as <c>10.0.0.0/8</c>, or single addresses.</summary>
    public static AllowList Read(YamlSection section) => new(NetworkList.Read(section, "allow_from"));

    /// <summary>Whether an address may send.</summary>
    public bool Allows(IPAddress address) => IsOpen || Networks.Contains(address);
}
