using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Nova;

/// <summary>
/// Servers of all projects. After one complete list only what has changed is asked for (<c>changes-since</c>), so that a quiet cloud costs
/// one call; now and then everything is listed anew.
/// </summary>
/// <remarks>https://docs.openstack.org/api-ref/compute/#list-servers-detailed ; values of the status are openstack-exporter's.</remarks>
internal sealed class ServersPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Nova)
{
    private const string All = "/servers/detail?all_tenants=true&limit=1000";

    /// <summary>Everything is listed anew after this time.</summary>
    private static readonly TimeSpan s_completeAfter = TimeSpan.FromMinutes(30);

    /// <summary>Changes are asked for from this long before the last list began: clocks differ, and commits come late.</summary>
    private static readonly TimeSpan s_overlap = TimeSpan.FromMinutes(2);

    private static readonly string[] s_statuses =
    [
        "ACTIVE", "BUILD", "BUILD(spawning)", "DELETED", "ERROR", "HARD_REBOOT", "PASSWORD", "REBOOT", "REBUILD", "RESCUE", "RESIZE",
            "SHUTOFF", "SUSPENDED", "UNKNOWN", "VERIFY_RESIZE",
        "MIGRATING", "PAUSED", "REVERT_RESIZE", "SHELVED", "SHELVED_OFFLOADED", "SOFT_DELETED",
    ];

