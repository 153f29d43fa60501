using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Swift;

/// <summary>Containers of the account's own Swift project.</summary>
/// <remarks>https://docs.openstack.org/api-ref/object-store/#show-account-details-and-list-containers</remarks>
internal sealed class ContainersPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Swift)
{
    private const int MaxPages = 10_000;

    private static readonly Metric s_objects = Metric.Gauge("openstack_object_store_objects", "Objects of a container.", "container_name");
    private static readonly Metric s_bytes = Metric.Gauge("openstack_object_store_bytes", "Bytes of a container.", "container_name");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        string? marker = null;
        for (int page = 0; page < MaxPages; page++)
        {
            using JsonDocument containers =
                await Api.GetAsync("/?format=json" + (marker is null ? "" : $"&marker={Uri.EscapeDataString(marker)}"), "/", ct: ct);
            if (containers.RootElement.ValueKind != JsonValueKind.Array || containers.RootElement.GetArrayLength() == 0)
                return;
            foreach (JsonElement c in containers.RootElement.EnumerateArray())
            {
                marker = c.Text("name");
                sink.Add(s_objects, c.Number("count"), marker);
                sink.Add(s_bytes, c.Number("bytes"), marker);
            }
        }
    }
}
