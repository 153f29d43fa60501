using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Octavia;

/// <summary>The virtual machines that carry Octavia's load balancers.</summary>
/// <remarks>https://docs.openstack.org/api-ref/load-balancer/v2/#list-amphora ; values of the status are openstack-exporter's.</remarks>
internal sealed class AmphoraePoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Octavia)
{
    private static readonly string[] s_statuses = ["BOOTING", "ALLOCATED", "READY", "PENDING_CREATE", "PENDING_DELETE", "DELETED", "ERROR"];
    private static readonly Metric s_count = Metric.Gauge("openstack_loadbalancer_total_amphorae", "Amphorae.");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_loadbalancer_amphora_status",
            "Status of an amphora: 0 BOOTING, 1 ALLOCATED, 2 READY, 3 PENDING_CREATE, 4 PENDING_DELETE, 5 DELETED, 6 ERROR.",
        "id", "loadbalancer_id", "compute_id", "status", "role", "lb_network_ip", "ha_ip", "cert_expiration");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement a in Api.ListAsync("/octavia/amphorae?limit=1000", "amphorae", ct))
        {
            count++;
            string expires = a.Time("cert_expiration") is { } at ? Timestamp.Of(at).ToSecondsText() : "";
            sink.Add(
                s_status, Array.IndexOf(s_statuses, a.Text("status")), a.Text("id"), a.Text("loadbalancer_id"), a.Text("compute_id"),
                a.Text("status"), a.Text("role"), a.Text("lb_network_ip"), a.Text("ha_ip"), expires);
        }
        sink.Add(s_count, count);
    }
}
