using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Intake;
using Metrics.Pollers;
using Metrics.Pollers.OpenStack;
using Metrics.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Tests.Pollers;

/// <summary>What the catalogue gives for one configuration read again and again.</summary>
public sealed class ReloadTests : IDisposable
{
    private const string Host = "host: { instance: vm }\n";
    private const string Node =
        "scrape_configs:\n  - { job_name: node, static_configs: [ { targets: ['a:1', 'b:1'], labels: { rack: r1 } } ] }\n";
    private const string Other = "  - { job_name: other, static_configs: [ { targets: ['a:1'] } ] }\n";

    private const string Rest = """
        probes: [ { job_name: web, targets: ['http://a/'] } ]
        haproxy: [ { url: 'http://h:9000/' } ]
        memcached: [ { address: 'm' } ]
        openstack: [ { name: west, auth: { auth_url: 'http://k/v3', username: u, password: p, project_name: admin } } ]
        """;

    private readonly ServiceProvider _services = new ServiceCollection()
        .AddSingleton(TimeProvider.System).AddSingleton<MetricRegistry>().AddSingleton<CloudMetrics>().AddSingleton<PollMetrics>()
        .AddSingleton<IntakeMetrics>().AddSingleton<LogCounts>()
        .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
        .BuildServiceProvider();

    private readonly TargetCatalog _catalog;

    public ReloadTests() => _catalog = new TargetCatalog(_services, _services.GetRequiredService<MetricRegistry>(), TimeProvider.System);

    public void Dispose()
    {
        _catalog.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void Read_again_an_unchanged_file_gives_the_same_targets_of_every_family()
    {
        string yaml = Host + Node + Other + Rest;
        List<TargetDeclaration> first = Discover(yaml);
        first.Select(t => t.Job).Distinct().Should()
            .BeEquivalentTo("metricsd", "host", "web", "openstack", "haproxy", "memcached", "node", "other");
        for (int i = 0; i < 3; i++)
            Discover(yaml).Select(t => t.Identity).Should().Equal(first.Select(t => t.Identity));
    }

    [Fact]
    public void A_cloud_keeps_its_session_caches_and_inventory_until_its_section_changes()
    {
        using var clouds = new CloudTargets(
            new CloudMetrics(new MetricRegistry()), TimeProvider.System, NullLogger<WatchedCloud>.Instance);
        WatchedCloud first = Look(Rest);
        Look(Rest).Should().BeSameAs(first);
        Look(Node + Rest).Should().BeSameAs(first);
        Look(Rest.Replace("password: p", "password: q", StringComparison.Ordinal)).Should().NotBeSameAs(first);

        WatchedCloud Look(string yaml)
        {
            TargetSections sections = MetricsOptions.Parse(yaml).Targets;
            clouds.Discover(sections).Should().ContainSingle("nobody has logged in yet");
            return clouds.Of(sections.OfType<CloudJob>().Single().Id);
        }
    }

    [Theory]
    [InlineData(Host, "host: { instance: vm, interval: 20s }\n", "host")]
    [InlineData(Other, "  - { job_name: other, metrics_path: /m, static_configs: [ { targets: ['a:1'] } ] }\n", "other")]
    [InlineData("password: p", "password: q", "openstack")]
    [InlineData("address: 'm'", "address: 'm', interval: 20s", "memcached")]
    public void A_section_that_changes_changes_its_own_targets_and_none_of_their_series(string before, string after, string job)
    {
        string yaml = Host + Node + Other + Rest;
        List<TargetDeclaration> first = Discover(yaml), second = Discover(yaml.Replace(before, after, StringComparison.Ordinal));
        second.Where(t => !first.Select(f => f.Identity).Contains(t.Identity)).Select(t => t.Job).Distinct().Should().Equal(job);
        second.Select(t => t.Identity.Series).Should().Equal(first.Select(t => t.Identity.Series), "they move and keep their series");
    }

    [Fact]
    public void A_family_that_cannot_tell_keeps_the_targets_it_had()
    {
        var family = TargetFamily.Of<Failing>("failing", _ => []);
        var source = new Failing();
        using var catalog = new TargetCatalog([(family, source)], new MetricRegistry(), TimeProvider.System);
        TargetSections sections = MetricsOptions.Parse("").Targets;
        catalog.Discover(sections).Should().HaveCount(1);
        source.Fails = true;
        catalog.Discover(sections).Should().HaveCount(1);
    }

    private List<TargetDeclaration> Discover(string yaml) => [.. _catalog.Discover(MetricsOptions.Parse(yaml).Targets)];

    private sealed class Failing : ITargetSource
    {
        private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

        public bool Fails { get; set; }

        public IEnumerable<TargetDeclaration> Discover(TargetSections sections) => Fails
            ? throw new IOException("gone")
            : [new TargetDeclaration(sections[0], "j", "i", s_second, s_second, () => throw new InvalidOperationException())];
    }
}
