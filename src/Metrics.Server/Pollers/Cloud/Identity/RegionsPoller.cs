using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.Cloud.Client;

namespace Metrics.Pollers.Cloud.Identity;

/// <summary>Regions: how many.</summary>
/// <remarks>https://docs.openstack.org/api-ref/identity/v3/#list-regions</remarks>
internal sealed class RegionsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Identity)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_identity_regions", "Regions.");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement _ in Api.ListAsync("/regions", "regions", ct))
            count++;
        sink.Add(s_count, count);
    }
}
