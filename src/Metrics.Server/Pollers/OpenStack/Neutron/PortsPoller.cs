using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Neutron;

/// <summary>Ports.</summary>
/// <remarks>https://docs.openstack.org/api-ref/network/v2/#list-ports</remarks>
internal sealed class PortsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Neutron)
{
    private const string LoadBalancer = "neutron:LOADBALANCERV2";

    private static readonly Metric s_port = Metric.Gauge("openstack_neutron_port", "A constant 1 for each port.",
        "uuid", "network_id", "mac_address", "device_owner", "device_id", "status", "binding_vif_type", "admin_state_up", "fixed_ips");
    private static readonly Metric s_count = Metric.Gauge("openstack_neutron_ports", "Ports.");
    private static readonly Metric s_noAddress = Metric.Gauge("openstack_neutron_ports_no_ips", "Active ports without an address.");
    private static readonly Metric s_lbDown =
        Metric.Gauge("openstack_neutron_ports_lb_not_active", "Ports of load balancers that are not active.");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        ResourceList ports = Cloud.Inventory.Begin(ResourceKind.Port, Cloud.Time);
        (int noAddress, int lbDown) = (0, 0);
        await foreach (JsonElement p in Api.ListAsync("/ports?limit=1000", "ports", ct))
        {
            string id = p.Text("id"), owner = p.Text("device_owner"), device = p.Text("device_id"), status = p.Text("status");
            string[] addresses = [.. p.Items("fixed_ips").Select(a => a.Text("ip_address"))];
            noAddress += status == "ACTIVE" && addresses.Length == 0 ? 1 : 0;
            lbDown += owner == LoadBalancer && status != "ACTIVE" ? 1 : 0;
            ports.Add(new Resource(id, p.Text("name"), p.Text("tenant_id"), Created: p.Time("created_at"))
            {
                Parent = owner.StartsWith("compute:", StringComparison.Ordinal) && device.Length > 0 ? (ResourceKind.Server, device) : null,
            });
            sink.Add(
                s_port, 1, id, p.Text("network_id"), p.Text("mac_address"), owner, device, status, p.Text("binding:vif_type"),
                p.Flag("admin_state_up") ? "true" : "false", string.Join(',', addresses));
        }
        sink.Add(s_count, ports.Count);
        sink.Add(s_noAddress, noAddress);
        sink.Add(s_lbDown, lbDown);
        ports.Complete();
    }
}
