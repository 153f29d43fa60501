using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Ironic;

/// <summary>Ironic's nodes.</summary>
/// <remarks>https://docs.openstack.org/api-ref/baremetal/#list-nodes-detailed</remarks>
internal sealed class BareMetalNodesPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Ironic)
{
    private static readonly Metric s_node = Metric.Gauge("openstack_ironic_node", "A constant 1 for each node.",
        "id", "name", "provision_state", "power_state", "maintenance", "console_enabled", "resource_class", "deploy_kernel",
            "deploy_ramdisk", "retired", "retired_reason");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        await foreach (JsonElement n in Api.ListAsync("/nodes/detail?limit=1000", "nodes", ct))
        {
            JsonElement driver = n.Child("driver_info") ?? default;
            sink.Add(
                s_node, 1, n.Text("uuid"), n.Text("name"), n.Text("provision_state"), n.Text("power_state"), Flag(n, "maintenance"),
                Flag(n, "console_enabled"), n.Text("resource_class"),
                driver.Text("deploy_kernel"), driver.Text("deploy_ramdisk"), Flag(n, "retired"), n.Text("retired_reason"));
        }
    }

    private static string Flag(JsonElement node, string name) => node.Flag(name) ? "true" : "false";
}
