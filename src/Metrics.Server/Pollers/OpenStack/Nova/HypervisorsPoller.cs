using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Nova;

/// <summary>Hypervisors: what each has and uses, with its availability zone and aggregates.</summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/compute/#list-hypervisors-details ; https://docs.openstack.org/api-ref/compute/#list-aggregates
/// </remarks>
internal sealed class HypervisorsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Nova)
{
    private const double MiB = 1 << 20;
    private const double GiB = 1 << 30;
    private static readonly string[] s_labels = ["hostname", "availability_zone", "aggregates"];

    private static readonly Metric s_up =
        Metric.Gauge("openstack_nova_hypervisor_up", "Whether a hypervisor is up.", "hostname", "availability_zone", "aggregates",
            "status");
    private static readonly Metric s_workload =
        Metric.Gauge("openstack_nova_current_workload", "Tasks that a hypervisor works at: builds, migrations, resizes.", s_labels);
    private static readonly Metric s_vcpus = Metric.Gauge("openstack_nova_vcpus_available", "Processors of a hypervisor.", s_labels);
    private static readonly Metric s_vcpusUsed =
        Metric.Gauge("openstack_nova_vcpus_used", "Virtual processors of a hypervisor's servers.", s_labels);
    private static readonly Metric s_memory = Metric.Gauge("openstack_nova_memory_available_bytes", "Memory of a hypervisor.", s_labels);
    private static readonly Metric s_memoryUsed =
        Metric.Gauge("openstack_nova_memory_used_bytes", "Memory of a hypervisor's servers, and what is reserved.", s_labels);
    private static readonly Metric s_disk =
        Metric.Gauge("openstack_nova_local_storage_available_bytes", "Local disk of a hypervisor.", s_labels);
    private static readonly Metric s_diskUsed =
        Metric.Gauge("openstack_nova_local_storage_used_bytes", "Local disk of a hypervisor's servers.", s_labels);
    private static readonly Metric s_diskFree =
        Metric.Gauge("openstack_nova_free_disk_bytes", "Local disk of a hypervisor that is free.", s_labels);

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        Dictionary<string, (string Aggregates, string Zone)> hosts = await ReadAggregatesAsync(ct);
        Cloud.Inventory.Hosts = hosts;
        await foreach (JsonElement h in Api.ListAsync("/os-hypervisors/detail", "hypervisors", ct))
        {
            (string aggregates, string zone) = hosts.GetValueOrDefault(h.Child("service")?.Text("host") ?? "", ("", ""));
            string[] labels = [h.Text("hypervisor_hostname"), zone, aggregates];
            sink.Add(s_up, h.Text("state") == "up" ? 1 : 0, [.. labels, h.Text("status")]);
            Add(sink, s_workload, h.Number("current_workload"), labels);
            Add(sink, s_vcpus, Processors(h), labels);
            Add(sink, s_vcpusUsed, h.Number("vcpus_used"), labels);
            Add(sink, s_memory, h.Number("memory_mb") * MiB, labels);
            Add(sink, s_memoryUsed, h.Number("memory_mb_used") * MiB, labels);
            Add(sink, s_disk, h.Number("local_gb") * GiB, labels);
            Add(sink, s_diskUsed, h.Number("local_gb_used") * GiB, labels);
            Add(sink, s_diskFree, h.Number("free_disk_gb") * GiB, labels);
        }
    }

    /// <summary>What a service does not tell is not there, rather than nothing.</summary>
    private static void Add(SampleSink sink, Metric metric, double value, string[] labels)
    {
        if (!double.IsNaN(value))
            sink.Add(metric, value, labels);
    }

    /// <summary>By the topology where it is told, as openstack-exporter counts: pinned processors are not among <c>vcpus</c>.</summary>
    private static double Processors(JsonElement hypervisor)
    {
        if (hypervisor.Child("cpu_info")?.Child("topology") is not { } topology)
            return hypervisor.Number("vcpus");
        double count = topology.Number("sockets") * topology.Number("cores") * topology.Number("threads") * Math.Max(
            1, double.IsNaN(topology.Number("cells")) ? 1 : topology.Number("cells"));
        return count > 0 ? count : hypervisor.Number("vcpus");
    }

    private async Task<Dictionary<string, (string Aggregates, string Zone)>> ReadAggregatesAsync(CancellationToken ct)
    {
        (Dictionary<string, string> zones, Dictionary<string, SortedSet<string>> aggregates) = ([], []);
        await foreach (JsonElement a in Api.ListAsync("/os-aggregates", "aggregates", ct))
        {
            string zone = a.Text("availability_zone");
            JsonElement? metadata = a.Child("metadata");
            bool onlyZone = metadata is { } m && m.EnumerateObject().Count() == 1 && m.TryGetProperty("availability_zone", out _);
            foreach (string host in a.Texts("hosts"))
            {
                if (zone.Length > 0)
                    zones[host] = zone;
                if (!onlyZone)
                    (aggregates.TryGetValue(host, out SortedSet<string>? names)
                        ? names
                        : aggregates[host] = new SortedSet<string>(StringComparer.Ordinal)).Add(a.Text("name"));
            }
        }
        return zones.Keys.Union(aggregates.Keys)
            .ToDictionary(h => h, h => (string.Join(',', aggregates.GetValueOrDefault(h) ?? []), zones.GetValueOrDefault(h, "")));
    }
}
