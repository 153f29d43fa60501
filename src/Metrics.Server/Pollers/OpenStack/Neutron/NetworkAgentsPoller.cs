using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Neutron;

/// <summary>Neutron's agents: whether each is alive, enabled, and when it last reported.</summary>
/// <remarks>https://docs.openstack.org/api-ref/network/v2/#list-all-agents</remarks>
internal sealed class NetworkAgentsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Neutron)
{
    private static readonly Metric s_state =
        Metric.Gauge("openstack_neutron_agent_state", "Whether an agent is alive.", "id", "hostname", "service", "adminState",
            "availability_zone");
    private static readonly Metric s_seen =
        Metric.Gauge("openstack_neutron_agent_last_report_timestamp_seconds", "When an agent last reported.", "hostname", "service");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        await foreach (JsonElement a in Api.ListAsync("/agents", "agents", ct))
        {
            sink.Add(
                s_state, a.Flag("alive") ? 1 : 0, a.Text("id"), a.Text("host"), a.Text("binary"), a.Flag("admin_state_up") ? "up" : "down",
                a.Text("availability_zone"));
            if (a.Time("heartbeat_timestamp") is { } seen)
                sink.Add(s_seen, seen.ToUnixTimeMilliseconds() / 1000.0, a.Text("host"), a.Text("binary"));
        }
    }
}
