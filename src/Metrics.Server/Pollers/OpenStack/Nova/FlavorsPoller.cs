using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Nova;

/// <summary>Flavours, private ones too.</summary>
/// <remarks>https://docs.openstack.org/api-ref/compute/#list-flavors-with-details</remarks>
internal sealed class FlavorsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Nova)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_nova_flavors", "Flavours.");
    private static readonly Metric s_flavor =
        Metric.Gauge("openstack_nova_flavor", "A constant 1 for each flavour.", "id", "name", "vcpus", "ram", "disk", "is_public");

    private const string Path = "/flavors/detail?is_public=None";

    /// <summary>Names of flavours to their ids.</summary>
    internal static async Task<IReadOnlyDictionary<string, string>> ReadIdsAsync(ServiceApi api, CancellationToken ct)
    {
        var ids = new Dictionary<string, string>();
        await foreach (JsonElement f in api.ListAsync(Path, "flavors", ct))
            ids[f.Text("name")] = f.Text("id");
        return ids;
    }

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        var ids = new Dictionary<string, string>();
        await foreach (JsonElement f in Api.ListAsync(Path, "flavors", ct))
        {
            ids[f.Text("name")] = f.Text("id");
            sink.Add(
                s_flavor, 1, f.Text("id"), f.Text("name"), f.Text("vcpus"), f.Text("ram"), f.Text("disk"),
                f.Text("os-flavor-access:is_public"));
        }
        sink.Add(s_count, ids.Count);
        Cloud.Inventory.FlavorIds = ids;
    }
}
