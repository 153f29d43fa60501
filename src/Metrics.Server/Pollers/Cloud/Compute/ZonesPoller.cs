using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.Cloud.Client;

namespace Metrics.Pollers.Cloud.Compute;

/// <summary>Availability zones: how many.</summary>
/// <remarks>https://docs.openstack.org/api-ref/compute/#get-availability-zone-information</remarks>
internal sealed class ZonesPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Nova)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_nova_availability_zones", "Availability zones.");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement _ in Api.ListAsync("/os-availability-zone", "availabilityZoneInfo", ct))
            count++;
        sink.Add(s_count, count);
    }
}
