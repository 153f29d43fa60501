using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Octavia;

/// <summary>Pools of Octavia's load balancers.</summary>
/// <remarks>https://docs.openstack.org/api-ref/load-balancer/v2/#list-pools ; values of the status are openstack-exporter's.</remarks>
internal sealed class LoadBalancerPoolsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Octavia)
{
    private static readonly string[] s_statuses = ["ACTIVE", "DELETED", "ERROR", "PENDING_CREATE", "PENDING_UPDATE", "PENDING_DELETE"];
    private static readonly Metric s_count = Metric.Gauge("openstack_loadbalancer_total_pools", "Pools of load balancers.");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_loadbalancer_pool_status",
            "Provisioning status of a pool: 0 ACTIVE, 1 DELETED, 2 ERROR, 3 PENDING_CREATE, 4 PENDING_UPDATE, 5 PENDING_DELETE.",
        "id", "provisioning_status", "name", "loadbalancers", "protocol", "lb_algorithm", "operating_status", "project_id");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement p in Api.ListAsync("/lbaas/pools?limit=1000", "pools", ct))
        {
            count++;
            sink.Add(
                s_status, Array.IndexOf(s_statuses, p.Text("provisioning_status")), p.Text("id"), p.Text("provisioning_status"),
                p.Text("name"),
                string.Join(',', p.Items("loadbalancers").Select(l => l.Text("id"))), p.Text("protocol"), p.Text("lb_algorithm"),
                    p.Text("operating_status"), p.Text("project_id"));
        }
        sink.Add(s_count, count);
    }
}
