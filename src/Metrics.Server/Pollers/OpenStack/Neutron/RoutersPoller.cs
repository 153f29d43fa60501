using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Neutron;

/// <summary>
/// Routers, and which agents carry them. The agents are asked for one router at a time, each once in <c>slow_interval</c>.
/// </summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/network/v2/#list-routers ;
/// https://docs.openstack.org/api-ref/network/v2/#list-l3-agents-hosting-a-router
/// </remarks>
internal sealed class RoutersPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Neutron)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_neutron_routers", "Routers.");
    private static readonly Metric s_down = Metric.Gauge("openstack_neutron_routers_not_active", "Routers that are not active.");
    private static readonly Metric s_router =
        Metric.Gauge("openstack_neutron_router", "A constant 1 for each router.", "id", "name", "project_id", "admin_state_up", "status",
            "external_network_id");

    private readonly RouterAgents _agents = new(cloud);

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        ResourceList routers = Cloud.Inventory.Begin(ResourceKind.Router, Cloud.Time);
        int down = 0;
        await foreach (JsonElement r in Api.ListAsync("/routers?limit=1000", "routers", ct))
        {
            string id = r.Text("id"), name = r.Text("name"), project = r.Text("project_id") is { Length: > 0 } p ? p : r.Text("tenant_id");
            down += r.Text("status") == "ACTIVE" ? 0 : 1;
            routers.Add(new Resource(id, name, project, Created: r.Time("created_at")));
            sink.Add(
                s_router, 1, id, name, project, r.Flag("admin_state_up") ? "true" : "false", r.Text("status"),
                r.Child("external_gateway_info")?.Text("network_id") ?? "");
        }
        sink.Add(s_count, routers.Count);
        sink.Add(s_down, down);
        routers.Complete();
        await _agents.PollAsync(sink, ct);
    }

    private sealed class RouterAgents(WatchedCloud cloud) : SlicedPoller(cloud, CloudService.Neutron)
    {
        private static readonly Metric s_agent =
            Metric.Gauge("openstack_neutron_l3_agent_of_router", "Whether an agent that carries a router is alive.", "router_id",
                "l3_agent_id", "ha_state", "agent_alive", "agent_admin_up", "agent_host");

        protected override IReadOnlyCollection<(string Id, string Name)>? Things =>
            [.. (Cloud.Inventory[ResourceKind.Router]?.Items.Values ?? []).Select(r => (r.Id, r.Name))];

        protected override async Task<List<CloudValue>> AskAsync(string id, string name, CancellationToken ct)
        {
            JsonDocument answer;
            try
            {
                answer = await Api.GetAsync($"/routers/{id}/l3-agents", "/routers/{router}/l3-agents", ct: ct);
            }
            catch (CloudException e) when (e.Status == 404)
            {
                // The router has gone, or this Neutron has no such agents, as with OVN.
                return [];
            }
            using (answer)
            {
                return [.. answer.RootElement.Items("agents").Select(a => new CloudValue(
                    s_agent,
                        s_agent.Series(
                        id, a.Text("id"), a.Text("ha_state"), a.Flag("alive") ? "true" : "false",
                        a.Flag("admin_state_up") ? "true" : "false", a.Text("host")), a.Flag("alive") ? 1 : 0))];
            }
        }
    }
}
