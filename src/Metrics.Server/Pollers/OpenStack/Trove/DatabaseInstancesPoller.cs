using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Trove;

/// <summary>Trove's database instances, of all projects.</summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/database/#list-database-instances-admin ; values of the status are openstack-exporter's.
/// </remarks>
internal sealed class DatabaseInstancesPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Trove)
{
    private static readonly string[] s_statuses =
        ["NEW", "BUILD", "ACTIVE", "REBOOT", "RESIZE", "UPGRADE", "RESTART_REQUIRED", "PROMOTE", "EJECT", "DETACH", "SHUTDOWN", "BACKUP",
            "ERROR"];
    private static readonly string[] s_labels =
        ["datastore_type", "datastore_version", "health_status", "id", "name", "region", "status", "tenant_id"];
    private static readonly Metric s_count = Metric.Gauge("openstack_trove_total_instances", "Database instances.");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_trove_instance_status",
            "Status of a database instance: " + string.Join(", ", s_statuses.Select((s, i) => $"{i} {s}")) + ".", s_labels);
    private static readonly Metric s_size =
        Metric.Gauge("openstack_trove_instance_volume_size_gb", "GiB of the volume of a database instance.", s_labels);
    private static readonly Metric s_used =
        Metric.Gauge("openstack_trove_instance_volume_used_gb", "GiB in use on the volume of a database instance, where its guest tells.",
            s_labels);

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement i in Api.ListAsync("/mgmt/instances?include_clustered=False&deleted=False", "instances", ct))
        {
            count++;
            JsonElement volume = i.Child("volume") ?? default, datastore = i.Child("datastore") ?? default;
            string[] labels =
                [datastore.Text("type"), datastore.Text("version"), i.Text("health_status"), i.Text("id"), i.Text("name"), i.Text("region"),
                    i.Text("status"), i.Text("tenant_id")];
            sink.Add(s_status, Array.IndexOf(s_statuses, i.Text("status")), labels);
            if (volume.Number("size") is var size && !double.IsNaN(size))
                sink.Add(s_size, size, labels);
            if (volume.Number("used") is var used && !double.IsNaN(used))
                sink.Add(s_used, used, labels);
        }
        sink.Add(s_count, count);
    }
}
