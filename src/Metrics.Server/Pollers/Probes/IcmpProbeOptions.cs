using Metrics.Configuration;
using Metrics.Text;

namespace Metrics.Pollers.Probes;

/// <summary>What an echo request is like; the words are blackbox_exporter's.</summary>
/// <param name="PayloadBytes">What it carries. Default 28 bytes, as blackbox_exporter has it.</param>
/// <param name="DontFragment">Whether routers may not cut it into pieces; IPv4 alone. Default no.</param>
/// <param name="TimeToLive">How many hops it may take; null is the system's.</param>
internal sealed record IcmpProbeOptions(int PayloadBytes, bool DontFragment, int? TimeToLive)
{
    /// <summary>Where nothing is said.</summary>
    public static readonly IcmpProbeOptions Default = new(28, false, null);

    /// <summary>A datagram has 65535 bytes at most, 28 of them for its headers.</summary>
    private const int MaxPayload = ushort.MaxValue - 28;

    public static IcmpProbeOptions Read(YamlSection section)
    {
        var options = new IcmpProbeOptions(
            section.Number("payload_size", Default.PayloadBytes, max: MaxPayload), section.Flag("dont_fragment", false),
            section.Has("ttl") ? section.Number("ttl", 64, min: 1, max: 255) : null);
        OthersKeys.RefuseInProbe(section);
        section.Finish();
        return options;
    }
}
