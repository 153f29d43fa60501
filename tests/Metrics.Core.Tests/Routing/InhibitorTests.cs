using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Tests.Routing;

public sealed class InhibitorTests
{
    private readonly Inhibitor _inhibitor = new(
    [
        new InhibitRule(MatcherText.Parse("severity=critical"), MatcherText.Parse("severity=~\"warning|info\""), ["alertname", "cluster"]),
        new InhibitRule(MatcherText.Parse("alertname=HostDown"), MatcherText.Parse("host!=\"\""), ["host"]),
    ]);

    [Fact]
    public void A_critical_alert_mutes_the_warning_of_the_same_name_and_cluster_while_it_fires()
    {
        Labels critical = Alert("Full", "critical", ("cluster", "a"));
        _inhibitor.Add(critical);
        _inhibitor.InhibitedBy(Alert("Full", "warning", ("cluster", "a"))).Should().BeSameAs(critical);
        _inhibitor.InhibitedBy(Alert("Full", "warning", ("cluster", "b"))).Should().BeNull();
        _inhibitor.InhibitedBy(Alert("Slow", "warning", ("cluster", "a"))).Should().BeNull();
        _inhibitor.InhibitedBy(critical).Should().BeNull();
        _inhibitor.Remove(critical);
        _inhibitor.InhibitedBy(Alert("Full", "warning", ("cluster", "a"))).Should().BeNull();
    }

    [Fact]
    public void Labels_that_both_lack_agree()
    {
        _inhibitor.Add(Alert("Full", "critical"));
        _inhibitor.InhibitedBy(Alert("Full", "warning")).Should().NotBeNull();
        _inhibitor.InhibitedBy(Alert("Full", "warning", ("cluster", "a"))).Should().BeNull();
    }

    [Fact]
    public void Nothing_inhibits_itself_or_what_is_source_and_target_as_it_is()
    {
        Labels one = Alert("HostDown", "none", ("host", "h1"), ("by", "ping")),
            two = Alert("HostDown", "none", ("host", "h1"), ("by", "ipmi"));
        _inhibitor.Add(one);
        _inhibitor.Add(two);
        _inhibitor.InhibitedBy(one).Should().BeNull();
        _inhibitor.InhibitedBy(two).Should().BeNull();
        _inhibitor.InhibitedBy(Alert("ServiceDown", "none", ("host", "h1"))).Should().NotBeNull();
    }

    private static Labels Alert(string name, string severity, params (string, string)[] more) =>
        Labels.Of([new Label("alertname", name), new Label("severity", severity), .. more.Select(m => new Label(m.Item1, m.Item2))]);
}
