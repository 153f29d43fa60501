using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Neutron;

/// <summary>Floating addresses.</summary>
/// <remarks>https://docs.openstack.org/api-ref/network/v2/#list-floating-ips</remarks>
internal sealed class FloatingIpsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Neutron)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_neutron_floating_ips", "Floating addresses.");
    private static readonly Metric s_down =
        Metric.Gauge("openstack_neutron_floating_ips_associated_not_active",
            "Floating addresses that belong to a port and are not active.");
    private static readonly Metric s_address =
        Metric.Gauge("openstack_neutron_floating_ip", "A constant 1 for each floating address.", "id", "floating_network_id", "router_id",
            "status", "project_id", "floating_ip_address");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        ResourceList addresses = Cloud.Inventory.Begin(ResourceKind.FloatingIp, Cloud.Time);
        int down = 0;
        await foreach (JsonElement f in Api.ListAsync("/floatingips?limit=1000", "floatingips", ct))
        {
            string id = f.Text("id"), status = f.Text("status"),
                project = f.Text("project_id") is { Length: > 0 } p ? p : f.Text("tenant_id"), address = f.Text("floating_ip_address");
            down += f.Text("fixed_ip_address").Length > 0 && status != "ACTIVE" ? 1 : 0;
            addresses.Add(new Resource(id, address, project, Created: f.Time("created_at"))
            {
                Parent = f.Text("port_id") is { Length: > 0 } port ? (ResourceKind.Port, port) : null,
            });
            sink.Add(s_address, 1, id, f.Text("floating_network_id"), f.Text("router_id"), status, project, address);
        }
        sink.Add(s_count, addresses.Count);
        sink.Add(s_down, down);
        addresses.Complete();
    }
}
