using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Cinder;

/// <summary>
/// Cinder's services: whether each is up, enabled, and when it last reported. Several of one name (an HA cluster's that share a host's) are
/// one series, of the worst of them: that one is down must be seen.
/// </summary>
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
        var states = new Dictionary<(string Host, string Binary, string Status, string Zone, string Reason), double>();
        var reports = new Dictionary<(string Host, string Binary), double>();
        await foreach (JsonElement s in Api.ListAsync("/os-services", "services", ct))
        {
            (string host, string binary) = (s.Text("host"), s.Text("binary"));
            Keep(states, (host, binary, s.Text("status"), s.Text("zone"), s.Text("disabled_reason")), s.Text("state") == "up" ? 1 : 0);
            if (s.Time("updated_at") is { } seen)
                Keep(reports, (host, binary), seen.ToUnixTimeMilliseconds() / 1000.0);
        }
        foreach (((string host, string binary, string status, string zone, string reason), double state) in states)
            sink.Add(s_state, state, host, binary, status, zone, reason);
        foreach (((string host, string binary), double seen) in reports)
            sink.Add(s_seen, seen, host, binary);
    }

    private static void Keep<T>(Dictionary<T, double> least, T key, double value)
        where T : notnull => least[key] = Math.Min(value, least.GetValueOrDefault(key, double.PositiveInfinity));
}
