using Metrics.Rules.Conditions;
using Metrics.Rules.Sigma;
using static Metrics.Tests.Rules.Sigma.SigmaHarness;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Correlations: events of rules that are counted together.</summary>
public sealed class SigmaCorrelationTests
{
    private const string Failed = """
        title: Failed
        name: failed
        logsource: { product: linux, service: sshd }
        detection:
          s: { event.outcome: failure }
          condition: s
        """;

    private const string Other = """
        title: Refused by Keystone
        id: 11111111-2222-3333-4444-555555555555
        name: refused
        logsource: { product: openstack, service: keystone }
        detection:
          s: { event.outcome: failure }
          condition: s
        """;

    private static string Correlation(string what) => $$"""
        title: Many
        correlation:
          type: event_count
          rules: [failed]
          group-by: [source.ip]
          timespan: 5m
          condition: { gte: 3 }
          {{what}}
        level: high
        """;

    private static string Correlation(string old, string what) => Correlation("").Replace(old, what, StringComparison.Ordinal);

    [Theory]
    [InlineData("gte: 3", 3, 2)]
    [InlineData("gt: 3", 4, 3)]
    [InlineData("lt: 3", 2, 3)]
    [InlineData("lte: 3", 3, 4)]
    [InlineData("eq: 3", 3, 4)]
    [InlineData("neq: 3", 2, 3)]
    public void Events_are_counted_against_a_limit(string limit, int found, int other)
    {
        SigmaLoad load = Load(Failed, Correlation("gte: 3", limit));
        load.Rules.Should().OnlyContain(r => r.IsLoaded);
        load.Group!.Rules.Select(r => r.Name).Should().Equal("Sigma: Many");
        var bounds = ((EventCount)load.Group.Alerting.Single().Condition).Bounds;
        bool Breaks(int count)
        {
            double bound = bounds.Limits[0].ConstantNumber!.Value;
            return bounds.Kind switch
            {
                ThresholdKind.Above => count > bound,
                ThresholdKind.Below => count < bound,
                ThresholdKind.Equals => count == bound,
                _ => count != bound,
            };
        }

        Breaks(found).Should().BeTrue();
        Breaks(other).Should().BeFalse();
    }

    [Fact]
    public void Many_events_of_one_address_fire_and_those_of_others_do_not()
    {
        SigmaLoad load = Load(Failed, Correlation(""));
        var events = new[] { "1", "1", "1", "2", "2" }
            .Select(ip => Event("event.outcome=failure", "service.name=sshd", $"source.ip=192.0.2.{ip}")).ToArray();
        var alert = Alerts(load.Group!.Alerting, events).Should().ContainSingle().Subject;
        alert.Series["source_ip"].Should().Be("192.0.2.1");
        alert.Value.Should().Be(3);
    }

    [Fact]
    public void Different_values_are_counted()
    {
        string spraying = Correlation("event_count", "value_count").Replace("gte: 3", "gte: 2, field: user.name", StringComparison.Ordinal);
        var rules = Load(Failed, spraying).Group!.Alerting;
        string[] failed = ["event.outcome=failure", "service.name=sshd", "source.ip=192.0.2.1"];
        Alerts(rules, Event([.. failed, "user.name=a"]), Event([.. failed, "user.name=a"])).Should().BeEmpty();
        Alerts(rules, Event([.. failed, "user.name=a"]), Event([.. failed, "user.name=b"])).Should().ContainSingle();
    }

    [Fact]
    public void Several_rules_are_counted_together_also_of_other_files_and_by_id()
    {
        SigmaLoad load = Load(Correlation("[failed]", "[failed, 11111111-2222-3333-4444-555555555555]"), Failed, Other);
        load.Group!.Rules.Should().ContainSingle();
        var ssh = Event("event.outcome=failure", "service.name=sshd", "source.ip=192.0.2.1");
        var keystone = Event("event.outcome=failure", "service.name=keystone", "source.ip=192.0.2.1");
        Alerts(load.Group.Alerting, ssh, keystone).Should().BeEmpty();
        Alerts(load.Group.Alerting, ssh, keystone, ssh).Should().ContainSingle();
    }

    [Fact]
    public void Rules_raise_alerts_of_their_own_where_the_correlation_says_so() =>
        Load(Failed, Correlation("generate: true")).Group!.Rules.Select(r => r.Name).Should().Equal("Sigma: Failed", "Sigma: Many");

    [Fact]
    public void An_alias_may_have_one_name_for_the_field_of_each_rule()
    {
        string aliased = Correlation("[source.ip]", "[from]").Replace(
            "[failed]", "[failed, refused]\n  aliases: { from: { failed: SourceIp, refused: source.ip } }", StringComparison.Ordinal);
        SigmaLoad load = Load(Failed, Other, aliased);
        load.Rules.SelectMany(r => r.Faults).Should().BeEmpty();
        ((EventCount)load.Group!.Alerting.Single().Condition).GroupBy.Should().Equal("source.ip");
    }

    [Theory]
    [InlineData("event_count", "temporal", SigmaReason.Correlation, "temporal is not supported yet")]
    [InlineData("event_count", "temporal_ordered", SigmaReason.Correlation, "temporal_ordered is not supported yet")]
    [InlineData("event_count", "value_sum", SigmaReason.Correlation, "value_sum is not supported")]
    [InlineData("event_count", "events", SigmaReason.Broken, "correlation.type is 'events'; allowed are event_count and value_count")]
    [InlineData("event_count", "value_count", SigmaReason.Broken, "value_count needs condition.field")]
    [InlineData("[failed]", "[nobody]", SigmaReason.Broken, "there is no rule of the name or id 'nobody'")]
    [InlineData("[failed]", "[]", SigmaReason.Broken, "correlation.rules is required")]
    [InlineData("5m", "5x", SigmaReason.Broken, "correlation.timespan is '5x'")]
    [InlineData("5m", "30d", SigmaReason.Correlation, "correlation.timespan is 30d; at most")]
    [InlineData("[source.ip]", "[Nobody]", SigmaReason.Field, "events of linux/sshd have no field Nobody that could be counted by")]
    [InlineData("gte: 3", "gte: 3, lt: 9", SigmaReason.Correlation, "needs one of gt, gte, lt, lte, eq, neq, and no second")]
    [InlineData("gte: 3", "gte: x", SigmaReason.Broken, "with a whole number")]
    [InlineData("{ gte: 3 }", "3", SigmaReason.Broken, "correlation.condition must be a mapping")]
    public void What_cannot_be_counted_is_said(string old, string what, SigmaReason reason, string message)
    {
        SigmaLoad load = Load(Correlation(old, what), Failed);
        load.Rules[0].Reason.Should().Be(reason);
        load.Rules[0].Faults.Should().Contain(f => f.Message.Contains(message));
    }

    [Fact]
    public void What_is_there_for_a_correlation_that_is_not_loaded_raises_no_alerts()
    {
        SigmaLoad load = Load(Correlation("event_count", "temporal"), Failed);
        load.Group.Should().BeNull();
        load.Rules[1].Faults.Single().Message.Should().Be("it is there for a correlation that is not loaded");
    }
}
