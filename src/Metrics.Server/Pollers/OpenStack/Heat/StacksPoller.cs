using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Heat;

/// <summary>Heat's stacks, those of all projects where the account may see them.</summary>
/// <remarks>https://docs.openstack.org/api-ref/orchestration/v1/#list-stacks ; values of the status are openstack-exporter's.</remarks>
internal sealed class StacksPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Heat)
{
    private static readonly string[] s_actions =
        ["INIT", "CREATE", "DELETE", "UPDATE", "ROLLBACK", "SUSPEND", "RESUME", "ADOPT", "SNAPSHOT", "CHECK"];
    private static readonly string[] s_statuses =
        [.. s_actions.SelectMany(a => new[] { $"{a}_IN_PROGRESS", $"{a}_FAILED", $"{a}_COMPLETE" })];
    private static readonly Metric s_status =
        Metric.Gauge("openstack_heat_stack_status",
            "Status of a stack: " + string.Join(", ", s_statuses.Select((s, i) => $"{i} {s}")) + ".", "id", "name", "project_id", "status");
    private static readonly Metric s_byStatus = Metric.Gauge("openstack_heat_stack_status_counter", "Stacks by status.", "status");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        Dictionary<string, int> byStatus = s_statuses.ToDictionary(s => s, _ => 0);
        await foreach (JsonElement s in Api.ListAsync("/stacks?global_tenant=true&limit=1000", "stacks", ct))
        {
            string status = s.Text("stack_status");
            byStatus[status] = byStatus.GetValueOrDefault(status) + 1;
            sink.Add(s_status, Array.IndexOf(s_statuses, status), s.Text("id"), s.Text("stack_name"), s.Text("project"), status);
        }
        foreach ((string status, int count) in byStatus)
            sink.Add(s_byStatus, count, status);
    }
}
