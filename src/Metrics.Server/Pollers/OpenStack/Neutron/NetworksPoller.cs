using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Neutron;

/// <summary>Networks.</summary>
/// <remarks>https://docs.openstack.org/api-ref/network/v2/#list-networks</remarks>
internal sealed class NetworksPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Neutron)
{
    private static readonly string[] s_statuses = ["ACTIVE", "BUILD", "DOWN", "ERROR"];
    private static readonly Metric s_count = Metric.Gauge("openstack_neutron_networks", "Networks.");
    private static readonly Metric s_network =
        Metric.Gauge("openstack_neutron_network", "Status of a network: 0 ACTIVE, 1 BUILD, 2 DOWN, 3 ERROR.",
        "id", "tenant_id", "status", "name", "is_shared", "is_external", "provider_network_type", "provider_physical_network",
            "provider_segmentation_id", "subnets", "tags", "mtu");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        ResourceList networks = Cloud.Inventory.Begin(ResourceKind.Network, Cloud.Time);
        await foreach (JsonElement n in Api.ListAsync("/networks?limit=1000", "networks", ct))
        {
            string id = n.Text("id"), name = n.Text("name"), project = n.Text("tenant_id");
            networks.Add(new Resource(id, name, project, Created: n.Time("created_at")));
            sink.Add(
                s_network, Array.IndexOf(s_statuses, n.Text("status")), id, project, n.Text("status"), name,
                n.Flag("shared") ? "true" : "false", n.Flag("router:external") ? "true" : "false",
                n.Text("provider:network_type"), n.Text("provider:physical_network"), n.Text("provider:segmentation_id"),
                    string.Join(',', n.Texts("subnets")), string.Join(',', n.Texts("tags")), n.Text("mtu"));
        }
        sink.Add(s_count, networks.Count);
        networks.Complete();
    }
}
