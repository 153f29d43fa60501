using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Cinder;

/// <summary>
/// Storage pools as Cinder's scheduler sees them. A pool whose size is <c>infinite</c> or <c>unknown</c> has no capacity series.
/// </summary>
/// <remarks>https://docs.openstack.org/api-ref/block-storage/v3/#list-all-back-end-storage-pools</remarks>
internal sealed class PoolsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Cinder)
{
    private static readonly string[] s_labels = ["name", "volume_backend_name", "vendor_name"];
    private static readonly Metric s_free =
        Metric.Gauge("openstack_cinder_pool_capacity_free_gb", "GiB that are free in a pool.", s_labels);
    private static readonly Metric s_total = Metric.Gauge("openstack_cinder_pool_capacity_total_gb", "GiB of a pool.", s_labels);
    private static readonly Metric s_provisioned =
        Metric.Gauge("openstack_cinder_pool_provisioned_capacity_gb", "GiB that a pool has promised.", s_labels);
    private static readonly Metric s_ratio =
        Metric.Gauge("openstack_cinder_pool_max_over_subscription_ratio", "How many times a pool may promise what it has.", s_labels);

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        await foreach (JsonElement p in Api.ListAsync("/scheduler-stats/get_pools?detail=true", "pools", ct))
        {
            if (p.Child("capabilities") is not { } c)
                continue;
            string[] labels = [p.Text("name"), c.Text("volume_backend_name"), c.Text("vendor_name")];
            Add(sink, s_free, c.Number("free_capacity_gb"), labels);
            Add(sink, s_total, c.Number("total_capacity_gb"), labels);
            Add(sink, s_provisioned, c.Number("provisioned_capacity_gb"), labels);
            Add(sink, s_ratio, c.Number("max_over_subscription_ratio"), labels);
        }
    }

    private static void Add(SampleSink sink, Metric metric, double value, string[] labels)
    {
        if (double.IsFinite(value))
            sink.Add(metric, value, labels);
    }
}
