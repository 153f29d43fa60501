using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Cinder;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Manila;

/// <summary>Manila's shares, of all projects.</summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/shared-file-system/#list-shares-with-details ; values of the status are openstack-exporter's, which
/// are those of volumes.
/// </remarks>
internal sealed class SharesPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Manila)
{
    private static readonly string[] s_statuses =
    [
        "creating", "available", "updating", "migrating", "migration_error", "extending", "deleting", "shrinking", "error",
            "error_deleting", "shrinking_error", "reverting_error", "restoring", "reverting",
        "managing", "unmanaging", "reverting_to_snapshot", "soft_deleting", "inactive",
    ];

    private static readonly Metric s_count = Metric.Gauge("openstack_sharev2_shares_counter", "Shares.");
    private static readonly Metric s_size =
        Metric.Gauge("openstack_sharev2_share_gb", "GiB of a share.", "id", "name", "status", "availability_zone", "share_type",
            "share_proto", "share_type_name", "project_id");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_sharev2_share_status",
            "Status of a share, numbered as in openstack_cinder_volume_status; -1 is one that volumes do not have.",
        "id", "name", "status", "size", "share_type", "share_proto", "share_type_name", "project_id");
    private static readonly Metric s_byStatus = Metric.Gauge("openstack_sharev2_share_status_counter", "Shares by status.", "status");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        Dictionary<string, int> byStatus = s_statuses.ToDictionary(s => s, _ => 0);
        int count = 0;
        await foreach (JsonElement s in Api.ListAsync("/shares/detail?all_tenants=true&limit=1000", "shares", ct))
        {
            count++;
            string id = s.Text("id"), name = s.Text("name"), status = s.Text("status"), type = s.Text("share_type"),
                protocol = s.Text("share_proto"), typeName = s.Text("share_type_name"), project = s.Text("project_id");
            byStatus[status] = byStatus.GetValueOrDefault(status) + 1;
            sink.Add(s_size, s.Number("size"), id, name, status, s.Text("availability_zone"), type, protocol, typeName, project);
            sink.Add(s_status, VolumesPoller.StatusNumber(status), id, name, status, s.Text("size"), type, protocol, typeName, project);
        }
        sink.Add(s_count, count);
        foreach ((string status, int shares) in byStatus)
            sink.Add(s_byStatus, shares, status);
    }
}
