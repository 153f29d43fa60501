using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Keystone;

/// <summary>Domains: how many, and what each is called.</summary>
/// <remarks>https://docs.openstack.org/api-ref/identity/v3/#list-domains</remarks>
internal sealed class DomainsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Identity)
{
    private static readonly Metric s_count = Metric.Gauge("openstack_identity_domains", "Domains.");
    private static readonly Metric s_info =
        Metric.Gauge("openstack_identity_domain_info", "A constant 1 for each domain.", "description", "enabled", "id", "name");

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        await foreach (JsonElement d in Api.ListAsync("/domains", "domains", ct))
        {
            count++;
            sink.Add(s_info, 1, d.Text("description"), d.Text("enabled"), d.Text("id"), d.Text("name"));
        }
        sink.Add(s_count, count);
    }
}
