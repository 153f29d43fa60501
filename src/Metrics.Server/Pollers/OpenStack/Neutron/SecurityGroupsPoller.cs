using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Neutron;

/// <summary>Security groups: how many.</summary>
/// <remarks>https://docs.openstack.org/api-ref/network/v2/#list-security-groups</remarks>
internal sealed class SecurityGroupsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Neutron)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_neutron_security_groups", "Security groups.");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        ResourceList groups = Cloud.Inventory.Begin(ResourceKind.SecurityGroup, Cloud.Time);
        // Only what is needed: with their rules the groups of a large cloud are many megabytes.
        const string Fields = "fields=id&fields=name&fields=tenant_id&fields=created_at";
        await foreach (JsonElement g in Api.ListAsync($"/security-groups?limit=1000&{Fields}", "security_groups", ct))
            groups.Add(new Resource(g.Text("id"), g.Text("name"), g.Text("tenant_id"), Created: g.Time("created_at")));
        sink.Add(s_count, groups.Count);
        groups.Complete();
    }
}
