using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Cinder;

/// <summary>Snapshots of volumes of all projects.</summary>
/// <remarks>https://docs.openstack.org/api-ref/block-storage/v3/#list-snapshots-and-details</remarks>
internal sealed class SnapshotsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Cinder)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_cinder_snapshots", "Snapshots.");
    private static readonly Metric s_byStatus = Metric.Gauge("openstack_cinder_snapshot_status_counter", "Snapshots by status.", "status");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        ResourceList snapshots = Cloud.Inventory.Begin(ResourceKind.Snapshot, Cloud.Time);
        var byStatus = new Dictionary<string, int>();
        await foreach (JsonElement s in Api.ListAsync("/snapshots/detail?all_tenants=true&limit=1000", "snapshots", ct))
        {
            string id = s.Text("id");
            snapshots.Add(
                new Resource(
                id, s.Text("name"), s.Text("os-extended-snapshot-attributes:project_id"), s.Text("user_id"), s.Time("created_at"))
            {
                DiskGiB = s.Number("size"), Parent = s.Text("volume_id") is { Length: > 0 } volume ? (ResourceKind.Volume, volume) : null,
            });
            byStatus[s.Text("status")] = byStatus.GetValueOrDefault(s.Text("status")) + 1;
        }
        sink.Add(s_count, snapshots.Count);
        foreach ((string status, int count) in byStatus)
            sink.Add(s_byStatus, count, status);
        snapshots.Complete();
    }
}
