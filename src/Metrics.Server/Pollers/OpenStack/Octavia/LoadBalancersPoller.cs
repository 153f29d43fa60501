using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Octavia;

/// <summary>Octavia's load balancers.</summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/load-balancer/v2/#list-load-balancers ; values of the status are openstack-exporter's.
/// </remarks>
internal sealed class LoadBalancersPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Octavia)
{
    private static readonly string[] s_statuses = ["ONLINE", "DRAINING", "OFFLINE", "ERROR", "NO_MONITOR"];
    private static readonly Metric s_count = Metric.Gauge("openstack_loadbalancer_total_loadbalancers", "Load balancers.");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_loadbalancer_loadbalancer_status",
            "Operating status of a load balancer: 0 ONLINE, 1 DRAINING, 2 OFFLINE, 3 ERROR, 4 NO_MONITOR.",
        "id", "name", "project_id", "operating_status", "provisioning_status", "provider", "vip_address");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement l in Api.ListAsync("/lbaas/loadbalancers?limit=1000", "loadbalancers", ct))
        {
            count++;
            sink.Add(
                s_status, Array.IndexOf(s_statuses, l.Text("operating_status")), l.Text("id"), l.Text("name"), l.Text("project_id"),
                l.Text("operating_status"), l.Text("provisioning_status"), l.Text("provider"), l.Text("vip_address"));
        }
        sink.Add(s_count, count);
    }
}
