using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Metrics.Benchmarks;

/// <summary>
/// The APIs of a large cloud over HTTP, a process of its own: 5,000 hypervisors, 100,000 servers, 2,000 projects, 200,000 ports, 50,000
/// volumes. Answers have the fields and sizes of real ones and are made once; lists come in pages of 1,000.
/// </summary>
internal static class BigCloud
{
    public const int Hypervisors = 5_000;
    public const int Servers = 100_000;
    public const int Projects = 2_000;
    public const int Ports = 200_000;
    public const int Volumes = 50_000;
    public const int Routers = 2_000;
    private const int PageSize = 1000;

    private static readonly (string Type, string Path)[] s_services =
    [
        ("identity", "/identity"), ("compute", "/compute/v2.1"), ("placement", "/placement"), ("network", "/network"),
        ("block-storage", "/volume/v3"), ("image", "/image"),
    ];

    private static readonly string[] s_networkQuotas =
    [
        "network", "subnet", "subnetpool", "port", "router", "floatingip", "rbac_policy", "security_group", "security_group_rule",
    ];

    private static readonly string[] s_computeQuotas =
        ["cores", "instances", "ram", "key_pairs", "metadata_items", "server_groups", "server_group_members"];

    private static readonly string[] s_volumeQuotas =
        ["volumes", "gigabytes", "snapshots", "backups", "backup_gigabytes", "gigabytes_ssd"];

    private static readonly Dictionary<string, byte[][]> s_pages = [];

    /// <summary>Serves until it is killed.</summary>
    public static async Task<int> RunAsync(int port)
    {
        string url = $"http://127.0.0.1:{port}";
        Fill();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        await using WebApplication app = builder.Build();
        app.MapPost("/identity/v3/auth/tokens", (HttpContext c) =>
        {
            c.Response.Headers["X-Subject-Token"] = "token";
            c.Response.StatusCode = 201;
            return Write(c, Encoding.UTF8.GetBytes(Token(url)));
        });
        app.MapGet("/{**path}", (HttpContext c) => Answer(c));
        await app.RunAsync();
        return 0;
    }

    private static string Token(string url)
    {
        IEnumerable<string> catalog = s_services.Select(s =>
            $$"""
                {"type":"{{s.Type}}","name":"{{s.Type}}","endpoints":[{"interface":"public","region":"R",
                "url":"{{url}}{{s.Path}}"}]}
                """);
        return OneLine(
            $$$"""
                {"token":{"expires_at":"2100-01-01T00:00:00Z","project":{"id":"{{{Id(1, 0)}}}"},
                "catalog":[{{{string.Join(',', catalog)}}}]}}
                """);
    }

