using System.Globalization;
using System.Text.Json;
using Metrics.Configuration;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.OpenStack.Client;
using Metrics.Text;

namespace Metrics.Pollers.Scrape;

/// <summary>
/// Targets that a cloud has: its hypervisors, servers, or load balancers with a listener for Prometheus (<c>openstack_sd_configs</c>). The
/// account is said in Prometheus's words, or by <c>cloud</c> as in the section <c>openstack</c>.
/// </summary>
/// <remarks>https://prometheus.io/docs/prometheus/latest/configuration/configuration/#openstack_sd_config</remarks>
internal sealed record OpenStackDiscovery : Discovery
{
    private const string Hypervisor = "hypervisor", Instance = "instance", LoadBalancer = "loadbalancer", Meta = "__meta_openstack_";

    public required string Role { get; init; }

    public required int Port { get; init; }

    /// <summary>Whether servers of all projects are listed; an administrator may.</summary>
    public required bool AllTenants { get; init; }

    public required CloudJob Cloud { get; init; }

    public override string Mechanism => "openstack";

    public override IReadOnlyList<string> Sources => [$"openstack {Cloud.Name} {Role}"];

    public static OpenStackDiscovery? Read(YamlSection section)
    {
        CloudAccess? access = section.Has("cloud") ? CloudSource.Read(section) : CloudSource.ReadFlat(section);
        string role = section.Choice("role", "", Hypervisor, Instance, LoadBalancer);
        OpenStackDiscovery? discovery = access is null ? null : new OpenStackDiscovery
        {
            Id = SectionId.Of("openstack_sd_configs", section, access.Elsewhere),
            Role = role,
            Port = ReadPort(section, 80),
            AllTenants = section.Flag("all_tenants", false),
            RefreshInterval = ReadInterval(section, TimeSpan.FromMinutes(1)),
            Cloud = CloudJob.Of(section.Text("cloud") ?? access.Auth.AuthUrl.Host, access),
        };
        if (discovery is not null)
            section.Finish();
        return discovery;
    }

    public override IFinder Open(FinderTools tools) => new Finder(this, new WatchedCloud(Cloud, tools.Clouds, tools.Time, tools.Log));

    /// <summary>Asks a certain cloud, for tests.</summary>
    internal IFinder Open(WatchedCloud cloud) => new Finder(this, cloud);

    private sealed class Finder(OpenStackDiscovery asked, WatchedCloud cloud) : IFinder
    {
        public Task<IReadOnlyList<TargetGroup>> FindAsync(string source, ICollection<string> leftOut, CancellationToken ct) =>
            asked.Role switch
            {
                Hypervisor => HypervisorsAsync(ct),
                Instance => InstancesAsync(ct),
                _ => LoadBalancersAsync(ct),
            };

        public void Dispose() => cloud.Dispose();

        private async Task<IReadOnlyList<TargetGroup>> HypervisorsAsync(CancellationToken ct)
        {
            var groups = new List<TargetGroup>();
            await foreach (JsonElement h in cloud.Api(CloudService.Nova).ListAsync("/os-hypervisors/detail", "hypervisors", ct))
            {
                string address = h.Text("host_ip");
                if (address.Length > 0)
                    groups.Add(Group(address, asked.Port,
                        ("hypervisor_id", h.Text("id")), ("hypervisor_hostname", h.Text("hypervisor_hostname")),
                        ("hypervisor_host_ip", address), ("hypervisor_state", h.Text("state")), ("hypervisor_status", h.Text("status")),
                        ("hypervisor_type", h.Text("hypervisor_type"))));
            }
            return groups;
        }

        private async Task<IReadOnlyList<TargetGroup>> InstancesAsync(CancellationToken ct)
        {
            var groups = new List<TargetGroup>();
            FloatingAddresses floating = await FloatingAddresses.ReadAsync(cloud.Api(CloudService.Neutron), ct);
            string path = $"/servers/detail?limit=1000{(asked.AllTenants ? "&all_tenants=true" : "")}";
            await foreach (JsonElement s in cloud.Api(CloudService.Nova).ListAsync(path, "servers", ct))
            {
                List<(string, string)> labels =
                [
                    ("instance_id", s.Text("id")), ("instance_name", s.Text("name")), ("instance_status", s.Text("status")),
                    ("project_id", s.Text("tenant_id")), ("user_id", s.Text("user_id")),
                    ("instance_image", s.Child("image")?.Text("id") ?? ""),
                    ("instance_flavor", FlavorOf(s)),
                ];
                foreach (JsonProperty tag in s.Child("metadata")?.EnumerateObject().ToArray() ?? [])
                    labels.Add(($"tag_{Sanitized(tag.Name)}", tag.Value.ToString()));
                foreach (JsonProperty pool in s.Child("addresses")?.EnumerateObject().ToArray() ?? [])
                {
                    foreach (string address in pool.Value.EnumerateArray().Select(a => a.Text("addr"))
                        .Where(a => a.Length > 0 && !floating.Contains(a)))
                    {
                        groups.Add(Group(address, asked.Port, [.. labels, ("address_pool", pool.Name), ("private_ip", address),
                            ("public_ip", floating.Of(s.Text("id"), address))]));
                    }
                }
            }
            return groups;
        }

