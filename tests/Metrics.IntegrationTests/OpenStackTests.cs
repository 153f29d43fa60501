using System.Globalization;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>
/// The daemon on a real OpenStack: what it tells is what the command <c>openstack</c> tells, and faults stay where they are.
/// </summary>
[Collection<CloudTests>]
public sealed class OpenStackTests(RealCloud cloud, ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task What_the_services_send_over_RabbitMQ_becomes_events()
    {
        cloud.Need();
        await using Daemon daemon = await Daemon.StartAsync("host: { enabled: false }\n"
            + $"inputs: {{ openstack: [ {{ name: real, notifications: {{ url: '{cloud.TransportUrl}', exchanges: [keystone, neutron] }} }} ] }}");
        await Eventually.Async(async () => (await daemon.InputAsync("openstack/real")).Text("detail")
            .EndsWith("bound to keystone, neutron", StringComparison.Ordinal), "both exchanges are bound");
        string project = await cloud.OpenStackAsync("project create notified -f value -c id");
        string network = await cloud.OpenStackAsync("network create notified -f value -c id");
        await cloud.OpenStackAsync($"network delete {network}");
        await cloud.OpenStackAsync($"project delete {project}");
        List<JsonElement> events = [];
        await Eventually.Async(
            async () => (events = [.. (await daemon.EventsAsync()).Where(e => e.Text("openstack.resource.id") == project)]).Count >= 2
                && (events = await daemon.EventsAsync()).Count(e => e.Text("openstack.resource.id") == network) >= 2,
            "events of the project and of the network", s_patience);
        events.Where(e => e.Text("openstack.resource.id") == project).Select(e =>
            $"{e.Text("kind")} {e.Text("openstack.resource.type")} {e.Text("service.name")} {e.Text("event.outcome")}").Should()
            .Equal("resource.created project keystone success", "resource.deleted project keystone success");
        events.Where(e => e.Text("openstack.resource.id") == network && e.Text("kind") != "log").Select(e =>
            $"{e.Text("kind")} {e.Text("openstack.resource.type")} {e.Text("service.name")} {e.Text("event.outcome")}").Should()
            .Equal("resource.created network neutron success", "resource.deleted network neutron success");
        events.Should().Contain(e => e.Text("kind") == "identity.authenticate" && e.Text("event.outcome") == "success");
        (await daemon.OwnAsync("metricsd_input_errors_total")).Should().Be(0);
    }

    [Fact]
    public async Task Every_metric_is_what_the_openstack_command_says()
    {
        cloud.Need();
        output.WriteLine($"The cloud was up after {cloud.StartTime.TotalSeconds:F0} s");
        string id = await cloud.OpenStackAsync("project create compare -f value -c id");
        await cloud.OpenStackAsync("role add --project compare --user demo member");
        await cloud.OpenStackAsync("network create compare-net", "demo", "compare");
        await cloud.OpenStackAsync("subnet create --network compare-net --subnet-range 10.55.0.0/28 compare-subnet", "demo", "compare");
        await cloud.OpenStackAsync("router create compare-router", "demo", "compare");
        await cloud.OpenStackAsync("router add subnet compare-router compare-subnet", "demo", "compare");
        foreach (string name in new[] { "one", "two" })
            await cloud.OpenStackAsync($"server create --flavor tiny --image nothing --network compare-net --wait {name}", "demo",
                "compare");
        await cloud.OpenStackAsync("volume create --size 3 compare-volume", "demo", "compare");
        await cloud.OpenStackAsync("quota set --cores 7 --gigabytes 77 --ports 55 compare");
        await cloud.OpenStackAsync("aggregate create --zone az-one fast");
        await cloud.OpenStackAsync("aggregate add host fast fake-2");

        await using Daemon daemon = await Daemon.StartAsync($"host: {{ enabled: false }}\n{cloud.Configuration()}");
        var table = new List<string>();
        var wrong = new List<string>();
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("up{job=\"openstack\"}")).Count(l => l.Contains("} 1 ", StringComparison.Ordinal)) >= 29,
                "every collection has been listed", s_patience);
        await Eventually.Async(
            async () =>
            await ValueAsync(daemon, $"openstack_nova_quota_instances{{tenant=\"compare\",type=\"in_use\"}}") == 2, "quotas are there",
                s_patience);
        await Eventually.Async(
            async () =>
            await ValueAsync(daemon, "openstack_placement_resource_usage{hostname=\"fake-2\",resourcetype=\"VCPU\"}") >= 0,
                "placement is there", s_patience);

        JsonElement[] servers = await cloud.ListAsync("server list --all-projects --long");
        await SameAsync("openstack_nova_total_vms", "server list --all-projects", servers.Length);
        await SameAsync("openstack_nova_server_status_counter{status=\"ACTIVE\"}", "… with status ACTIVE",
            servers.Count(s => Text(s, "Status") == "ACTIVE"));
        foreach (JsonElement server in servers)
        {
            (string uuid, string name, string host, string status) =
                (Text(server, "ID"), Text(server, "Name"), Text(server, "Host"), Text(server, "Status"));
            await SameAsync(
                $"openstack_nova_server_status{{id=\"{uuid}\",name=\"{name}\",hypervisor_hostname=\"{host}\",status=\"{status}\","
                    + "tenant_id!=\"\",flavor_id!=\"\"} + 1",
                $"server {name} on {host}", status == "ACTIVE" ? 1 : 5);
        }
        foreach (JsonElement service in await cloud.ListAsync("compute service list"))
        {
            (string binary, string host, string zone, string status) =
                (Text(service, "Binary"), Text(service, "Host"), Text(service, "Zone"), Text(service, "Status"));
            await SameAsync(
                $"openstack_nova_agent_state{{service=\"{binary}\",hostname=\"{host}\",zone=\"{zone}\",adminState=\"{status}\"}}",
                $"compute service list: {binary} {host}", Text(service, "State") == "up" ? 1 : 0);
        }
        foreach (JsonElement agent in await cloud.ListAsync("network agent list"))
        {
            (string uuid, string binary, string host) = (Text(agent, "ID"), Text(agent, "Binary"), Text(agent, "Host"));
            await SameAsync(
                $"openstack_neutron_agent_state{{id=\"{uuid}\",service=\"{binary}\",hostname=\"{host}\"}}",
                $"network agent list: {binary} {host}", Text(agent, "Alive") == "true" ? 1 : 0);
        }
        foreach (JsonElement service in await cloud.ListAsync("volume service list"))
            await SameAsync($"openstack_cinder_agent_state{{service=\"{Text(service, "Binary")}\",hostname=\"{Text(service, "Host")}\"}}",
                $"volume service list: {Text(service, "Binary")} {Text(service, "Host")}", Text(service, "State") == "up" ? 1 : 0);
        foreach (string host in new[] { "fake-1", "fake-2" })
        {
            JsonElement shown =
                JsonDocument.Parse(await cloud.OpenStackAsync($"--os-compute-api-version 2.87 hypervisor show {host} -f json")).RootElement;
            await SameAsync($"openstack_nova_vcpus_used{{hostname=\"{host}\"}}", $"hypervisor show {host}: vcpus_used",
                Number(shown, "vcpus_used"));
            await SameAsync($"openstack_nova_memory_available_bytes{{hostname=\"{host}\"}} / 1048576", $"hypervisor show {host}: memory_mb",
                Number(shown, "memory_mb"));
            await SameAsync($"openstack_nova_memory_used_bytes{{hostname=\"{host}\"}} / 1048576", $"hypervisor show {host}: memory_mb_used",
                Number(shown, "memory_mb_used"));
            await SameAsync($"openstack_nova_free_disk_bytes{{hostname=\"{host}\"}} / 1073741824", $"hypervisor show {host}: free_disk_gb",
                Number(shown, "free_disk_gb"));
        }
        await SameAsync("openstack_nova_vcpus_used{hostname=\"fake-2\",availability_zone=\"az-one\"} * 0", "aggregate fast: zone az-one",
            0);
        string token = await cloud.OpenStackAsync("token issue -f value -c id");
        foreach (JsonElement provider in (await AskAsync(token, "placement", "/resource_providers")).GetProperty("resource_providers")
            .EnumerateArray())
        {
            string path = $"/resource_providers/{provider.GetProperty("uuid").GetString()}",
                host = provider.GetProperty("name").GetString()!;
            JsonElement inventories = (await AskAsync(token, "placement", path + "/inventories")).GetProperty("inventories"),
                usages = (await AskAsync(token, "placement", path + "/usages")).GetProperty("usages");
            foreach (JsonProperty inventory in inventories.EnumerateObject())
            {
                await SameAsync($"openstack_placement_resource_total{{hostname=\"{host}\",resourcetype=\"{inventory.Name}\"}}",
                    $"placement inventory of {host}: {inventory.Name}", inventory.Value.GetProperty("total").GetDouble());
                await SameAsync($"openstack_placement_resource_usage{{hostname=\"{host}\",resourcetype=\"{inventory.Name}\"}}",
                    $"placement usage of {host}: {inventory.Name}", usages.GetProperty(inventory.Name).GetDouble());
            }
        }
        foreach ((string metric, string command) in new[]
        {
            ("openstack_identity_projects", "project list"), ("openstack_identity_users", "user list"),
                ("openstack_identity_domains", "domain list"), ("openstack_identity_groups", "group list"),
                ("openstack_identity_regions", "region list"),
            ("openstack_nova_flavors", "flavor list --all"), ("openstack_glance_images", "image list"),
                ("openstack_cinder_volumes", "volume list --all-projects"),
                ("openstack_cinder_snapshots", "volume snapshot list --all-projects"),
            ("openstack_neutron_networks", "network list"), ("openstack_neutron_subnets", "subnet list"),
                ("openstack_neutron_ports", "port list"), ("openstack_neutron_routers", "router list"),
            ("openstack_neutron_floating_ips", "floating ip list"), ("openstack_neutron_security_groups", "security group list"),
        })
        {
            await SameAsync(metric, command, (await cloud.ListAsync(command)).Length);
        }
        foreach (JsonElement volume in await cloud.ListAsync("volume list --all-projects"))
            await SameAsync($"openstack_cinder_volume_gb{{id=\"{Text(volume, "ID")}\",status=\"{Text(volume, "Status")}\"}}",
                $"volume {Text(volume, "Name")}", Number(volume, "Size"));
        foreach (JsonElement pool in (await AskAsync(token, "cinder", "/v3/scheduler-stats/get_pools?detail=true")).GetProperty("pools")
            .EnumerateArray())
            await SameAsync($"openstack_cinder_pool_capacity_free_gb{{name=\"{Text(pool, "name")}\"}}",
                $"Cinder's pool {Text(pool, "name")}", Number(pool.GetProperty("capabilities"), "free_capacity_gb"));
        await SameAsync($"openstack_nova_quota_cores{{tenant_id=\"{id}\",type=\"limit\"}}", "quota show compare: cores", 7);
        await SameAsync($"openstack_nova_limits_instances_used{{tenant_id=\"{id}\"}}", "servers of compare", 2);
        await SameAsync($"openstack_cinder_limits_volume_max_gb{{tenant_id=\"{id}\"}}", "quota show compare: gigabytes", 77);
        await SameAsync($"openstack_cinder_limits_volume_used_gb{{tenant_id=\"{id}\"}}", "volumes of compare", 3);
        await SameAsync($"openstack_neutron_quota_port{{tenant_id=\"{id}\",type=\"limit\"}}", "quota show compare: ports", 55);
        await SameAsync($"openstack_neutron_quota_port{{tenant_id=\"{id}\",type=\"used\"}}", "port list --project compare",
            (await cloud.ListAsync("port list --project compare")).Length);
        JsonElement availability = JsonDocument.Parse(await cloud.OpenStackAsync("ip availability show compare-net -f json")).RootElement;
        await SameAsync("openstack_neutron_network_ip_availabilities_used{network_name=\"compare-net\"}",
            "ip availability show compare-net: used", Number(availability, "used_ips"));
        await SameAsync("openstack_neutron_network_ip_availabilities_total{network_name=\"compare-net\"}",
            "ip availability show compare-net: total", Number(availability, "total_ips"));
        foreach (string service in new[] { "identity", "nova", "placement", "neutron", "cinder", "glance" })
            await SameAsync($"openstack_{service}_up", $"{service} works", 1);
        output.WriteLine($"{table.Count} values compared, {wrong.Count} different");
        wrong.AddRange(await EmptyPanelsAsync(daemon));
        foreach (string row in table)
            output.WriteLine(row);
        wrong.Should().BeEmpty();

        async Task SameAsync(string metric, string command, double expected)
        {
            double got = double.NaN;
            try
            {
                // The cloud lives on between the command and the poll.
                await Eventually.Async(async () => (got = await ValueAsync(daemon, metric)) == expected, metric, TimeSpan.FromMinutes(1));
            }
            catch (TimeoutException)
            {
                wrong.Add($"{metric}: {got}, but {command} says {expected}");
            }
            table.Add(string.Create(CultureInfo.InvariantCulture, $"| {metric} | {got} | {command} | {expected} |"));
        }
    }

    [Fact]
    public async Task A_deleted_project_leaves_orphans_with_owner_age_and_size_and_an_alert_tells()
    {
        cloud.Need();
        string id = await cloud.OpenStackAsync("project create shop -f value -c id");
        await cloud.OpenStackAsync($"user create shopper --password {cloud.Password} -f value -c id");
        await cloud.OpenStackAsync("role add --project shop --user shopper member");
        await cloud.OpenStackAsync("network create shop-net", "shopper", "shop");
        await cloud.OpenStackAsync("subnet create --network shop-net --subnet-range 10.66.0.0/24 shop-subnet", "shopper", "shop");
        string server =
            await cloud.OpenStackAsync("server create --flavor tiny --image nothing --network shop-net --wait shop-server -f value -c id",
                "shopper", "shop");
        await cloud.OpenStackAsync("volume create --size 2 shop-volume", "shopper", "shop");
        await using Daemon daemon = await Daemon.StartAsync($"host: {{ enabled: false }}\n{cloud.Configuration()}");
        await Eventually.Async(
            async () =>
            await ValueAsync(daemon, "openstack_orphans{kind=\"server\"} + 1") == 1
                && await ValueAsync(daemon, "openstack_orphans{kind=\"security_group\"} + 1") == 1, "nothing is an orphan yet", s_patience);
        await cloud.OpenStackAsync("project delete shop");
        await cloud.OpenStackAsync("user delete shopper");
        await Eventually.Async(
            async () =>
            await ValueAsync(daemon, $"count(openstack_orphan_age_seconds{{project_id=\"{id}\"}})") >= 5,
                "server, volume, network, port and security group are found", s_patience);
        List<string> found = await daemon.FederateAsync($"{{__name__=~\"openstack_orphan_.*\",project_id=\"{id}\"}}");
        foreach (string line in found)
            output.WriteLine(line);
        found.Should()
            .Contain(
            l => l.Contains($"id=\"{server}\"", StringComparison.Ordinal)
            && l.Contains("openstack_orphan_memory_bytes", StringComparison.Ordinal)
            && l.Contains("reason=\"project_gone\"", StringComparison.Ordinal)
            && l.Contains("} 536870912 ", StringComparison.Ordinal));
        found.Should()
            .Contain(
            l => l.Contains("name=\"shop-volume\"", StringComparison.Ordinal)
            && l.Contains("openstack_orphan_disk_bytes", StringComparison.Ordinal)
            && l.Contains("} 2147483648 ", StringComparison.Ordinal));
        found.Should().OnlyContain(l => l.Contains($"project_id=\"{id}\"", StringComparison.Ordinal));
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("ALERTS{alertname=\"OpenStackOrphans\",kind=\"server\",alertstate=\"firing\"}")).Count == 1,
                "the alert fires", s_patience);
        await cloud.OpenStackAsync($"server delete --wait {server}");
        await Eventually.Async(
            async () =>
            await ValueAsync(daemon, "openstack_orphans{kind=\"server\"} + 1") == 1, "the server is gone, and with it the orphan",
                s_patience);
    }

    [Fact]
    public async Task The_documented_role_reads_all_but_what_the_services_keep_for_administrators()
    {
        cloud.Need();
        foreach (string service in new[] { "keystone", "nova", "neutron", "placement" })
            File.Copy(
                Path.Combine(Cases.Repository, "docs/openstack-policy", $"{service}.yaml"),
                Path.Combine(cloud.Folder, "etc", service, "policy.yaml"));
        await cloud.OpenStackAsync("role create metricsd");
        await cloud.OpenStackAsync("project create watching");
        await cloud.OpenStackAsync($"user create watcher --password {cloud.Password}");
        await cloud.OpenStackAsync("role add --project watching --user watcher metricsd");
        string configuration = cloud.Configuration().Replace("admin", "watcher", StringComparison.Ordinal)
            .Replace("project_name: watcher", "project_name: watching", StringComparison.Ordinal);
        await using Daemon daemon = await Daemon.StartAsync($"host: {{ enabled: false }}\n{configuration}");
        // The documentation says so too: their own code asks for an administrator. Quotas are read one project after another, our own
        // perhaps first.
        string[] refused = ["cinder/pools", "cinder/services", "cinder/quotas", "neutron/quotas"];
        await Eventually.Async(
            async () => (await daemon.FederateAsync("up{job=\"openstack\"}")).Count >= 30, "all has been tried", s_patience);
        List<string> down = [];
        try
        {
            await Eventually.Async(
                async () =>
                (down = [
                    .. (await daemon.FederateAsync("up{job=\"openstack\"}"))
                    .Where(l => l.Contains("} 0 ", StringComparison.Ordinal)
                    && !refused.Any(r => l.Contains($"collection=\"{r}\"", StringComparison.Ordinal)))]).Count == 0,
                    "everything else can be read", s_patience);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"these cannot be read:\n{string.Join('\n', down)}\n{daemon.Log}");
        }
        foreach (string line in await daemon.FederateAsync("up{job=\"openstack\"}"))
            output.WriteLine(line);
        (await ValueAsync(daemon, "openstack_identity_projects")).Should().BeGreaterThan(3, "the list is not cut to our own");
        (await ValueAsync(daemon, "openstack_neutron_networks")).Should().BeGreaterThan(0, "the networks of others are shown");
    }

    [Fact]
    public async Task What_the_cloud_rests_on_is_read_too()
    {
        cloud.Need();
        string folder = Directory.CreateTempSubdirectory("haproxy").FullName;
        int stats = Daemon.FreePort(), front = Daemon.FreePort();
        await File.WriteAllTextAsync(Path.Combine(folder, "haproxy.cfg"), $$"""
            defaults
              mode http
              timeout connect 1s
              timeout client 5s
              timeout server 5s
            listen stats
              bind 127.0.0.1:{{stats}}
              stats enable
              stats uri /
              stats auth watcher:pass-of-the-test
            frontend api
              bind 127.0.0.1:{{front}}
              default_backend keystone
            backend keystone
              server good 127.0.0.1:{{cloud.Port("keystone")}} check inter 200ms
              server bad 127.0.0.1:1 check inter 200ms

            """);
        using Component haproxy = Component.Start(folder, "/usr/sbin/haproxy", "-f", "haproxy.cfg");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rabbitmq: [ { url: 'http://127.0.0.1:{{cloud.Port("rabbit")}}', username: openstack, password: {{cloud.Password}}, interval: 1s } ]
            mysql: [ { socket: '{{cloud.Folder}}/mysql.sock', username: openstack, password: {{cloud.Password}}, interval: 1s } ]
            memcached: [ { address: '127.0.0.1:{{cloud.Port("memcached")}}', interval: 1s } ]
            haproxy: [ { url: 'http://127.0.0.1:{{stats}}/;csv', username: watcher, password: pass-of-the-test, interval: 1s } ]
            """);
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("up{job=~\"rabbitmq|mysql|memcached|haproxy\"}"))
                .Count(l => l.Contains("} 1 ", StringComparison.Ordinal)) == 4, "all four are read", s_patience);
        await Eventually.Async(
            async () =>
            await ValueAsync(daemon, "count(rabbitmq_queue_messages) - scalar(rabbitmq_queues)") == 0,
                "every queue that RabbitMQ counts is there");
        (await ValueAsync(daemon, "rabbitmq_queues")).Should().BeGreaterThan(10);
        (await ValueAsync(daemon, "sum(rabbitmq_queue_consumers)")).Should().BeGreaterThan(10, "the services listen");
        (await ValueAsync(daemon, "rabbitmq_running")).Should().Be(1);
        (await ValueAsync(daemon, "mysql_global_variables_max_connections")).Should().Be(400);
        (await ValueAsync(daemon, "mysql_global_status_threads_connected")).Should().BeGreaterThan(5);
        (await ValueAsync(daemon, "mysql_global_status_commands_total{command=\"select\"}")).Should().BeGreaterThan(100);
        (await ValueAsync(daemon, "memcached_limit_bytes")).Should().Be(64 << 20);
        (await ValueAsync(daemon, "memcached_commands_total{command=\"get\",status=\"hit\"}")).Should().BeGreaterThan(0);
        await Eventually.Async(
            async () =>
            await ValueAsync(daemon, "haproxy_server_up{backend=\"keystone\",server=\"bad\"} + 1") == 1,
                "HAProxy has found the bad server");
        (await ValueAsync(daemon, "haproxy_server_up{backend=\"keystone\",server=\"good\"}")).Should().Be(1);
        (await ValueAsync(daemon, "haproxy_backend_up{backend=\"keystone\"}")).Should().Be(1);
    }

    [Fact]
    public async Task Faults_stay_where_they_are_and_are_told_at_once()
    {
        cloud.Need();
        await using Daemon daemon = await Daemon.StartAsync($"host: {{ enabled: false }}\n{cloud.Configuration(", request_timeout: 3s")}");
        await Eventually.Async(
            async () =>
            (await daemon.FederateAsync("up{job=\"openstack\"}")).Count(l => l.Contains("} 1 ", StringComparison.Ordinal)) >= 29,
                "everything is listed", s_patience);
        var times = new List<string>();

        // A compute that dies.
        await cloud.SignalAsync("compute-fake-2", "KILL");
        await Eventually.Async(
            async () =>
            Text((await cloud.ListAsync("compute service list --service nova-compute --host fake-2"))[0], "State") == "down",
                "Nova notices", s_patience);
        await MeasureAsync("nova-compute killed: agent down after Nova says so",
            async () => await ValueAsync(daemon, "openstack_nova_agent_state{hostname=\"fake-2\"} + 1") == 1, 4.5);
        await MeasureAsync("… and its alert", () => FiringAsync("NovaServiceDown", "hostname=\"fake-2\""), 4.5);
        (await ValueAsync(daemon, "openstack_nova_agent_state{hostname=\"fake-1\"}")).Should().Be(1);
        await cloud.StartAsync("compute-fake-2");
        await MeasureAsync("… and up again", async () => await ValueAsync(daemon, "openstack_nova_agent_state{hostname=\"fake-2\"}") == 1,
            60);

        // An endpoint that is gone, then one that hangs.
        await cloud.StopAsync("glance");
        await MeasureAsync("Glance stopped: alert", () => FiringAsync("OpenStackApiDown", "service=\"glance\""), 3.5);
        (await ValueAsync(daemon, "openstack_glance_up + 1")).Should().Be(1);
        (await ValueAsync(daemon, "openstack_nova_up")).Should().Be(1, "the others go on");
        await MeasureAsync("… its images are not there rather than 0",
            async () => (await daemon.FederateAsync("openstack_glance_images")).Count == 0, 20);
        await cloud.StartAsync("glance");
        await MeasureAsync("… and up again", async () => await ValueAsync(daemon, "openstack_glance_up") == 1, 60);
        await cloud.SignalAsync("placement", "STOP");
        await MeasureAsync("Placement hangs: alert", () => FiringAsync("OpenStackApiDown", "service=\"placement\""), 5);
        (await ValueAsync(daemon, "openstack_nova_up")).Should().Be(1);
        await cloud.SignalAsync("placement", "CONT");
        await MeasureAsync("… and up again", async () => await ValueAsync(daemon, "openstack_placement_up") == 1, 60);

        // All tokens of the account are revoked.
        await cloud.OpenStackAsync($"user set --password {cloud.Password} admin");
        await MeasureAsync("tokens revoked: a new one is got",
            async () =>
            (await daemon.GetAsync("/metrics")).Split('\n')
                .Any(l => l.StartsWith("metricsd_cloud_requests_total", StringComparison.Ordinal)
                && l.Contains("route=\"/auth/tokens\"", StringComparison.Ordinal)
                && l.Contains("status=\"201\"", StringComparison.Ordinal)
                && !l.EndsWith(" 1", StringComparison.Ordinal)), 60);
        await MeasureAsync("… and everything works",
            async () => (await daemon.FederateAsync("up{job=\"openstack\"}")).All(l => l.Contains("} 1 ", StringComparison.Ordinal)), 60);

        // Keystone is away: what the services still accept goes on. They accept a token that they have seen, so each has to see the new one
        // first.
        double withNewToken = await daemon.OwnAsync("metricsd_cloud_requests_total");
        await Eventually.Async(
            async () =>
            await daemon.OwnAsync("metricsd_cloud_requests_total") > withNewToken + 60, "every service has been asked with the new token",
                s_patience);
        await cloud.StopAsync("keystone");
        await MeasureAsync("Keystone stopped: alert", () => FiringAsync("OpenStackApiDown", "service=\"identity\""), 5);
        double asked = await daemon.OwnAsync("metricsd_cloud_requests_total");
        await Eventually.Async(
            async () =>
            await daemon.OwnAsync("metricsd_cloud_requests_total") > asked + 60, "the others are asked all the while", s_patience);
        (await daemon.FederateAsync("up{job=\"openstack\",collection=~\"nova/services|neutron/agents|cinder/services\"}")).Should()
            .HaveCount(3).And.OnlyContain(l => l.Contains("} 1 ", StringComparison.Ordinal), await daemon.GetAsync("/api/v1/targets"));
        (await daemon.FederateAsync("openstack_identity_projects")).Should().BeEmpty("unknown is not zero");
        await cloud.StartAsync("keystone");
        await MeasureAsync("… and everything works",
            async () => (await daemon.FederateAsync("up{job=\"openstack\"}")).All(l => l.Contains("} 1 ", StringComparison.Ordinal)), 90);
        (await daemon.FederateAsync("openstack_orphan_age_seconds{reason=\"project_gone\",kind=\"image\"}")).Should()
            .BeEmpty("Keystone's absence made nothing an orphan");
        foreach (string time in times)
            output.WriteLine(time);

        async Task MeasureAsync(string what, Func<Task<bool>> condition, double seconds)
        {
            long start = TimeProvider.System.GetTimestamp();
            await Eventually.Async(condition, what, s_patience);
            double took = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            times.Add(string.Create(CultureInfo.InvariantCulture, $"| {what} | {took:F1} s | at most {seconds} s |"));
            took.Should().BeLessThan(seconds, what);
        }

        async Task<bool> FiringAsync(string alert, string matcher) =>
            (await daemon.FederateAsync($"ALERTS{{alertname=\"{alert}\",alertstate=\"firing\",{matcher}}}")).Count > 0;
    }

    /// <summary>Every query of every dashboard of the cloud that gives nothing.</summary>
    private static async Task<List<string>> EmptyPanelsAsync(Daemon daemon)
    {
        string[] mayBeEmpty =
            ["Weeks until full", "Services and agents that do not report", "Disabled services", "Orphans", "Dormant accounts"];
        var empty = new List<string>();
        foreach (string file in Directory.GetFiles(Path.Combine(Cases.Repository, "grafana/dashboards"), "metricsd-openstack-*.json"))
        {
            using JsonDocument dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(file));
            foreach (JsonElement panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .Where(p => p.TryGetProperty("targets", out _)))
            {
                string title = panel.GetProperty("title").GetString()!;
                foreach (string expr in panel.GetProperty("targets").EnumerateArray().Select(t => t.GetProperty("expr").GetString()!))
                {
                    string query = expr.Replace("$job", "openstack", StringComparison.Ordinal)
                        .Replace("$instance", ".+", StringComparison.Ordinal).Replace("$tenant", ".+", StringComparison.Ordinal)
                        .Replace("$__rate_interval", "30s", StringComparison.Ordinal);
                    using JsonDocument answer =
                        JsonDocument.Parse(await daemon.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}"));
                    if (answer.RootElement.GetProperty("data").GetProperty("result").GetArrayLength() == 0 && !mayBeEmpty.Contains(title))
                        empty.Add($"{Path.GetFileName(file)}, '{title}': nothing comes of {query}");
                }
            }
        }
        return empty;
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { ValueKind: JsonValueKind.True } => "true",
        { ValueKind: JsonValueKind.False } => "false",
        var other => other.ToString(),
    };

    private static double Number(JsonElement row, string column) => double.Parse(Text(row, column), CultureInfo.InvariantCulture);

    private async Task<JsonElement> AskAsync(string token, string service, string path)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("X-Auth-Token", token);
        return JsonDocument.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{cloud.Port(service)}{path}"))).RootElement;
    }

    /// <summary>The one value of an expression; NaN when there is none.</summary>
    private static async Task<double> ValueAsync(Daemon daemon, string expression)
    {
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}"));
        JsonElement result = answer.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 1
            ? double.Parse(result[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)
            : double.NaN;
    }
}
