using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack;

/// <summary>How many there are of something of which nothing else is told.</summary>
internal sealed class CountPoller(WatchedCloud cloud, CloudService service, Metric metric, string path, string key)
    : CloudPoller(cloud, service)
{
    private static readonly Metric s_groups = Metric.Gauge("openstack_identity_groups", "Groups of users.");
    private static readonly Metric s_regions = Metric.Gauge("openstack_identity_regions", "Regions.");
    private static readonly Metric s_zones = Metric.Gauge("openstack_nova_availability_zones", "Availability zones.");

    /// <remarks>https://docs.openstack.org/api-ref/identity/v3/#list-groups</remarks>
    public static CountPoller Groups(WatchedCloud cloud) => new(cloud, CloudService.Identity, s_groups, "/groups", "groups");

    /// <remarks>https://docs.openstack.org/api-ref/identity/v3/#list-regions</remarks>
    public static CountPoller Regions(WatchedCloud cloud) => new(cloud, CloudService.Identity, s_regions, "/regions", "regions");

    /// <remarks>https://docs.openstack.org/api-ref/compute/#get-availability-zone-information</remarks>
    public static CountPoller Zones(WatchedCloud cloud) =>
        new(cloud, CloudService.Nova, s_zones, "/os-availability-zone", "availabilityZoneInfo");

    protected override string Collection => metric.Name;

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement _ in Api.ListAsync(path, key, ct))
            count++;
        sink.Add(metric, count);
    }
}
