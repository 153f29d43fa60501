using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.Cloud.Client;

namespace Metrics.Pollers.Cloud.Identity;

/// <summary>Groups: how many.</summary>
/// <remarks>https://docs.openstack.org/api-ref/identity/v3/#list-groups</remarks>
internal sealed class GroupsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Identity)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_identity_groups", "Groups.");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement _ in Api.ListAsync("/groups", "groups", ct))
            count++;
        sink.Add(s_count, count);
    }
}
