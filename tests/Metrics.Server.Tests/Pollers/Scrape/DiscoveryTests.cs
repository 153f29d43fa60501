using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using Metrics.Hosting;
using Metrics.Pollers;
using Metrics.Pollers.OpenStack;
using Metrics.Pollers.Scrape;
using Metrics.Telemetry;
using Metrics.Tests.Pollers.OpenStack;
using Microsoft.Extensions.Time.Testing;

namespace Metrics.Tests.Pollers.Scrape;

/// <summary>Targets that others list: over HTTP, in the DNS, and in a cloud.</summary>
public sealed class DiscoveryTests : IDisposable
{
    private static readonly SearchList s_search = SearchList.Read(["nameserver 10.0.0.1", "search example.org other.example"]);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));
    private readonly SaidLog<ScrapeSource> _said = new();
    private readonly ScrapeSource _source;

    public DiscoveryTests() => _source =
        new ScrapeSource(new PollMetrics(new MetricRegistry()), new CloudMetrics(new MetricRegistry()), _time, _said);

    public void Dispose() => _source.Dispose();

    [Fact]
    public async Task A_list_over_HTTP_is_followed_and_stays_while_it_cannot_be_had()
    {
        (string Body, string Type, int Status) answer =
            ("""[ { "targets": ["a:1", "b:1"], "labels": { "rack": "r1" } }, { "targets": ["http://c:1/x"] } ]""", "application/json", 200);
        var asked = new ConcurrentQueue<string>();
        using var server = new LocalServer(async context =>
        {
            asked.Enqueue($"{context.Request.Headers["Authorization"]} {context.Request.Headers["X-Prometheus-Refresh-Interval-Seconds"]}");
            (context.Response.StatusCode, context.Response.ContentType) = (answer.Status, answer.Type);
            await context.Response.OutputStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer.Body));
        });
        string job = $$"""
            scrape_configs:
              - job_name: j
                http_sd_configs: [ { url: '{{server.Url}}list', refresh_interval: 30s, basic_auth: { username: u, password: p } } ]
                relabel_configs: [ { source_labels: [__meta_url], target_label: by } ]
            """;
        await UntilAsync(job, $"a:1 r1 {server.Url}list", $"b:1 r1 {server.Url}list");
        _said.Messages.Should().Equal("A target is not taken: j/http://c:1/x: "
            + "'http://c:1/x' must be an address such as host:9100, without scheme and path (set scheme and metrics_path)");
        asked.Should().Equal("Basic dTpw 30");

        foreach ((string body, string type, int status, string said) in new[]
        {
            ("no", "application/json", 500, "HTTP status 500"),
            ("[]", "text/html", 200, "the answer is 'text/html'; it must be application/json"),
            ("{}", "application/json", 200, "the answer:1:1: expected a list of target groups"),
        })
        {
            (int before, answer) = (_said.Messages.Count, (body, type, status));
            _time.Advance(TimeSpan.FromSeconds(30));
            await Eventually.Async(() =>
            {
                Look(job).Should().HaveCount(2, "what was found stays");
                return Task.FromResult(_said.Messages.Count > before);
            }, said);
            _said.Messages.Last().Should().Be(
                $"Targets are not discovered: {server.Url}list gives no targets, those it had before stay: {said}");
        }

        answer = ("""[ { "targets": ["b:1"] } ]""", "application/json", 200);
        await UntilAsync(job, $"b:1  {server.Url}list");
        Look(job + "\n    scrape_interval: 1m").Should().HaveCount(1, "a job that changes keeps what was found for it");
        answer = ("no", "application/json", 500);
        string other = job.Replace("refresh_interval: 30s", "refresh_interval: 20s", StringComparison.Ordinal);
        for (int look = 0; look < 3; look++)
            Look(other).Should().Equal($"b:1  {server.Url}list");
        Look("scrape_configs: []").Should().BeEmpty();
        Look(other).Should().BeEmpty("nobody stood there before");
    }

    [Fact]
    public async Task Records_of_the_DNS_are_targets()
    {
        using var resolver = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        _ = AnswerAsync(resolver);
        var servers = new LookupClient(new LookupClientOptions((IPEndPoint)resolver.Client.LocalEndPoint!) { UseCache = false });
        DnsDiscovery srv = Read<DnsDiscovery>("dns_sd_configs: [ { names: [_metrics._tcp.example.org] } ]");
        using IFinder finder = srv.Open(servers, s_search);
        IReadOnlyList<TargetGroup> found = await finder.FindAsync(srv.Names[0], [], TestContext.Current.CancellationToken);
        found.SelectMany(g => g.Targets).Should().Equal("node.example.org:9100");
        found[0].Labels.Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["__meta_dns_name"] = "_metrics._tcp.example.org", ["__meta_dns_srv_record_target"] = "node.example.org.",
            ["__meta_dns_srv_record_port"] = "9100",
        });
        DnsDiscovery address = Read<DnsDiscovery>("dns_sd_configs: [ { names: [node.example.org], type: A, port: 9200 } ]");
        using IFinder other = address.Open(servers, s_search);
        (await other.FindAsync(address.Names[0], [], TestContext.Current.CancellationToken)).SelectMany(g => g.Targets)
            .Should().Equal("192.0.2.1:9200");
        (await other.FindAsync("node", [], TestContext.Current.CancellationToken)).SelectMany(g => g.Targets)
            .Should().Equal(["192.0.2.1:9200"], "it is found in a domain of the search list");
        (await other.FindAsync("gone.example.org", [], TestContext.Current.CancellationToken)).Should().BeEmpty("there is no such name");
        Func<Task> broken = () => other.FindAsync("broken.example.org", [], TestContext.Current.CancellationToken);
        await broken.Should().ThrowAsync<HttpRequestException>().WithMessage("the server answers Server failure");
    }

    [Theory]
    [InlineData("search a.example b.example", "node", "node.a.example node.b.example node")]
    [InlineData("search a.example", "node.x", "node.x node.x.a.example")]
    [InlineData("search a.example", "node.x.", "node.x.")]
    [InlineData("search a.example\noptions rotate ndots:2 edns0", "node.x", "node.x.a.example node.x")]
    [InlineData("domain a.example\nsearch b.example.", "node", "node.b.example node")]
    [InlineData("", "node", "node")]
    public void A_short_name_is_looked_up_as_the_system_does_it(string file, string name, string asked) =>
        SearchList.Read(file.Split('\n')).NamesOf(name).Should().Equal(asked.Split(' '));

    [Fact]
    public async Task Hypervisors_and_servers_of_a_cloud_are_targets()
    {
        var stub = new StubCloud();
        stub.Answers["/compute/v2.1/os-hypervisors/detail"] = """
            { "hypervisors": [ { "id": "h1", "hypervisor_hostname": "compute-1", "host_ip": "10.0.0.11", "state": "up", "status": "enabled",
              "hypervisor_type": "QEMU" }, { "id": "h2", "hypervisor_hostname": "compute-2", "host_ip": null } ] }
            """;
        stub.Answers["/network/v2.0/floatingips"] = """
            { "floatingips": [ { "floating_ip_address": "203.0.113.7", "fixed_ip_address": "10.1.0.5", "port_id": "p1" } ] }
            """;
        stub.Answers["/network/v2.0/ports"] = """{ "ports": [ { "id": "p1", "device_id": "s1" }, { "id": "p2", "device_id": "s2" } ] }""";
        stub.Answers["/compute/v2.1/servers/detail"] = """
            { "servers": [
              { "id": "s1", "name": "web", "status": "ACTIVE", "tenant_id": "t", "user_id": "u", "image": { "id": "i" },
                "flavor": { "original_name": "m1.small" }, "metadata": { "role.of": "db", "role-of": "web" },
                "addresses": { "inside": [ { "addr": "10.1.0.5" }, { "addr": "203.0.113.7" }, { "addr": "fd00::5" } ] } },
              { "id": "s2", "name": "new", "status": "BUILD", "tenant_id": "t", "user_id": "u", "image": "", "addresses": {} } ] }
            """;
        (await InCloudAsync(stub, "hypervisor", "port: 9100")).Should().Equal(
            "10.0.0.11:9100 hypervisor_host_ip=10.0.0.11 hypervisor_hostname=compute-1 hypervisor_id=h1 hypervisor_state=up "
                + "hypervisor_status=enabled hypervisor_type=QEMU");
        const string Common = "instance_flavor=m1.small instance_id=s1 instance_image=i instance_name=web instance_status=ACTIVE";
        (await InCloudAsync(stub, "instance", "all_tenants: true")).Should().Equal(
            $"10.1.0.5:80 address_pool=inside {Common} private_ip=10.1.0.5 project_id=t public_ip=203.0.113.7 tag_role_of=web user_id=u",
            $"[fd00::5]:80 address_pool=inside {Common} private_ip=fd00::5 project_id=t tag_role_of=web user_id=u");
        stub.Requests.Should().Contain(r => r.StartsWith("GET /compute/v2.1/servers/detail", StringComparison.Ordinal)
            && r.Contains("all_tenants=true", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("dns_sd_configs: [ { names: [a], type: A } ]", "port is required: records A have none")]
    [InlineData("dns_sd_configs: [ { type: SRV } ]", "names is required")]
    [InlineData("http_sd_configs: [ { url: 'ftp://a' } ]", "it must be a URL that begins with http:// or https://")]
    [InlineData("openstack_sd_configs: [ { role: instance, identity_endpoint: 'http://k/v3', username: u } ]",
        "needs username and password")]
    [InlineData("openstack_sd_configs: [ { role: pod, identity_endpoint: 'http://k/v3', username: u, password: p } ]",
        "role is 'pod'; allowed are hypervisor, instance, loadbalancer")]
    [InlineData("kubernetes_sd_configs: [ { role: pod } ]",
        "kubernetes_sd_configs is not supported; targets are found by static, file, http, dns and openstack")]
    public void What_is_wrong_or_not_supported_is_said(string keys, string said) =>
        FluentActions.Invoking(() => MetricsOptions.Parse($"scrape_configs: [ {{ job_name: j, {keys} }} ]"))
            .Should().Throw<Metrics.Configuration.ConfigurationException>().WithMessage($"*{said}*");

    private static T Read<T>(string keys) where T : Discovery =>
        MetricsOptions.Parse($"scrape_configs: [ {{ job_name: j, {keys} }} ]").Targets.OfType<ScrapeJob>().Single()
            .Discoveries.OfType<T>().Single();

    private static async Task<List<string>> InCloudAsync(StubCloud stub, string role, string more)
    {
        OpenStackDiscovery discovery = Read<OpenStackDiscovery>(
            $"openstack_sd_configs: [ {{ identity_endpoint: '{StubCloud.Url}/identity/v3', "
            + $"username: u, password: p, project_name: admin, domain_name: Default, region: R1, role: {role}, {more} }} ]");
        var cloud = new WatchedCloud(discovery.Cloud, new CloudMetrics(new MetricRegistry()), stub.Time,
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, stub);
        using IFinder finder = discovery.Open(cloud);
        const string Prefix = "__meta_openstack_";
        return
        [
            .. (await finder.FindAsync(discovery.Sources[0], [], TestContext.Current.CancellationToken)).Select(g =>
                string.Join(' ', g.Labels.Select(l => $"{l.Key[Prefix.Length..]}={l.Value}").Order(StringComparer.Ordinal)
                    .Prepend(g.Targets.Single()))),
        ];
    }

    private List<string> Look(string job) =>
    [
        .. _source.Discover(MetricsOptions.Parse(job).Targets).Where(t => t.Job == "j")
            .Select(t => $"{t.Instance} {t.Identity.Series.Labels["rack"]} {t.Identity.Series.Labels["by"]}").Order(StringComparer.Ordinal),
    ];

    private async Task UntilAsync(string job, params string[] targets)
    {
        _time.Advance(TimeSpan.FromSeconds(30));
        await Eventually.Async(() => Task.FromResult(Look(job).SequenceEqual(targets)), string.Join(", ", targets));
    }

    /// <summary>Answers for a service and a host; other names are not there, or cannot be looked up.</summary>
    private static async Task AnswerAsync(UdpClient resolver)
    {
        try
        {
            while (true)
            {
                UdpReceiveResult asked = await resolver.ReceiveAsync();
                int end = Array.IndexOf(asked.Buffer, (byte)0, 12) + 5;
                string name = System.Text.Encoding.ASCII.GetString(asked.Buffer, 12, end - 16);
                byte[] host = [4, .. "node"u8, 7, .. "example"u8, 3, .. "org"u8, 0];
                byte[] record = name.Contains("metrics", StringComparison.Ordinal)
                    ? [0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, (byte)(6 + host.Length), 0, 0, 0, 0, 0x23, 0x8C, .. host]
                    : [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
                byte code = name[1..5] switch { "gone" => 3, "brok" => 2, _ => 0 };
                byte[] answer = [.. asked.Buffer[..2], 0x81, (byte)(0x80 | code), 0, 1, 0, (byte)(code == 0 ? 1 : 0), 0, 0, 0, 0,
                    .. asked.Buffer[12..end], .. code == 0 ? record : []];
                await resolver.SendAsync(answer, asked.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
        }
    }
}
