using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Nova;

/// <summary>
/// Security groups as Nova passes them on: those of the account's own project. Nova has this call up to microversion 2.35 only.
/// </summary>
/// <remarks>https://docs.openstack.org/api-ref/compute/#list-security-groups</remarks>
internal sealed class ComputeSecurityGroupsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Nova)
{
    private static readonly Metric s_count =
        Metric.Gauge("openstack_nova_security_groups", "Security groups of the account's own project.");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        using JsonDocument answer = await Api.GetAsync("/os-security-groups", microversion: "2.1", ct: ct);
        sink.Add(s_count, answer.RootElement.Items("security_groups").Count());
    }
}
