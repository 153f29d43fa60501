using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Cinder;

/// <summary>Quotas and usage of each project in Cinder, by volume type too.</summary>
/// <remarks>https://docs.openstack.org/api-ref/block-storage/v3/#show-quota-usage-for-a-project</remarks>
internal sealed class VolumeQuotasPoller(WatchedCloud cloud) : SlicedPoller(cloud, CloudService.Cinder)
{
    private const string TypePrefix = "gigabytes_";

    private static readonly (string Quota, Metric Most, Metric Used)[] s_limits =
    [
        ("gigabytes", Limit("limits_volume_max_gb", "GiB of volumes that a project may have; -1 is any number."),
            Limit("limits_volume_used_gb", "GiB of volumes that a project has.")),
        ("backup_gigabytes", Limit("limits_backup_max_gb", "GiB of backups that a project may have; -1 is any number."),
            Limit("limits_backup_used_gb", "GiB of backups that a project has.")),
        ("volumes", Limit("limits_volumes_max", "Volumes that a project may have; -1 is any number."),
            Limit("limits_volumes_used", "Volumes that a project has.")),
        ("snapshots", Limit("limits_snapshots_max", "Snapshots that a project may have; -1 is any number."),
            Limit("limits_snapshots_used", "Snapshots that a project has.")),
    ];

    private static readonly Metric s_byType =
        Metric.Gauge("openstack_cinder_volume_type_quota_gigabytes", "GiB of volumes of a type that a project may have; -1 is any number.",
            "tenant", "tenant_id", "volume_type");

    protected override IReadOnlyCollection<(string Id, string Name)>? Things => Cloud.ProjectNames();

    protected override async Task<List<CloudValue>> AskAsync(string id, string name, CancellationToken ct)
    {
        using JsonDocument answer = await Api.GetAsync($"/os-quota-sets/{id}?usage=true", "/os-quota-sets/{project}", ct: ct);
        if (answer.RootElement.Child("quota_set") is not { } quotas)
            throw new CloudException("cinder /os-quota-sets: the answer has no quota_set");
        var values = new List<CloudValue>();
        foreach ((string quota, Metric max, Metric used) in s_limits)
        {
            if (quotas.Child(quota) is not { } detail)
                continue;
            values.Add(new CloudValue(max, max.Series(name, id), detail.Number("limit")));
            values.Add(new CloudValue(used, used.Series(name, id), detail.Number("in_use")));
        }
        foreach (JsonProperty byType in quotas.EnumerateObject().Where(p => p.Name.StartsWith(TypePrefix, StringComparison.Ordinal)))
            values.Add(new CloudValue(s_byType, s_byType.Series(name, id, byType.Name[TypePrefix.Length..]), byType.Value.Number("limit")));
        return values;
    }

    private static Metric Limit(string name, string help) => Metric.Gauge($"openstack_cinder_{name}", help, "tenant", "tenant_id");
}
