using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Cinder;

/// <summary>Volumes of all projects.</summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/block-storage/v3/#list-accessible-volumes-with-details ; values of the status are
/// openstack-exporter's.
/// </remarks>
internal sealed class VolumesPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Cinder)
{
    private static readonly string[] s_statuses =
    [
        "creating", "available", "reserved", "attaching", "detaching", "in-use", "maintenance", "deleting", "awaiting-transfer", "error",
            "error_deleting", "backing-up", "restoring-backup",
        "error_backing-up", "error_restoring", "error_extending", "downloading", "uploading", "retyping", "extending",
    ];

    private static readonly Metric s_count = Metric.Gauge("openstack_cinder_volumes", "Volumes.");
    private static readonly Metric s_size =
        Metric.Gauge("openstack_cinder_volume_gb", "GiB of a volume.", "id", "name", "status", "availability_zone", "bootable", "tenant_id",
            "user_id", "volume_type", "server_id");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_cinder_volume_status",
            "Status of a volume: " + string.Join(", ", s_statuses.Select((s, i) => $"{i} {s}")) + ".",
        "id", "name", "status", "bootable", "tenant_id", "size", "volume_type", "server_id");
    private static readonly Metric s_byStatus = Metric.Gauge("openstack_cinder_volume_status_counter", "Volumes by status.", "status");
    private static readonly Metric s_byType =
        Metric.Gauge("openstack_cinder_volume_type_gb", "GiB of all volumes of a type.", "volume_type");

    /// <summary>The number of a status; -1 for one that volumes do not have.</summary>
    public static int StatusNumber(string status) => Array.IndexOf(s_statuses, status);

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        ResourceList volumes = Cloud.Inventory.Begin(ResourceKind.Volume, Cloud.Time);
        (Dictionary<string, int> byStatus, Dictionary<string, double> byType) = (s_statuses.ToDictionary(s => s, _ => 0), []);
        await foreach (JsonElement v in Api.ListAsync("/volumes/detail?all_tenants=true&limit=1000", "volumes", ct))
        {
            string id = v.Text("id"), name = v.Text("name"), status = v.Text("status"), project = v.Text("os-vol-tenant-attr:tenant_id"),
                type = v.Text("volume_type"), size = v.Text("size");
            string server = v.Items("attachments").Select(a => a.Text("server_id")).FirstOrDefault() ?? "";
            double gigabytes = v.Number("size");
            volumes.Add(new Resource(id, name, project, v.Text("user_id"), v.Time("created_at"))
            {
                DiskGiB = gigabytes, Parent = server.Length > 0 ? (ResourceKind.Server, server) : null,
            });
            byStatus[status] = byStatus.GetValueOrDefault(status) + 1;
            byType[type] = byType.GetValueOrDefault(type) + gigabytes;
            sink.Add(
                s_size, gigabytes, id, name, status, v.Text("availability_zone"), v.Text("bootable"), project, v.Text("user_id"), type,
                server);
            sink.Add(s_status, StatusNumber(status), id, name, status, v.Text("bootable"), project, size, type, server);
        }
        sink.Add(s_count, volumes.Count);
        foreach ((string status, int count) in byStatus)
            sink.Add(s_byStatus, count, status);
        foreach ((string type, double gigabytes) in byType)
            sink.Add(s_byType, gigabytes, type);
        volumes.Complete();
    }
}
