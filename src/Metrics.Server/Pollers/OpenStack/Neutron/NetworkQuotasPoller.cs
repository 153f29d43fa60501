using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Neutron;

/// <summary>Quotas and usage of each project in Neutron.</summary>
/// <remarks>https://docs.openstack.org/api-ref/network/v2/#show-quota-details-for-a-tenant</remarks>
internal sealed class NetworkQuotasPoller(WatchedCloud cloud) : SlicedPoller(cloud, CloudService.Neutron)
{
    private static readonly Dictionary<string, Metric> s_quotas = new[]
    {
        "floatingip", "network", "port", "rbac_policy", "router", "security_group", "security_group_rule", "subnet", "subnetpool", "trunk",
    }.ToDictionary(n =>
        n, n => Metric.Gauge($"openstack_neutron_quota_{n}", $"Quota of {n.Replace('_', ' ')} and its use, by project.", "type", "tenant",
            "tenant_id"));

    protected override IReadOnlyCollection<(string Id, string Name)>? Things => Cloud.ProjectNames();

    protected override async Task<List<CloudValue>> AskAsync(string id, string name, CancellationToken ct)
    {
        using JsonDocument answer = await Api.GetAsync($"/quotas/{id}/details.json", "/quotas/{project}/details.json", ct: ct);
        if (answer.RootElement.Child("quota") is not { } quotas)
            throw new CloudException("neutron /quotas: the answer has no quota");
        var values = new List<CloudValue>();
        foreach ((string quota, Metric metric) in s_quotas)
        {
            if (quotas.Child(quota) is not { } detail)
                continue;
            foreach (string type in new[] { "used", "reserved", "limit" })
                values.Add(new CloudValue(metric, metric.Series(type, name, id), detail.Number(type)));
        }
        return values;
    }
}
