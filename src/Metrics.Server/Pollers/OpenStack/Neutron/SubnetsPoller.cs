using System.Globalization;
using System.Net;
using System.Text.Json;
using Metrics.Model;
using Metrics.Pollers.OpenStack.Client;

namespace Metrics.Pollers.OpenStack.Neutron;

/// <summary>Subnets, and how many more of each size the subnet pools can give.</summary>
/// <remarks>
/// https://docs.openstack.org/api-ref/network/v2/#list-subnets ; https://docs.openstack.org/api-ref/network/v2/#list-subnet-pools
/// </remarks>
internal sealed class SubnetsPoller(WatchedCloud cloud) : CloudPoller(cloud, CloudService.Neutron)
{
    private static readonly string[] s_poolLabels =
        ["ip_version", "prefix", "prefix_length", "project_id", "subnet_pool_id", "subnet_pool_name"];
    private static readonly Metric s_count = Metric.Gauge("openstack_neutron_subnets", "Subnets.");
    private static readonly Metric s_subnet =
        Metric.Gauge("openstack_neutron_subnet", "A constant 1 for each subnet.", "id", "tenant_id", "name", "network_id", "cidr",
            "gateway_ip", "enable_dhcp", "dns_nameservers", "tags");
    private static readonly Metric s_total =
        Metric.Gauge("openstack_neutron_subnets_total", "Subnets of a size that a prefix of a pool holds.", s_poolLabels);
    private static readonly Metric s_used =
        Metric.Gauge("openstack_neutron_subnets_used", "Subnets of a size that a prefix of a pool has given.", s_poolLabels);
    private static readonly Metric s_free =
        Metric.Gauge("openstack_neutron_subnets_free", "Subnets of a size that a prefix of a pool can still give.", s_poolLabels);

    protected override async Task CollectAsync(SampleSink sink, CancellationToken ct)
    {
        int count = 0;
        var byPool = new Dictionary<string, List<IPNetwork>>();
        await foreach (JsonElement s in Api.ListAsync("/subnets?limit=1000", "subnets", ct))
        {
            count++;
            sink.Add(
                s_subnet, 1, s.Text("id"), s.Text("tenant_id"), s.Text("name"), s.Text("network_id"), s.Text("cidr"), s.Text("gateway_ip"),
                s.Flag("enable_dhcp") ? "true" : "false",
                string.Join(',', s.Texts("dns_nameservers")), string.Join(',', s.Texts("tags")));
            if (s.Text("subnetpool_id") is { Length: > 0 } pool && IPNetwork.TryParse(s.Text("cidr"), out IPNetwork subnet))
                (byPool.TryGetValue(pool, out List<IPNetwork>? subnets) ? subnets : byPool[pool] = []).Add(subnet);
        }
        sink.Add(s_count, count);
        await foreach (JsonElement p in Api.ListAsync("/subnetpools?limit=1000", "subnetpools", ct))
            AddPool(sink, p, byPool.GetValueOrDefault(p.Text("id")) ?? []);
    }

    private static void AddPool(SampleSink sink, JsonElement pool, List<IPNetwork> subnets)
    {
        (double shortest, double longest) = (pool.Number("min_prefixlen"), pool.Number("max_prefixlen"));
        foreach (string text in pool.Texts("prefixes"))
        {
            if (!IPNetwork.TryParse(text, out IPNetwork prefix))
                continue;
            for (int length = Math.Max((int)shortest, prefix.PrefixLength); length <= longest; length++)
            {
                string project = pool.Text("project_id") is { Length: > 0 } p ? p : pool.Text("tenant_id");
                string[] labels =
                    [pool.Text("ip_version"), prefix.ToString(), length.ToString(CultureInfo.InvariantCulture), project, pool.Text("id"),
                        pool.Text("name")];
                IPNetwork[] within = [.. subnets.Where(s => prefix.Contains(s.BaseAddress))];
                sink.Add(s_total, Math.Pow(2, length - prefix.PrefixLength), labels);
                sink.Add(s_used, within.Count(s => s.PrefixLength == length), labels);
                sink.Add(s_free, Free(prefix, within, length), labels);
            }
        }
    }

    /// <summary>How many subnets of a length fit beside those that are there: halves are looked at until they are empty or full.</summary>
    internal static double Free(IPNetwork prefix, IReadOnlyList<IPNetwork> taken, int length)
    {
        IPNetwork[] within = [.. taken.Where(t => prefix.Contains(t.BaseAddress) || t.Contains(prefix.BaseAddress))];
        if (within.Any(t => t.PrefixLength <= prefix.PrefixLength))
            return 0;
        if (within.Length == 0)
            return length < prefix.PrefixLength ? 0 : Math.Pow(2, length - prefix.PrefixLength);
        if (prefix.PrefixLength >= length)
            return 0;
        (IPNetwork low, IPNetwork high) = Halve(prefix);
        return Free(low, within, length) + Free(high, within, length);
    }

    private static (IPNetwork Low, IPNetwork High) Halve(IPNetwork prefix)
    {
        byte[] bytes = prefix.BaseAddress.GetAddressBytes();
        bytes[prefix.PrefixLength / 8] |= (byte)(0x80 >> (prefix.PrefixLength % 8));
        return (new IPNetwork(prefix.BaseAddress, prefix.PrefixLength + 1), new IPNetwork(new IPAddress(bytes), prefix.PrefixLength + 1));
    }
}
