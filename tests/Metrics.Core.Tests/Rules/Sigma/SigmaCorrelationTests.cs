using Metrics.Model;
using Metrics.Rules;
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

    private static SigmaFault Refused(string correlation) =>
        Load(Failed, Other, correlation).Rules[2].Faults.Should().ContainSingle().Subject;

    private static EventBatch[] Failures(int count) =>
        [.. Enumerable.Repeat(Event("event.outcome=failure", "service.name=sshd", "source.ip=192.0.2.1"), count)];

    private static string Correlation(string old, string what) => Correlation("").Replace(old, what, StringComparison.Ordinal);

    [Theory]
    [InlineData("gte: 3", 3, 2)]
    [InlineData("gt: 3", 4, 3)]
    [InlineData("lt: 3", 2, 3)]
    [InlineData("lte: 3", 3, 4)]
    [InlineData("eq: 3", 3, 4)]
    [InlineData("neq: 3", 2, 3)]
    [InlineData("gte: 1", 1, 0)]
    [InlineData("neq: 0", 1, 0)]
    [InlineData("lt: 2", 1, 0)]
    [InlineData("lte: 2147483646", 1, 0)]
    public void Events_are_counted_against_a_limit(string limit, int found, int other)
    {
        SigmaLoad load = Load(Failed, Correlation("gte: 3", limit));
        load.Rules.Should().OnlyContain(r => r.IsLoaded);
        load.Group!.Rules.Select(r => r.Name).Should().Equal("Sigma: Many");
        Alerts(load.Group.Alerting, Failures(found)).Should().ContainSingle().Which.Value.Should().Be(found);
        Alerts(load.Group.Alerting, Failures(other)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("lt: 1", 0, 1)]
    [InlineData("lte: 0", 0, 1)]
    [InlineData("eq: 0", 0, 1)]
    [InlineData("neq: 0", 1, 0)]
    public void All_events_together_are_counted_also_where_there_are_none(string limit, int found, int other)
    {
        SigmaLoad load = Load(Failed, Correlation("gte: 3", limit).Replace("group-by", "# group-by", StringComparison.Ordinal));
        load.Rules.SelectMany(r => r.Faults).Should().BeEmpty();
        Alerts(load.Group!.Alerting, Failures(found)).Should().ContainSingle();
        Alerts(load.Group.Alerting, Failures(other)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("gte: 0", SigmaReason.Broken, "gte: 0 is always so")]
    [InlineData("lt: 0", SigmaReason.Broken, "lt: 0 is never so")]
    [InlineData("lt: 1", SigmaReason.Correlation, "lt: 1 is never so: a group is there while it has events")]
    [InlineData("lte: 0", SigmaReason.Correlation, "lte: 0 is never so: a group is there while it has events")]
    [InlineData("eq: 0", SigmaReason.Correlation, "eq: 0 is never so: a group is there while it has events")]
    [InlineData("lte: 2147483647", SigmaReason.Correlation, "lte: 2147483647 is always so: at most 2147483647 events are counted")]
    [InlineData("gte: 9223372036854775807", SigmaReason.Correlation, "is never so: at most 2147483647 events are counted for each group")]
    [InlineData("gte: 9223372036854775808", SigmaReason.Broken, "with a whole number")]
    [InlineData("gte: -1", SigmaReason.Broken, "with a whole number")]
    public void A_limit_that_says_nothing_about_events_is_refused(string limit, SigmaReason reason, string message) =>
        Refused(Correlation("gte: 3", limit)).Should().Match<SigmaFault>(f => f.Reason == reason && f.Message.Contains(message));

    [Theory]
    [InlineData("gte: 4096", null)]
    [InlineData("gte: 4097", "gte: 4097 is never so: at most 4096 different values are counted for each group")]
    [InlineData("gt: 4095", null)]
    [InlineData("gt: 4096", "gt: 4096 is never so")]
    [InlineData("lt: 4096", null)]
    [InlineData("lt: 4097", "lt: 4097 is always so")]
    [InlineData("lte: 4095", null)]
    [InlineData("lte: 4096", "lte: 4096 is always so")]
    [InlineData("eq: 4095", null)]
    [InlineData("eq: 4096", "eq: 4096 is never so")]
    [InlineData("neq: 4096", "neq: 4096 is always so")]
    public void Different_values_are_compared_as_far_as_they_are_counted(string limit, string? message)
    {
        string values = Correlation("event_count", "value_count").Replace("gte: 3", $"{limit}, field: user.name", StringComparison.Ordinal);
        if (message is null)
            Load(Failed, values).Rules.SelectMany(r => r.Faults).Should().BeEmpty();
        else
            Refused(values).Message.Should().Contain(message);
    }

    [Fact]
    public void Two_fields_that_are_one_label_are_refused()
    {
        SigmaFault fault = Refused(Correlation("source.ip", "http.response.status_code, http.response.status.code")
            .Replace("failed", "refused", StringComparison.Ordinal));
        fault.Reason.Should().Be(SigmaReason.Correlation);
        fault.Message.Should().Contain("http.response.status_code and http.response.status.code are one label of alerts");
    }

    [Fact]
    public void A_field_by_two_names_is_counted_by_once()
    {
        SigmaLoad load = Load(Failed, Correlation("source.ip", "source.ip, SourceIp"));
        load.Rules.SelectMany(r => r.Faults).Should().BeEmpty();
        ((EventCount)load.Group!.Alerting.Single().Condition).GroupBy.Should().Equal("source.ip");
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
    public void Of_more_groups_than_may_have_alerts_the_greatest_have_one()
    {
        EventBatch[] events =
        [
            .. from address in Enumerable.Range(0, 2100)
               from _ in Enumerable.Range(0, address == 2099 ? 4 : 3)
               select Event("event.outcome=failure", "service.name=sshd", $"source.ip=198.51.{address / 256}.{address % 256}"),
        ];
        IReadOnlyList<AlertInstance> alerts = Alerts(Load(Failed, Correlation("")).Group!, events);
        alerts.Should().HaveCount(2001).And.Contain(a => a.Value == 4);
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
    [InlineData("event_count", "temporal", SigmaReason.Correlation, "gte: 3 is not supported: all of its rules (1) must have events")]
    [InlineData("event_count", "value_sum", SigmaReason.Correlation, "value_sum is not supported")]
    [InlineData("event_count", "events", SigmaReason.Broken, "correlation.type is 'events'; allowed are event_count, value_count, temporal and")]
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
        SigmaLoad load = Load(Correlation("event_count", "value_sum"), Failed);
        load.Group.Should().BeNull();
        load.Rules[1].Faults.Single().Message.Should().Be("it is there for a correlation that is not loaded");
    }
}
