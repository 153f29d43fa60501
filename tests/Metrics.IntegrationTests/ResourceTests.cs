using System.Globalization;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>What becomes of resources of a real OpenStack, as its services notify of it, and what the shipped rules say.</summary>
[Collection<CloudTests>]
public sealed class ResourceTests(RealCloud cloud, ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task What_a_deleted_project_user_or_domain_leaves_behind_is_told_within_5_seconds_though_polls_are_an_hour_apart()
    {
        cloud.Need();
        string project = await cloud.OpenStackAsync("project create leaving -f value -c id");
        await cloud.OpenStackAsync($"user create leaver --password {cloud.Password}");
        await cloud.OpenStackAsync("role add --project leaving --user leaver member");
        string maker = await cloud.OpenStackAsync($"user create maker --password {cloud.Password} -f value -c id");
        await cloud.OpenStackAsync("role add --project demo --user maker member");
        string domain = await cloud.OpenStackAsync("domain create closing -f value -c id");
        string branch = await cloud.OpenStackAsync($"project create branch --domain {domain} -f value -c id");
        string interval = cloud.Configuration().Replace("interval: 4s, check_interval: 2s, slow_interval: 8s",
            "interval: 1h, check_interval: 1h, slow_interval: 1h", StringComparison.Ordinal);
        await using Daemon daemon = await Daemon.StartAsync("host: { enabled: false }\n" + interval
            + $"\ninputs: {{ openstack: [ {{ name: real, notifications: {{ url: '{cloud.TransportUrl}', exchanges: [keystone] }} }} ] }}");
        await Eventually.Async(
            async () => (await daemon.FederateAsync("{__name__=~\"openstack_identity_(projects|users)\"}")).Count == 2
                && (await daemon.FederateAsync("up{collection=\"orphans\"}")).Count == 1, "owners are known", s_patience);

        // Made after the only regular poll.
        await cloud.OpenStackAsync("network create leaving-net", "leaver", "leaving");
        await cloud.OpenStackAsync("subnet create --network leaving-net --subnet-range 10.67.0.0/24 leaving-subnet", "leaver", "leaving");
        await cloud.OpenStackAsync(
            "server create --flavor tiny --image nothing --network leaving-net --wait leaving-server", "leaver", "leaving");
        await cloud.OpenStackAsync("volume create --size 2 leaving-volume", "leaver", "leaving");
        await cloud.OpenStackAsync("volume create --size 1 made-volume", "maker", "demo");
        await cloud.OpenStackAsync($"network create branch-net --project {branch}");

        await cloud.OpenStackAsync($"project delete {project}");
        JsonElement told = await ToldAsync(daemon, "project", project, project);
        told.GetProperty("annotations").Text("summary").Should()
            .StartWith($"The project {project} (leaving) is gone from real and has left ");
        told.GetProperty("annotations").Text("costs").Should()
            .StartWith("1 virtual processors, 512MiB of memory, 3GiB of disk, the oldest for ");
        told.GetProperty("annotations").Text("oldest").Should()
            .MatchRegex("server leaving-server [0-9a-f-]{36}, .* old, 1 vCPU, 512MiB memory")
            .And.MatchRegex("volume leaving-volume [0-9a-f-]{36}, .* old, 2GiB disk");
        await cloud.OpenStackAsync($"user delete {maker}");
        (await ToldAsync(daemon, "user", maker, maker)).GetProperty("annotations").Text("oldest").Should().StartWith("volume made-volume ");
        await cloud.OpenStackAsync($"domain set --disable {domain}");
        await cloud.OpenStackAsync($"domain delete {domain}");
        (await ToldAsync(daemon, "project", branch, domain)).GetProperty("annotations").Text("oldest").Should()
            .Contain("network branch-net ");
        (await daemon.OwnAsync("metricsd_cloud_orphan_looks_total")).Should().BeInRange(3, 8, "each is a look, and no more");
        await CleanUpAsync(project, branch);
    }

    [Fact]
    public async Task A_port_opened_to_the_world_and_what_others_take_down_are_told_and_what_a_project_does_itself_is_not()
    {
        cloud.Need();
        string project = await cloud.OpenStackAsync("project show demo -f value -c id");
        string admin = await cloud.OpenStackAsync("user show admin -f value -c id");
        string[] servers = ["own-server", "others-server"];
        foreach (string name in servers)
        {
            await cloud.OpenStackAsync(
                $"--os-compute-api-version 2.37 server create --flavor tiny --image nothing --nic none --wait {name}", "demo", "demo");
        }
        await using Daemon daemon = await Daemon.StartAsync("host: { enabled: false }\n"
            + "inputs: { openstack: [ { name: resources, notifications: { exchanges: [neutron, nova], "
            + $"url: '{cloud.TransportUrl}' }} }} ] }}");
        await Eventually.Async(async () => (await daemon.InputAsync("openstack/resources")).Text("detail")
            .EndsWith("bound to neutron, nova", StringComparison.Ordinal), "both exchanges are bound");

        string group = await cloud.OpenStackAsync("security group create opened -f value -c id", "demo", "demo");
        foreach (string rule in new[]
        {
            "--protocol tcp --dst-port 443 --remote-ip 0.0.0.0/0", "--protocol tcp --dst-port 22 --remote-ip 10.0.0.0/8", "--protocol icmp",
            "--protocol tcp --dst-port 3306 --ethertype IPv6 --remote-ip ::/0", "--protocol tcp --dst-port 8000:8999",
        })
            await cloud.OpenStackAsync($"security group rule create {rule} {group}", "demo", "demo");
        await cloud.OpenStackAsync("server stop own-server", "demo", "demo");
        string other = await cloud.OpenStackAsync("server list --all-projects --name others-server -f value -c ID");
        await cloud.OpenStackAsync($"server stop {other}");
        await daemon.UntilFiringAsync(
            ["cloud_project_id", "destination_port", "openstack_security_group_id", "user_id"],
            [
                $"ResourceTakenDownByOthers {project} {admin}", $"SecurityGroupOpenedToWorld {project} 3306 {group}",
                $"SecurityGroupOpenedToWorld {project} 8000-8999 {group}",
            ]);
        foreach (string name in servers)
            await cloud.OpenStackAsync($"server delete --wait {name}", "demo", "demo");
    }

    /// <summary>
    /// Deletes what was left: where most of a cloud is without an owner nothing is called an orphan, in the tests that follow neither.
    /// </summary>
    private async Task CleanUpAsync(params string[] projects)
    {
        foreach (string kind in new[] { "server", "volume" })
        {
            foreach (JsonElement one in await cloud.ListAsync($"{kind} list --all-projects"))
            {
                if (one.Text("Name") is "leaving-server" or "leaving-volume" or "made-volume")
                    await cloud.OpenStackAsync($"{kind} delete {one.Text("ID")}");
            }
        }
        await Eventually.Async(
            async () => !(await cloud.ListAsync("server list --all-projects")).Any(s => s.Text("Name") == "leaving-server"),
            "the server is gone, and its port with it", s_patience);
        await cloud.OpenStackAsync("network delete leaving-net branch-net");
        foreach (JsonElement group in await cloud.ListAsync("security group list"))
        {
            if (projects.Contains(group.Text("Project")))
                await cloud.OpenStackAsync($"security group delete {group.Text("ID")}");
        }
    }

    /// <summary>The alert of an owner; says how long after the notification of a deletion it was there.</summary>
    private async Task<JsonElement> ToldAsync(Daemon daemon, string owner, string id, string deleted)
    {
        JsonElement alert = default;
        await Eventually.Async(async () =>
        {
            JsonElement all = JsonDocument.Parse(await daemon.GetAsync("/api/v1/alerts")).RootElement.GetProperty("data");
            alert = all.GetProperty("alerts").EnumerateArray().FirstOrDefault(a => a.Text("state") == "firing"
                && a.GetProperty("labels").Text("alertname") == "OwnerGoneResourcesLeft"
                && a.GetProperty("labels").Text("owner") == owner && a.GetProperty("labels").Text("id") == id);
            return alert.ValueKind == JsonValueKind.Object;
        }, $"what the {owner} has left is told: {daemon.Log}", s_patience);
        JsonElement notified = (await daemon.EventsAsync())
            .Last(e => e.Text("kind") == "resource.deleted" && e.Text("openstack.resource.id") == deleted);
        TimeSpan took = Time(alert.Text("activeAt")) - Time(notified.Text("time"));
        output.WriteLine($"told {took.TotalSeconds:F1} s after the notification: {alert.GetProperty("annotations").Text("summary")}");
        took.Should().BeLessThan(TimeSpan.FromSeconds(5));
        return alert;
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