    private static Task Answer(HttpContext context)
    {
        string path = context.Request.Path.Value!;
        // A quiet cloud: nothing has changed.
        if (context.Request.Query.ContainsKey("changes-since"))
            return Write(context, "{\"servers\":[]}"u8.ToArray());
        if (s_pages.TryGetValue(path, out byte[][]? pages))
        {
            int page = context.Request.Query.TryGetValue("marker", out var marker)
                ? int.Parse(marker.ToString(), CultureInfo.InvariantCulture)
                : 0;
            return Write(context, context.Request.Query["limit"] == "1" ? "{}"u8.ToArray() : pages[page]);
        }
        string text = path switch
        {
            "/compute/v2.1/" => "{\"version\":{\"version\":\"2.93\"}}",
            "/placement/" => "{\"versions\":[{\"max_version\":\"1.39\",\"min_version\":\"1.0\"}]}",
            "/volume/v3/" => "{\"versions\":[{\"version\":\"3.70\"}]}",
            _ when path.EndsWith("/inventories", StringComparison.Ordinal) =>
                """
                    {"resource_provider_generation":7,"inventories":{"VCPU":{"total":128,"reserved":0,"min_unit":1,"max_unit":128,
                    "step_size":1,"allocation_ratio":4.0},"MEMORY_MB":{"total":1031000,"reserved":16384,"min_unit":1,
                    "max_unit":1031000,"step_size":1,"allocation_ratio":1.0},"DISK_GB":{"total":7000,"reserved":0,"min_unit":1,
                    "max_unit":7000,"step_size":1,"allocation_ratio":1.0}}}
                    """,
            _ when path.EndsWith("/usages", StringComparison.Ordinal) =>
                "{\"resource_provider_generation\":7,\"usages\":{\"VCPU\":60,\"MEMORY_MB\":160000,\"DISK_GB\":800}}",
            _ when path.EndsWith("/allocations", StringComparison.Ordinal) => Allocations(path),
            _ when path.EndsWith("/details.json", StringComparison.Ordinal) =>
                $$$"""
                    {"quota":{{{{string.Join(',', s_networkQuotas.Select(q => $"\"{q}\":{{\"limit\":100,\"used\":12,\"reserved\":0}}"))}}}}}
                    """,
            _ when path.Contains("/os-quota-sets/", StringComparison.Ordinal) =>
                QuotaSet(path.StartsWith("/volume", StringComparison.Ordinal) ? s_volumeQuotas : s_computeQuotas),
            _ when path.EndsWith("/l3-agents", StringComparison.Ordinal) =>
                $$"""
                    {"agents":[{"id":"{{Id(9, 1)}}","alive":true,"admin_state_up":true,"host":"net-1","ha_state":"active"}]}
                    """,
            _ => "{}",
        };
        return Write(context, Encoding.UTF8.GetBytes(OneLine(text)));
    }

    private static string Allocations(string path)
    {
        int host = int.Parse(path.Split('/')[3].AsSpan(24), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            each = Servers / Hypervisors;
        IEnumerable<string> servers = Enumerable.Range(host * each, each)
            .Select(s => $"\"{Uuid(2, s)}\":{{\"resources\":{{\"VCPU\":2,\"MEMORY_MB\":4096,\"DISK_GB\":40}}}}");
        return $"{{\"allocations\":{{{string.Join(',', servers)}}}}}";
    }

    private static string QuotaSet(IEnumerable<string> quotas)
    {
        IEnumerable<string> each = quotas.Select(q => $"\"{q}\":{{\"in_use\":5,\"limit\":500,\"reserved\":0}}");
        return $"{{\"quota_set\":{{\"id\":\"x\",{string.Join(',', each)}}}}}";
    }

    private static Task Write(HttpContext context, byte[] body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body).AsTask();
    }

    private static string Id(int kind, int number) => $"{kind:x8}{0:x16}{number:x8}";

    private static string Uuid(int kind, int number) => $"{kind:x8}-0000-4000-8000-{number:x12}";

    /// <summary>Answers have no line ends; they stand on several lines here so that they can be read.</summary>
    private static string OneLine(string text) => text.Replace("\n", "", StringComparison.Ordinal);