        private async Task<IReadOnlyList<TargetGroup>> LoadBalancersAsync(CancellationToken ct)
        {
            ServiceApi octavia = cloud.Api(CloudService.Octavia);
            var ports = new Dictionary<string, int>();
            await foreach (JsonElement l in octavia.ListAsync("/lbaas/listeners?limit=1000&protocol=PROMETHEUS", "listeners", ct))
            {
                foreach (JsonElement owner in l.Child("loadbalancers")?.EnumerateArray().ToArray() ?? [])
                    ports[owner.Text("id")] = (int)l.Number("protocol_port");
            }
            FloatingAddresses floating = await FloatingAddresses.ReadAsync(cloud.Api(CloudService.Neutron), ct);
            var groups = new List<TargetGroup>();
            await foreach (JsonElement b in octavia.ListAsync("/lbaas/loadbalancers?limit=1000", "loadbalancers", ct))
            {
                string address = b.Text("vip_address");
                if (address.Length == 0 || !ports.TryGetValue(b.Text("id"), out int port))
                    continue;
                string tags = string.Join(',', b.Texts("tags"));
                groups.Add(Group(address, port,
                    ("loadbalancer_id", b.Text("id")), ("loadbalancer_name", b.Text("name")), ("loadbalancer_vip", address),
                    ("loadbalancer_floating_ip", floating.OfPort(b.Text("vip_port_id"))), ("loadbalancer_provider", b.Text("provider")),
                    ("loadbalancer_availability_zone", b.Text("availability_zone")),
                    ("loadbalancer_operating_status", b.Text("operating_status")),
                    ("loadbalancer_provisioning_status", b.Text("provisioning_status")),
                    ("loadbalancer_tags", tags.Length > 0 ? $",{tags}," : ""), ("project_id", b.Text("project_id"))));
            }
            return groups;
        }

        /// <summary>Newer microversions tell a flavour's name in place of its id.</summary>
        private static string FlavorOf(JsonElement server) => server.Child("flavor") is not { } flavor ? ""
            : flavor.Text("original_name") is { Length: > 0 } name ? name : flavor.Text("id");

        private static string Sanitized(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

        private static TargetGroup Group(string address, int port, params IEnumerable<(string Name, string Value)> meta)
        {
            string host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
            // Two keys of metadata may become one name: the later one counts, as with Prometheus.
            var labels = new Dictionary<string, string>();
            foreach ((string name, string value) in meta.Where(m => m.Value.Length > 0))
                labels[Meta + name] = value;
            return new TargetGroup([string.Create(CultureInfo.InvariantCulture, $"{host}:{port}")], labels);
        }
    }

    /// <summary>Floating addresses of a cloud, by where they lead.</summary>
    private sealed class FloatingAddresses
    {
        private readonly HashSet<string> _all = [];
        private readonly Dictionary<string, string> _byPort = [];
        private readonly Dictionary<(string Server, string Fixed), string> _byServer = [];

        public static async Task<FloatingAddresses> ReadAsync(ServiceApi neutron, CancellationToken ct)
        {
            var read = new FloatingAddresses();
            var fixedOf = new Dictionary<string, (string Fixed, string Floating)>();
            await foreach (JsonElement f in neutron.ListAsync("/floatingips?limit=1000", "floatingips", ct))
            {
                string address = f.Text("floating_ip_address");
                read._all.Add(address);
                if (f.Text("port_id") is not { Length: > 0 } port)
                    continue;
                read._byPort[port] = address;
                fixedOf[port] = (f.Text("fixed_ip_address"), address);
            }
            if (fixedOf.Count == 0)
                return read;
            await foreach (JsonElement p in neutron.ListAsync("/ports?limit=1000&fields=id&fields=device_id", "ports", ct))
            {
                if (fixedOf.TryGetValue(p.Text("id"), out var leads))
                    read._byServer[(p.Text("device_id"), leads.Fixed)] = leads.Floating;
            }
            return read;
        }

        public bool Contains(string address) => _all.Contains(address);

        public string Of(string server, string address) => _byServer.GetValueOrDefault((server, address), "");

        public string OfPort(string port) => _byPort.GetValueOrDefault(port, "");
    }
}
