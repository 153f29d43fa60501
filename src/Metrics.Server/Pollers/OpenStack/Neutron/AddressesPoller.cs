using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Neutron;

/// <summary>Addresses that each subnet has and has given away.</summary>
/// <remarks>https://docs.openstack.org/api-ref/network/v2/#list-network-ip-availability</remarks>
internal sealed class AddressesPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Neutron)
{
    private static readonly string[] s_labels = ["network_id", "network_name", "ip_version", "cidr", "subnet_name", "project_id"];
    private static readonly Metric s_total =
        Metric.Gauge("openstack_neutron_network_ip_availabilities_total", "Addresses of a subnet.", s_labels);
    private static readonly Metric s_used =
        Metric.Gauge("openstack_neutron_network_ip_availabilities_used", "Addresses of a subnet that are given away.", s_labels);

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        await foreach (JsonElement n in Api.ListAsync("/network-ip-availabilities", "network_ip_availabilities", ct))
        {
            string project = n.Text("project_id") is { Length: > 0 } p ? p : n.Text("tenant_id");
            foreach (JsonElement s in n.Items("subnet_ip_availability"))
            {
                string[] labels =
                    [n.Text("network_id"), n.Text("network_name"), s.Text("ip_version"), s.Text("cidr"), s.Text("subnet_name"), project];
                sink.Add(s_total, s.Number("total_ips"), labels);
                sink.Add(s_used, s.Number("used_ips"), labels);
            }
        }
    }
}
