using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Designate;

/// <summary>Designate's zones and recordsets, of all projects.</summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/dns/dns-api-v2-index.html#list-zones ; values of the status are openstack-exporter's.
/// </remarks>
internal sealed class ZonesPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Designate)
{
    private static readonly string[] s_statuses = ["PENDING", "ACTIVE", "DELETED", "ERROR"];
    private static readonly string s_meaning = string.Join(", ", s_statuses.Select((s, i) => $"{i} {s}"));
    private static readonly Metric s_count = Metric.Gauge("openstack_designate_zones", "DNS zones.");
    private static readonly Metric s_status =
        Metric.Gauge("openstack_designate_zone_status", $"Status of a zone: {s_meaning}.", "id", "name", "status", "tenant_id", "type");
    private static readonly Metric s_recordsets =
        Metric.Gauge("openstack_designate_recordsets", "Recordsets of a zone.", "zone_id", "zone_name", "tenant_id");
    private static readonly Metric s_recordsetStatus =
        Metric.Gauge("openstack_designate_recordsets_status", $"Status of a recordset: {s_meaning}.", "id", "name", "status", "zone_id",
            "zone_name", "type");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        var zones = new List<(string Id, string Name, string Project)>();
        await foreach (JsonElement z in Api.ListAsync("/zones?limit=1000", "zones", ct))
        {
            (string id, string name, string project, string status) =
                (z.Text("id"), z.Text("name"), z.Text("project_id"), z.Text("status"));
            zones.Add((id, name, project));
            sink.Add(s_status, Value(status), id, name, status, project, z.Text("type"));
        }
        sink.Add(s_count, zones.Count);
        var counts = zones.ToDictionary(z => z.Id, _ => 0);
        try
        {
            await AddRecordsetsAsync(sink, "/recordsets?limit=1000", counts, ct);
        }
        catch (CloudException e) when (e.Status == 404)
        {
            // Releases before Mitaka list them by zone only.
            foreach (string zone in counts.Keys.ToList())
                await AddRecordsetsAsync(sink, $"/zones/{zone}/recordsets?limit=1000", counts, ct);
        }
        foreach ((string id, string name, string project) in zones)
            sink.Add(s_recordsets, counts[id], id, name, project);
    }

    private async Task AddRecordsetsAsync(SampleSink sink, string path, Dictionary<string, int> counts, CancellationToken ct)
    {
        await foreach (JsonElement r in Api.ListAsync(path, "recordsets", ct))
        {
            string zone = r.Text("zone_id"), status = r.Text("status");
            counts[zone] = counts.GetValueOrDefault(zone) + 1;
            sink.Add(s_recordsetStatus, Value(status), r.Text("id"), r.Text("name"), status, zone, r.Text("zone_name"), r.Text("type"));
        }
    }

    private static int Value(string status) => Array.IndexOf(s_statuses, status.ToUpperInvariant());
}