    private static void Fill()
    {
        int each = Servers / Hypervisors;
        List("/identity/v3/projects", "projects", Projects, Projects,
            i => $$$"""
                {"id":"{{{Id(1, i)}}}","name":"project-{{{i}}}","domain_id":"default","description":"The project number {{{i}}}",
                "enabled":true,"parent_id":"default","is_domain":false,"tags":[],"options":{},
                "links":{"self":"http://x/v3/projects/{{{Id(1, i)}}}"}}
                """);
        List("/identity/v3/users", "users", 4000, 4000,
            i => $$$"""
                {"id":"{{{Id(3, i)}}}","name":"user-{{{i}}}","domain_id":"default","enabled":true,"password_expires_at":null,
                "options":{}}
                """);
        List("/identity/v3/domains", "domains", 3, 3, i => $"{{\"id\":\"d{i}\",\"name\":\"d{i}\",\"enabled\":true,\"description\":\"\"}}");
        List("/identity/v3/groups", "groups", 20, 20, i => $"{{\"id\":\"g{i}\"}}");
        List("/identity/v3/regions", "regions", 1, 1, _ => "{\"id\":\"R\"}");
        List("/compute/v2.1/os-services", "services", Hypervisors, Hypervisors,
            i => $$"""
                {"id":"{{Uuid(4, i)}}","binary":"nova-compute","host":"host-{{i}}","zone":"az{{i % 3}}","status":"enabled",
                "state":"up","updated_at":"2026-01-01T00:00:00.000000","disabled_reason":null,"forced_down":false}
                """);
        List("/compute/v2.1/os-aggregates", "aggregates", 3, 3,
            i => $$"""
                {"name":"a{{i}}","availability_zone":"az{{i}}","metadata":{"availability_zone":"az{{i}}","x":"y"},
                "hosts":[{{string.Join(',', Enumerable.Range(0, Hypervisors).Where(h => h % 3 == i).Select(h => $"\"host-{h}\""))}}]}
                """);
        List("/compute/v2.1/os-hypervisors/detail", "hypervisors", Hypervisors, PageSize,
            i => $$$"""
                {"id":"{{{Uuid(5, i)}}}","hypervisor_hostname":"host-{{{i}}}","state":"up","status":"enabled",
                "service":{"id":"{{{Uuid(4, i)}}}","host":"host-{{{i}}}","disabled_reason":null},"vcpus":128,"vcpus_used":40,
                "memory_mb":1031000,"memory_mb_used":98304,"local_gb":7000,"local_gb_used":800,"free_disk_gb":6200,
                "free_ram_mb":900000,"running_vms":{{{each}}},"current_workload":0,"cpu_info":{"arch":"x86_64","model":"EPYC",
                "topology":{"cells":2,"sockets":1,"cores":32,"threads":2},
                "features":[{{{string.Join(',', Enumerable.Range(0, 90).Select(f => $"\"feature{f}\""))}}}]}}
                """);
        List("/compute/v2.1/flavors/detail", "flavors", 40, 40,
            i => $"{{\"id\":\"{i}\",\"name\":\"flavor-{i}\",\"vcpus\":2,\"ram\":4096,\"disk\":40,\"os-flavor-access:is_public\":true}}");
        List("/compute/v2.1/os-availability-zone", "availabilityZoneInfo", 3, 3, i => $"{{\"zoneName\":\"az{i}\"}}");
        List("/compute/v2.1/os-security-groups", "security_groups", 5, 5, i => $"{{\"id\":\"{i}\"}}");
        List("/compute/v2.1/servers/detail", "servers", Servers, PageSize,
            i => $$$"""
                {"id":"{{{Uuid(2, i)}}}","name":"server-{{{i}}}","status":"ACTIVE","tenant_id":"{{{Id(1, i % Projects)}}}",
                "user_id":"{{{Id(3, i % 4000)}}}","metadata":{"role":"web"},"hostId":"{{{i / each:x56}}}",
                "image":{"id":"{{{Uuid(6, i % 1000)}}}","links":[{"rel":"bookmark",
                "href":"http://x/images/{{{Uuid(6, i % 1000)}}}"}]},"flavor":{"vcpus":2,"ram":4096,"disk":40,"ephemeral":0,"swap":0,
                "original_name":"flavor-{{{i % 40}}}","extra_specs":{"hw:cpu_policy":"shared"}},"created":"2025-06-01T00:00:00Z",
                "updated":"2025-06-01T00:01:00Z","addresses":{"net":[{"version":4,"addr":"10.0.{{{i / 250 % 250}}}.{{{i % 250}}}",
                "OS-EXT-IPS:type":"fixed","OS-EXT-IPS-MAC:mac_addr":"fa:16:3e:00:00:00"}]},"accessIPv4":"","accessIPv6":"",
                "links":[{"rel":"self","href":"http://x/v2.1/servers/{{{Uuid(2, i)}}}"}],"OS-DCF:diskConfig":"MANUAL","progress":0,
                "OS-EXT-AZ:availability_zone":"az{{{i / each % 3}}}","config_drive":"","key_name":"key",
                "OS-SRV-USG:launched_at":"2025-06-01T00:01:00.000000","OS-SRV-USG:terminated_at":null,
                "OS-EXT-SRV-ATTR:host":"host-{{{i / each}}}","OS-EXT-SRV-ATTR:instance_name":"instance-{{{i:x8}}}",
                "OS-EXT-SRV-ATTR:hypervisor_hostname":"host-{{{i / each}}}","OS-EXT-STS:task_state":null,
                "OS-EXT-STS:vm_state":"active","OS-EXT-STS:power_state":1,"os-extended-volumes:volumes_attached":[],
                "host_status":"UP","locked":false,"description":null,"tags":[],"security_groups":[{"name":"default"}]}
                """);
        List("/placement/resource_providers", "resource_providers", Hypervisors, Hypervisors,
            i => $$"""
                {"uuid":"{{Uuid(5, i)}}","name":"host-{{i}}","generation":7,"parent_provider_uuid":null,
                "root_provider_uuid":"{{Uuid(5, i)}}","links":[]}
                """);
        List("/network/v2.0/agents", "agents", Hypervisors + 20, Hypervisors + 20,
            i => $$$$"""
                {"id":"{{{{Uuid(7, i)}}}}","binary":"neutron-openvswitch-agent","host":"host-{{{{i}}}}","alive":true,
                "admin_state_up":true,"availability_zone":null,"heartbeat_timestamp":"2026-01-01 00:00:00",
                "configurations":{"devices":{{{{each}}}},"bridge_mappings":{}}}
                """);
        List("/network/v2.0/networks", "networks", Projects, PageSize,
            i => $$"""
                {"id":"{{Uuid(8, i)}}","name":"net-{{i}}","tenant_id":"{{Id(1, i)}}","status":"ACTIVE","shared":false,
                "router:external":false,"provider:network_type":"vxlan","provider:segmentation_id":{{i}},
                "subnets":["{{Uuid(9, i)}}"],"tags":[],"mtu":1450,"created_at":"2025-01-01T00:00:00Z"}
                """);
        List("/network/v2.0/subnets", "subnets", Projects, PageSize,
            i => $$"""
                {"id":"{{Uuid(9, i)}}","name":"sub-{{i}}","tenant_id":"{{Id(1, i)}}","network_id":"{{Uuid(8, i)}}",
                "cidr":"10.0.0.0/20","gateway_ip":"10.0.0.1","enable_dhcp":true,"dns_nameservers":[],"tags":[]}
                """);
        List("/network/v2.0/subnetpools", "subnetpools", 0, PageSize, _ => "");
        List("/network/v2.0/ports", "ports", Ports, PageSize,
            i => $$"""
                {"id":"{{Uuid(10, i)}}","name":"","tenant_id":"{{Id(1, i % Projects)}}","network_id":"{{Uuid(8, i % Projects)}}",
                "mac_address":"fa:16:3e:{{i >> 16 & 255:x2}}:{{i >> 8 & 255:x2}}:{{i & 255:x2}}","device_owner":"compute:az0",
                "device_id":"{{Uuid(2, i % Servers)}}","status":"ACTIVE","binding:vif_type":"ovs",
                "binding:vif_details":{"port_filter":true},"admin_state_up":true,
                "fixed_ips":[{"subnet_id":"{{Uuid(9, i % Projects)}}","ip_address":"10.0.{{i / 250 % 250}}.{{i % 250}}"}],
                "security_groups":["{{Uuid(11, i % Projects)}}"],"created_at":"2025-01-01T00:00:00Z",
                "updated_at":"2025-01-01T00:00:00Z","tags":[]}
                """);
        List("/network/v2.0/routers", "routers", Routers, PageSize,
            i => $$$"""
                {"id":"{{{Uuid(12, i)}}}","name":"router-{{{i}}}","project_id":"{{{Id(1, i % Projects)}}}","status":"ACTIVE",
                "admin_state_up":true,"external_gateway_info":{"network_id":"{{{Uuid(8, 0)}}}"}}
                """);
        List("/network/v2.0/floatingips", "floatingips", 10_000, PageSize,
            i => $$"""
                {"id":"{{Uuid(13, i)}}","project_id":"{{Id(1, i % Projects)}}",
                "floating_ip_address":"203.0.{{i / 250 % 250}}.{{i % 250}}","fixed_ip_address":"10.0.0.5",
                "port_id":"{{Uuid(10, i)}}","router_id":"{{Uuid(12, i % Routers)}}","floating_network_id":"{{Uuid(8, 0)}}",
                "status":"ACTIVE"}
                """);
        List("/network/v2.0/security-groups", "security_groups", Projects * 3, PageSize,
            i => $"{{\"id\":\"{Uuid(11, i)}\",\"name\":\"default\",\"tenant_id\":\"{Id(1, i % Projects)}\"}}");
        List("/network/v2.0/network-ip-availabilities", "network_ip_availabilities", Projects, Projects,
            i => $$"""
                {"network_id":"{{Uuid(8, i)}}","network_name":"net-{{i}}","project_id":"{{Id(1, i)}}",
                "subnet_ip_availability":[{"cidr":"10.0.0.0/20","ip_version":4,"subnet_name":"sub-{{i}}","total_ips":4093,
                "used_ips":100}]}
                """);
        List("/volume/v3/os-services", "services", 60, 60,
            i => $$"""
                {"binary":"cinder-volume","host":"vol-{{i}}@ssd","zone":"nova","status":"enabled","state":"up",
                "updated_at":"2026-01-01T00:00:00.000000","disabled_reason":null}
                """);
        List("/volume/v3/scheduler-stats/get_pools", "pools", 60, 60,
            i => $$$"""
                {"name":"vol-{{{i}}}@ssd#ssd","capabilities":{"free_capacity_gb":4000,"total_capacity_gb":10000,
                "volume_backend_name":"ssd","vendor_name":"V"}}
                """);
        List("/volume/v3/volumes/detail", "volumes", Volumes, PageSize,
            i => $$"""
                {"id":"{{Uuid(14, i)}}","name":"volume-{{i}}","status":"in-use","size":50,"availability_zone":"nova",
                "created_at":"2025-01-01T00:00:00.000000","updated_at":"2025-01-01T00:00:00.000000",
                "attachments":[{"server_id":"{{Uuid(2, i)}}","device":"/dev/vdb","volume_id":"{{Uuid(14, i)}}"}],"description":null,
                "volume_type":"ssd","user_id":"{{Id(3, i % 4000)}}","bootable":"false","encrypted":false,"metadata":{},
                "os-vol-host-attr:host":"vol-1@ssd#ssd","os-vol-tenant-attr:tenant_id":"{{Id(1, i % Projects)}}"}
                """);
        List("/volume/v3/snapshots/detail", "snapshots", 10_000, PageSize,
            i => $$"""
                {"id":"{{Uuid(15, i)}}","name":"s","status":"available","size":50,"volume_id":"{{Uuid(14, i)}}",
                "created_at":"2025-01-01T00:00:00.000000","os-extended-snapshot-attributes:project_id":"{{Id(1, i % Projects)}}"}
                """);
        List("/image/v2/images", "images", 1000, PageSize,
            i => $$"""
                {"id":"{{Uuid(6, i)}}","name":"image-{{i}}","owner":"{{Id(1, i % Projects)}}","status":"active",
                "visibility":"private","size":2000000000,"os_hidden":false,"created_at":"2025-01-01T00:00:00Z"}
                """);
    }

    private static void List(string path, string key, int count, int page, Func<int, string> item)
    {
        var pages = new List<byte[]>();
        for (int from = 0; from < count || pages.Count == 0; from += page)
        {
            string items = string.Join(',', Enumerable.Range(from, Math.Min(page, count - from)).Select(i => OneLine(item(i))));
            string next = from + page < count
                ? $",\"{key}_links\":[{{\"rel\":\"next\",\"href\":\"http://x{path}?limit={page}&marker={pages.Count + 1}\"}}]"
                : "";
            pages.Add(Encoding.UTF8.GetBytes($"{{\"{key}\":[{items}]{next}}}"));
        }
        s_pages[path] = [.. pages];
    }
}
