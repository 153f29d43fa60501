using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Magnum;

/// <summary>Magnum's clusters.</summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/container-infrastructure-management/#list-all-clusters ; values of the status are
/// openstack-exporter's.
/// </remarks>
internal sealed class ClustersPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Magnum)
{
    private static readonly string[] s_statuses =
    [
        "CREATE_COMPLETE", "CREATE_FAILED", "CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_COMPLETE",
            "DELETE_IN_PROGRESS", "DELETE_FAILED", "DELETE_COMPLETE", "RESUME_COMPLETE",
        "RESUME_FAILED", "RESTORE_COMPLETE", "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "SNAPSHOT_COMPLETE",
            "CHECK_COMPLETE", "ADOPT_COMPLETE",
    ];

    private static readonly Metric s_count = Metric.Gauge("openstack_container_infra_total_clusters", "Clusters.");
    private static readonly Metric s_masters =
        Metric.Gauge("openstack_container_infra_cluster_masters", "Masters of a cluster.", "uuid", "name", "stack_id", "status",
            "node_count", "project_id");
    private static readonly Metric s_nodes =
        Metric.Gauge("openstack_container_infra_cluster_nodes", "Nodes of a cluster.", "uuid", "name", "stack_id", "status", "master_count",
            "project_id");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_container_infra_cluster_status",
            "Status of a cluster: " + string.Join(", ", s_statuses.Select((s, i) => $"{i} {s}")) + ".",
        "uuid", "name", "stack_id", "status", "node_count", "master_count", "project_id");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement c in Api.ListAsync("/clusters", "clusters", ct))
        {
            count++;
            string id = c.Text("uuid"), name = c.Text("name"), stack = c.Text("stack_id"), status = c.Text("status"),
                nodes = c.Text("node_count"), masters = c.Text("master_count"), project = c.Text("project_id");
            sink.Add(s_masters, c.Number("master_count"), id, name, stack, status, nodes, project);
            sink.Add(s_nodes, c.Number("node_count"), id, name, stack, status, masters, project);
            sink.Add(s_status, Array.IndexOf(s_statuses, status), id, name, stack, status, nodes, masters, project);
        }
        sink.Add(s_count, count);
    }
}