    private static readonly Metric s_total = Metric.Gauge("openstack_nova_total_vms", "Servers.");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_nova_server_status",
            "Status of a server: " + string.Join(", ", s_statuses.Select((s, i) => $"{i} {s}")) + ".",
        "id", "status", "name", "tenant_id", "user_id", "address_ipv4", "address_ipv6", "host_id", "hypervisor_hostname", "uuid",
            "availability_zone", "flavor_id", "instance_libvirt");
    private static readonly Metric s_disk =
        Metric.Gauge("openstack_nova_server_local_gb", "Local disk of a server, GiB.", "name", "id", "tenant_id");
    private static readonly Metric s_running =
        Metric.Gauge("openstack_nova_running_vms", "Active servers by hypervisor and project.", "hostname", "availability_zone",
            "aggregates", "tenant_id");
    private static readonly Metric s_byStatus = Metric.Gauge("openstack_nova_server_status_counter", "Servers by status.", "status");
    private static readonly Metric s_byFlavor = Metric.Gauge("openstack_nova_servers_by_flavor", "Servers by flavour.", "flavor");
    private static readonly Metric s_transition =
        Metric.Gauge("openstack_nova_server_transition_age_seconds", "For how long a server has been in ERROR, building, or at one task.",
        "id", "name", "status", "task_state", "tenant_id", "hypervisor_hostname");

    private Dictionary<string, Server> _servers = [];
    private DateTimeOffset _completeAt;
    private DateTimeOffset _listedAt;

    /// <summary>What is kept of a server.</summary>
    private sealed record Server(
        Resource Resource, string Status, string TaskState, string Flavor, string Hypervisor, string Zone, string Host,
        DateTimeOffset Updated)
    {
        public required Labels Series { get; set; }

        public required Labels DiskSeries { get; set; }

        /// <summary>Its flavour is younger than our list of them, or gone.</summary>
        public bool LacksFlavorId { get; set; }
    }

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        DateTimeOffset started = Cloud.Time.GetUtcNow();
        ResourceList list = Cloud.Inventory.Begin(ResourceKind.Server, Cloud.Time);
        if (Cloud.Inventory.FlavorIds.Count == 0)
            Cloud.Inventory.FlavorIds = await FlavorsPoller.ReadIdsAsync(Api, ct);
        bool complete = started - _completeAt >= s_completeAfter;
        if (complete)
        {
            var servers = new Dictionary<string, Server>(_servers.Count);
            await foreach (JsonElement s in Api.ListAsync(All, "servers", ct))
            {
                if (Read(s) is { } server)
                    servers[server.Resource.Id] = server;
            }
            (_servers, _completeAt) = (servers, started);
        }
        else
        {
            var changed = new Dictionary<string, Server?>();
            string since = Timestamp.Of(_listedAt - s_overlap).ToSecondsText();
            await foreach (JsonElement s in Api.ListAsync($"{All}&changes-since={Uri.EscapeDataString(since)}", "servers", ct))
                changed[s.Text("id")] = Read(s);
            foreach ((string id, Server? server) in changed)
            {
                if (server is null)
                    _servers.Remove(id);
                else
                    _servers[id] = server;
            }
        }
        _listedAt = started;
        Report(sink, started);
        foreach (Server server in _servers.Values)
            list.Add(server.Resource);
        list.Complete();
    }

    /// <summary>A server, or null when it is gone.</summary>
    private Server? Read(JsonElement s)
    {
        string status = s.Text("status");
        if (status == "DELETED")
            return null;
        string id = s.Text("id"), name = s.Text("name"), project = s.Text("tenant_id");
        string hypervisor = s.Text("OS-EXT-SRV-ATTR:hypervisor_hostname"), zone = s.Text("OS-EXT-AZ:availability_zone");
        JsonElement? flavor = s.Child("flavor");
        string flavorName = flavor?.Text("original_name") ?? "";
        // Newer microversions tell a flavour's name in place of its id.
        string flavorId = flavor?.Text("id") is { Length: > 0 } told ? told : Cloud.Inventory.FlavorIds.GetValueOrDefault(flavorName, "");
        double disk = (flavor?.Number("disk") ?? double.NaN) + (flavor?.Number("ephemeral") is { } e && !double.IsNaN(e) ? e : 0);
        var resource = new Resource(id, name, project, s.Text("user_id"), s.Time("created"))
        {
            Vcpus = flavor?.Number("vcpus") ?? double.NaN, MemoryMiB = flavor?.Number("ram") ?? double.NaN, DiskGiB = disk,
        };
        Labels series = s_status.Series(
            id, status, name, project, resource.UserId, s.Text("accessIPv4"), s.Text("accessIPv6"), s.Text("hostId"), hypervisor, id, zone,
                flavorId, s.Text("OS-EXT-SRV-ATTR:instance_name"));
        return new Server(
            resource, status, s.Text("OS-EXT-STS:task_state"), flavorName.Length > 0 ? flavorName : flavorId, hypervisor, zone,
            s.Text("OS-EXT-SRV-ATTR:host"), s.Time("updated") ?? DateTimeOffset.UnixEpoch)
        {
            Series = series, DiskSeries = s_disk.Series(name, id, project), LacksFlavorId = flavorId.Length == 0,
        };
    }

    private void Report(SampleSink sink, DateTimeOffset now)
    {
        var running = new Dictionary<(string, string, string, string), int>();
        (Dictionary<string, int> byStatus, Dictionary<string, int> byFlavor) =
            (s_statuses.Where(s => s != "DELETED").ToDictionary(s => s, _ => 0), []);
        sink.Add(s_total, _servers.Count);
        foreach (Server server in _servers.Values)
        {
            if (server.LacksFlavorId && Cloud.Inventory.FlavorIds.TryGetValue(server.Flavor, out string? flavorId))
                (server.Series, server.LacksFlavorId) = (server.Series.With("flavor_id", flavorId), false);
            server.Series = sink.AddSeries(s_status, Array.IndexOf(s_statuses, server.Status), server.Series);
            if (!double.IsNaN(server.Resource.DiskGiB))
                server.DiskSeries = sink.AddSeries(s_disk, server.Resource.DiskGiB, server.DiskSeries);
            byStatus[server.Status] = byStatus.GetValueOrDefault(server.Status) + 1;
            byFlavor[server.Flavor] = byFlavor.GetValueOrDefault(server.Flavor) + 1;
            if (server.Status == "ACTIVE" && server.Hypervisor.Length > 0)
            {
                var key =
                    (server.Hypervisor, server.Zone, Cloud.Inventory.Hosts.GetValueOrDefault(server.Host).Aggregates ?? "",
                        server.Resource.ProjectId);
                running[key] = running.GetValueOrDefault(key) + 1;
            }
            if (server.Status is "ERROR" or "BUILD" || server.TaskState.Length > 0)
                sink.Add(
                    s_transition, (now - server.Updated).TotalSeconds, server.Resource.Id, server.Resource.Name, server.Status,
                    server.TaskState, server.Resource.ProjectId, server.Hypervisor);
        }
        foreach (((string host, string zone, string aggregates, string project), int count) in running)
            sink.Add(s_running, count, host, zone, aggregates, project);
        foreach ((string status, int count) in byStatus)
            sink.Add(s_byStatus, count, status);
        foreach ((string flavor, int count) in byFlavor)
            sink.Add(s_byFlavor, count, flavor);
    }
}
