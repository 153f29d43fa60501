using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Cinder;

/// <summary>Cinder's services: whether each is up, enabled, and when it last reported.</summary>
/// <remarks>https://docs.openstack.org/api-ref/block-storage/v3/#list-all-cinder-services</remarks>
internal sealed class VolumeServicesPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Cinder)
{
    private static readonly Metric s_state =
        Metric.Gauge("openstack_cinder_agent_state", "Whether a service is up.", "hostname", "service", "adminState", "zone",
            "disabledReason");
    private static readonly Metric s_seen =
        Metric.Gauge("openstack_cinder_agent_last_report_timestamp_seconds", "When a service last reported.", "hostname", "service");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        await foreach (JsonElement s in Api.ListAsync("/os-services", "services", ct))
        {
            sink.Add(
                s_state, s.Text("state") == "up" ? 1 : 0, s.Text("host"), s.Text("binary"), s.Text("status"), s.Text("zone"),
                s.Text("disabled_reason"));
            if (s.Time("updated_at") is { } seen)
                sink.Add(s_seen, seen.ToUnixTimeMilliseconds() / 1000.0, s.Text("host"), s.Text("binary"));
        }
    }
}
