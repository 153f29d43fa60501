using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Nova;

/// <summary>Quotas and usage of each project in Nova. What a release no longer counts is not there.</summary>
/// <remarks>https://docs.openstack.org/api-ref/compute/#show-the-detail-of-quota</remarks>
internal sealed class ComputeQuotasPoller(WatchedCloud cloud) : SlicedPoller(cloud, CloudService.Nova)
{
    private static readonly Dictionary<string, Metric> s_quotas = new[]
    {
        "cores", "instances", "key_pairs", "metadata_items", "ram", "server_groups", "server_group_members", "fixed_ips", "floating_ips",
            "security_group_rules", "security_groups",
        "injected_file_content_bytes", "injected_file_path_bytes", "injected_files",
    }.ToDictionary(n =>
        n, n => Metric.Gauge($"openstack_nova_quota_{n}", $"Quota of {n.Replace('_', ' ')} and its use, by project.", "type", "tenant",
            "tenant_id"));

    private static readonly (string Quota, Metric Most, Metric Used)[] s_limits =
    [
        ("cores", Limit("vcpus_max", "Virtual processors that a project may have; -1 is any number."),
            Limit("vcpus_used", "Virtual processors that a project has.")),
        ("ram", Limit("memory_max", "Memory that a project may have, MiB; -1 is any."),
            Limit("memory_used", "Memory that a project has, MiB.")),
        ("instances", Limit("instances_max", "Servers that a project may have; -1 is any number."),
            Limit("instances_used", "Servers that a project has.")),
    ];

    protected override IReadOnlyCollection<(string Id, string Name)>? Things => Cloud.ProjectNames();

    protected override async Task<List<CloudValue>> AskAsync(string id, string name, CancellationToken ct)
    {
        using JsonDocument answer = await Api.GetAsync($"/os-quota-sets/{id}/detail", "/os-quota-sets/{project}/detail", ct: ct);
        var values = new List<CloudValue>();
        if (answer.RootElement.Child("quota_set") is not { } quotas)
            throw new CloudException("nova /os-quota-sets: the answer has no quota_set");
        foreach ((string quota, Metric metric) in s_quotas)
        {
            if (quotas.Child(quota) is not { } detail)
                continue;
            foreach (string type in new[] { "in_use", "reserved", "limit" })
                values.Add(new CloudValue(metric, metric.Series(type, name, id), detail.Number(type)));
        }
        foreach ((string quota, Metric max, Metric used) in s_limits)
        {
            if (quotas.Child(quota) is not { } detail)
                continue;
            values.Add(new CloudValue(max, max.Series(name, id), detail.Number("limit")));
            values.Add(new CloudValue(used, used.Series(name, id), detail.Number("in_use")));
        }
        return values;
    }

    private static Metric Limit(string name, string help) => Metric.Gauge($"openstack_nova_limits_{name}", help, "tenant", "tenant_id");
}
