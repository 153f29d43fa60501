using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Glance;

/// <summary>Images that the account may see.</summary>
/// <remarks>https://docs.openstack.org/api-ref/image/v2/#list-images</remarks>
internal sealed class ImagesPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Glance)
{
    private const double BytesPerGiB = 1 << 30;

    private static readonly Metric s_count = Metric.Gauge("openstack_glance_images", "Images.");
    private static readonly Metric s_bytes = Metric.Gauge("openstack_glance_image_bytes", "Bytes of an image.", "id", "name", "tenant_id");
    private static readonly Metric s_created =
        Metric.Gauge("openstack_glance_image_created_at", "When an image was made, seconds since 1970.", "id", "name", "tenant_id",
            "visibility", "hidden", "status");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        ResourceList images = Cloud.Inventory.Begin(ResourceKind.Image, Cloud.Time);
        await foreach (JsonElement i in Api.ListAsync("/images?limit=1000", "images", ct))
        {
            string id = i.Text("id"), name = i.Text("name"), owner = i.Text("owner");
            double bytes = i.Number("size");
            DateTimeOffset? created = i.Time("created_at");
            images.Add(new Resource(id, name, owner, Created: created) { DiskGiB = double.IsNaN(bytes) ? 0 : bytes / BytesPerGiB });
            if (!double.IsNaN(bytes))
                sink.Add(s_bytes, bytes, id, name, owner);
            if (created is { } at)
                sink.Add(
                    s_created, at.ToUnixTimeSeconds(), id, name, owner, i.Text("visibility"), i.Flag("os_hidden") ? "true" : "false",
                    i.Text("status"));
        }
        sink.Add(s_count, images.Count);
        images.Complete();
    }
}
