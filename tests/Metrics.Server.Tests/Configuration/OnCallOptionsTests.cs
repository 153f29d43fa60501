using System.Globalization;
using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Tests.Configuration;

public sealed class OnCallOptionsTests
{
    private const string Receivers = "receivers: [ { name: a }, { name: b } ]\nroute: { receiver: a }\n";

    [Theory]
    // Sundays at two, for two hours, in Berlin: 2026-06-07 is a Sunday, and Berlin two hours ahead.
    [InlineData("2026-06-06T23:59:59Z", false)]
    [InlineData("2026-06-07T00:00:00Z", true)]
    [InlineData("2026-06-07T01:59:59Z", true)]
    [InlineData("2026-06-07T02:00:00Z", false)]
    // In winter one hour ahead.
    [InlineData("2026-12-06T00:59:59Z", false)]
    [InlineData("2026-12-06T01:00:00Z", true)]
    public void A_maintenance_window_follows_its_cron_and_its_clocks(string at, bool expected)
    {
        MaintenanceWindow window = Read(Receivers + """
            maintenance: [ { name: sunday, cron: '0 0 2 ? * SUN', duration: 2h, time_zone: Europe/Berlin, matchers: ['team="db"'] } ]
            """).Maintenance.Single();
        window.EndOf(DateTimeOffset.Parse(at, CultureInfo.InvariantCulture)).HasValue.Should().Be(expected);
        window.Matches(Labels.Of(new Label("team", "db"))).Should().BeTrue();
        window.Matches(Labels.Of(new Label("team", "web"))).Should().BeFalse();
    }

    [Fact]
    public void What_is_down_mutes_what_depends_on_it_by_other_label_names()
    {
        var inhibitor = new Inhibitor(Read(Receivers + """
            dependencies:
              - { down: ['alertname="HostDown"'], mutes: ['layer="service"'], where: { host: instance } }
              - { down: ['alertname="SwitchDown"'], mutes: ['alertname="HostDown"'], equal: [site], where: { switch: name } }
            """).Inhibits);
        Labels host =
            Labels.Of(new Label("alertname", "HostDown"), new Label("instance", "n1"), new Label("switch", "s1"), new Label("site", "x"));
        Labels service = Labels.Of(new Label("alertname", "NovaDown"), new Label("layer", "service"), new Label("host", "n1"));
        inhibitor.InhibitedBy(service).Should().BeNull();
        inhibitor.Add(host);
        inhibitor.InhibitedBy(service)!.Equals(host).Should().BeTrue();
        inhibitor.InhibitedBy(Labels.Of(new Label("layer", "service"))).Should().BeNull("it names no host");
        inhibitor.Add(Labels.Of(new Label("alertname", "SwitchDown"), new Label("name", "s1"), new Label("site", "y")));
        inhibitor.InhibitedBy(host).Should().BeNull("that is a switch of the same name elsewhere");
        inhibitor.Add(Labels.Of(new Label("alertname", "SwitchDown"), new Label("name", "s1"), new Label("site", "x")));
        inhibitor.InhibitedBy(host).Should().NotBeNull();
        inhibitor.InhibitedBy(service)!.Equals(host).Should().BeTrue("a muted host mutes its services all the same");
    }

    [Fact]
    public void That_a_receiver_is_down_is_told_by_the_others()
    {
        NotificationOptions options = MetricsOptions.Parse("""
            receivers: [ { name: a, webhook_configs: [ { url: 'http://x/' } ] }, { name: b, webhook_configs: [ { url: 'http://y/' } ] }, { name: c, webhook_configs: [ { url: 'http://z/' } ] } ]
            route: { receiver: a }
            failure_receiver: b
            """).Notifications;
        options.Plan.Tree.Match(Labels.Of(new Label("alertname", "MetricsdReceiverDown"), new Label("receiver", "a"))).Single().Id.Should()
            .Be(RoutingOptions.ReceiverDownRoute);
        options.Plan.OthersThan("a").Select(n => n.Id.ToString()).Should().Equal("b/webhook/0");
        options.Plan.OthersThan("b").Select(n => n.Id.ToString()).Should().Equal("a/webhook/0", "c/webhook/0");
        (options.Plan with { Routing = options.Routing with { FailureReceiver = null } }).OthersThan("c").Select(n => n.Id.ToString())
            .Should().Equal("a/webhook/0", "b/webhook/0");
    }

    [Theory]
    [InlineData("maintenance: [ { name: x, cron: '0 2 * * 0', duration: 1h } ]",
        "maintenance[0].cron is '0 2 * * 0', which is no Quartz cron expression")]
    [InlineData("maintenance: [ { name: x, cron: '0 0 2 ? * SUN' } ]", "maintenance[0].duration is required")]
    [InlineData("maintenance: [ { name: x, cron: '0 0 2 ? * SUN', duration: 1h, time_zone: Mars } ]", "maintenance[0].time_zone is 'Mars'")]
    [InlineData("dependencies: [ { down: ['a=\"b\"'], mutes: ['c=\"d\"'] } ]", "which label of a muted alert names what is down")]
    [InlineData("failure_receiver: c", "failure_receiver is 'c'; known are a, b")]
    [InlineData("storm: { messages: x }", "storm.messages is 'x'")]
    public void What_is_wrong_is_told(string yaml, string expected)
    {
        Action read = () => Read(Receivers + yaml);
        read.Should().Throw<ConfigurationException>().Which.Message.Should().Contain(expected);
    }

    [Fact]
    public void A_step_of_escalation_names_a_receiver()
    {
        Read("receivers: [ { name: a }, { name: b } ]\nroute: { receiver: a, escalation: [ { after: 15m, receiver: b } ], routes: [ { "
            + "matchers: ['x=\"y\"'] } ] }").Root.Routes[0].Escalation
            .Should().Equal(new EscalationStep(TimeSpan.FromMinutes(15), "b"));
        Action read = () => Read("receivers: [ { name: a } ]\nroute: { receiver: a, escalation: [ { receiver: z } ] }");
        read.Should().Throw<ConfigurationException>().Which.Message.Should()
            .Contain("escalation[0].after is required").And.Contain("escalation[0].receiver is 'z'");
    }

    private static RoutingOptions Read(string yaml) => MetricsOptions.Parse(yaml).Notifications.Routing;
}
