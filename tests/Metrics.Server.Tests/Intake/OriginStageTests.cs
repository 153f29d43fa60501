using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Intake;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Telemetry;

namespace Metrics.Tests.Intake;

public sealed class OriginStageTests
{
    private readonly Current<EventLogOptions> _options = new(Options("[10.0.0.4, 2001:db8:f::/48]"));
    private readonly IntakeMetrics _metrics = new(new MetricRegistry());
    private readonly OriginStage _stage;

    public OriginStageTests() => _stage = new OriginStage(_options, _metrics);

    [Theory]
    [InlineData("identity.authenticate", "10.0.0.4", "198.51.100.1, 203.0.113.9", "203.0.113.9", "10.0.0.4")]
    [InlineData("http.request", "::ffff:10.0.0.4", "203.0.113.9", "203.0.113.9", "::ffff:10.0.0.4")]
    [InlineData("http.request", "2001:db8:f::1", "for=\"[2001:db8::7]:4711\"", "2001:db8::7", "2001:db8:f::1")]
    [InlineData("ids.alert", "10.0.0.4", "203.0.113.9", "203.0.113.9", "10.0.0.4")]
    public async Task Who_came_to_a_trusted_proxy_is_the_origin(string kind, string from, string chain, string origin, string proxy) =>
        (await TakeAsync(kind, from, chain)).Should().Be($"{origin} by {proxy}");

    [Theory]
    [InlineData("203.0.113.66", "198.51.100.1")]
    [InlineData("10.0.0.5", "198.51.100.1, 203.0.113.9")]
    public async Task Who_is_no_trusted_proxy_keeps_its_address_whatever_it_claims(string from, string claimed) =>
        (await TakeAsync(EventKinds.IdentityAuthenticate, from, claimed)).Should().Be($"{from} by ");

    [Theory]
    [InlineData("identity.authenticate", "")]
    [InlineData("identity.lockout", "")]
    [InlineData("http.request", "unknown")]
    [InlineData("resource.deleted", "198.51.100.1, _hidden")]
    public async Task Where_nobody_says_who_came_to_the_proxy_there_is_no_origin(string kind, string chain) =>
        (await TakeAsync(kind, "10.0.0.4", chain)).Should().Be(" by 10.0.0.4");

    [Theory]
    [InlineData("host.login")]
    [InlineData("ids.alert")]
    [InlineData("firewall.packet")]
    public async Task Whoever_comes_from_the_machine_of_a_proxy_itself_is_there(string kind) =>
        (await TakeAsync(kind, "10.0.0.4", "")).Should().Be("10.0.0.4 by ");

    [Fact]
    public async Task All_of_a_batch_are_looked_at_and_the_port_stays_with_its_address()
    {
        var batch = new EventBatch("test");
        Add(batch, EventKinds.HttpRequest, "10.0.0.4", "203.0.113.9");
        Add(batch, EventKinds.HttpRequest, "192.0.2.1", "");
        Add(batch, EventKinds.HttpRequest, "10.0.0.4", "");
        Add(batch, EventKinds.HttpRequest, "10.0.0.4", "203.0.113.10");
        await _stage.TakeAsync(new EventWork(batch, null));
        Enumerable.Range(0, 4).Select(row => Describe(batch, row)).Should().Equal(
            "203.0.113.9 by 10.0.0.4", "192.0.2.1 by ", " by 10.0.0.4", "203.0.113.10 by 10.0.0.4");
        (batch.Find(0, EventFields.SourcePort), batch.Find(0, EventFields.ProxyPort)).Should().Be((null, "4711"));
        (batch.Find(1, EventFields.SourcePort), batch.Find(1, EventFields.ProxyPort)).Should().Be(("4711", null));
        batch.Find(0, EventFields.SourceForwarded).Should().Be("203.0.113.9", "what was claimed is evidence");
        (_metrics.EventsBehindProxy.WithLabels("known").Value, _metrics.EventsBehindProxy.WithLabels("unknown").Value).Should().Be((2, 1));
    }

    [Fact]
    public async Task Where_the_proxy_is_does_not_stand_as_the_place_of_the_client()
    {
        var batch = new EventBatch("test");
        Add(batch, EventKinds.HttpRequest, "10.0.0.4", "203.0.113.9");
        batch.AddField(EventFields.SourceCountry, "DE");
        batch.AddField("source.geo.city_name", "Berlin");
        Add(batch, EventKinds.HttpRequest, "192.0.2.1", "");
        batch.AddField(EventFields.SourceCountry, "FR");
        await _stage.TakeAsync(new EventWork(batch, null));
        (batch.Find(0, EventFields.SourceCountry), batch.Find(0, "source.geo.city_name")).Should().Be((null, null));
        (batch.Find(0, "proxy.geo.country_iso_code"), batch.Find(0, "proxy.geo.city_name")).Should().Be(("DE", "Berlin"));
        batch.Find(1, EventFields.SourceCountry).Should().Be("FR");
    }

    [Fact]
    public async Task What_somebody_has_told_apart_before_is_left_alone()
    {
        var batch = new EventBatch("test");
        Add(batch, EventKinds.HttpRequest, "10.0.0.4", "203.0.113.9");
        batch.AddField(EventFields.ProxyIp, "192.0.2.80");
        await _stage.TakeAsync(new EventWork(batch, null));
        Describe(batch, 0).Should().Be("10.0.0.4 by 192.0.2.80");
    }

    [Fact]
    public async Task A_reload_changes_at_once_whom_one_trusts()
    {
        _options.Value = Options("[]");
        (await TakeAsync(EventKinds.HttpRequest, "10.0.0.4", "203.0.113.9")).Should().Be("10.0.0.4 by ");
        _options.Value = Options("10.0.0.0/24");
        (await TakeAsync(EventKinds.HttpRequest, "10.0.0.4", "203.0.113.9")).Should().Be("203.0.113.9 by 10.0.0.4");
    }

    [Fact]
    public void All_that_is_wrong_with_networks_is_said_at_once_and_where()
    {
        Action parse = () => MetricsOptions.Parse("""
            events:
              trusted_proxies: [10.0.0.0/33, proxy.example.org, 10.0.0.4]
              redact: [ { pattern: '(' } ]
            """);
        parse.Should().Throw<Exception>().Which.Message.Should()
            .Contain("events.trusted_proxies holds '10.0.0.0/33', which is no network").And.Contain("metrics.yaml:2:")
            .And.Contain("holds 'proxy.example.org', which is no network").And.Contain("events.redact[0].pattern");
        foreach (string all in (string[])["0.0.0.0/0", "::/0"])
        {
            Action trust = () => Options($"['{all}']");
            trust.Should().Throw<Exception>().WithMessage("*events.trusted_proxies holds every address*");
        }
    }

    private static EventLogOptions Options(string proxies) => MetricsOptions.Parse($"events: {{ trusted_proxies: {proxies} }}").Events;

    private async Task<string> TakeAsync(string kind, string from, string chain)
    {
        var batch = new EventBatch("test");
        Add(batch, kind, from, chain);
        await _stage.TakeAsync(new EventWork(batch, null));
        return Describe(batch, 0);
    }

    private static void Add(EventBatch batch, string kind, string from, string chain)
    {
        batch.Add(1, 1, kind, 0, "");
        batch.AddField(EventFields.SourceIp, from);
        batch.AddField(EventFields.SourcePort, "4711");
        batch.AddField(EventFields.SourceForwarded, chain);
    }

    private static string Describe(EventBatch batch, int row) =>
        $"{batch.Find(row, EventFields.SourceIp)} by {batch.Find(row, EventFields.ProxyIp)}";
}
