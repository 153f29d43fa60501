using Metrics.Model;

namespace Metrics.Pollers.Host;

/// <summary>Bonds: how many links each has, and how many of them are up.</summary>
/// <remarks>Source: <c>/sys/class/net/bonding_masters</c>, kernel Documentation/networking/bonding.rst.</remarks>
internal sealed class BondingPoller(HostFiles files) : IPoller
{
    private static readonly Metric s_slaves =
        Metric.Gauge("node_bonding_slaves", "Number of configured slaves per bonding interface.", "master");
    private static readonly Metric s_active =
        Metric.Gauge("node_bonding_active", "Number of active slaves per bonding interface.", "master");

    public ValueTask PollAsync(SampleSink sink, CancellationToken ct)
    {
        foreach (string bond in HostFiles.Words(HostFiles.TryText(files.Sys("class/net/bonding_masters")) ?? ""))
        {
            string[] slaves = HostFiles.Words(HostFiles.TryText(files.Sys($"class/net/{bond}/bonding/slaves")) ?? "");
            sink.Add(s_slaves, slaves.Length, bond);
            sink.Add(s_active, slaves.Count(s => State(bond, s) == "up"), bond);
        }
        return ValueTask.CompletedTask;
    }

    private string? State(string bond, string slave) =>
        HostFiles.TryText(files.Sys($"class/net/{slave}/bonding_slave/mii_status"))
        ?? HostFiles.TryText(files.Sys($"class/net/{bond}/lower_{slave}/bonding_slave/mii_status"))
        ?? HostFiles.TryText(files.Sys($"class/net/{slave}/operstate"));
}
