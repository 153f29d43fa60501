using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Gnocchi;

/// <summary>Gnocchi: how many metrics it keeps, and how far it is behind.</summary>
/// <remarks>https://gnocchi.osci.io/rest.html#status</remarks>
internal sealed class GnocchiPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Gnocchi)
{
    private const int MaxPages = 10_000;

    private static readonly Metric s_metrics = Metric.Gauge("openstack_gnocchi_total_metrics", "Metrics that Gnocchi keeps.");
    private static readonly Metric s_processors =
        Metric.Gauge("openstack_gnocchi_status_metricd_processors", "Processes that work at new measures.");
    private static readonly Metric s_behind =
        Metric.Gauge("openstack_gnocchi_status_metric_having_measures_to_process", "Metrics with measures that are not worked at yet.");
    private static readonly Metric s_measures =
        Metric.Gauge("openstack_gnocchi_status_measures_to_process", "Measures that are not worked at yet.");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        using (JsonDocument status = await Api.GetAsync("/status?details=false", ct: ct))
        {
            JsonElement? summary = status.RootElement.Child("storage")?.Child("summary");
            sink.Add(s_processors, status.RootElement.Child("metricd")?.Items("processors").Count() ?? 0);
            if (summary is { } s)
            {
                sink.Add(s_behind, s.Number("metrics"));
                sink.Add(s_measures, s.Number("measures"));
            }
        }
        int count = 0;
        string? marker = null;
        for (int page = 0; page < MaxPages; page++)
        {
            using JsonDocument metrics = await Api.GetAsync(marker is null ? "/metric" : $"/metric?marker={marker}", "/metric", ct: ct);
            if (metrics.RootElement.ValueKind != JsonValueKind.Array || metrics.RootElement.GetArrayLength() == 0)
                break;
            count += metrics.RootElement.GetArrayLength();
            marker = metrics.RootElement.EnumerateArray().Last().Text("id");
        }
        sink.Add(s_metrics, count);
    }
}
