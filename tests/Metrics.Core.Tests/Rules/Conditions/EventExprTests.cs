using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>Rules over events and over samples at once.</summary>
public sealed class EventExprTests
{
    private const string Busy = """
        events: { kind: identity.authenticate }
        window: 5m
        group_by: [host]
        count: { above: 1 }
        expr: max by (host) (cpu_busy) > 0.9
        """;

    private static Labels Cpu(string host) => Labels.Of("cpu_busy", ("host", host), ("core", "0"));

    private static EventRules Failures(EventRules rules, params string[] hosts) =>
        rules.Take([.. hosts.SelectMany(h => Enumerable.Range(0, 2).Select(i => EventRules.Of("identity.authenticate", i, h)))]);

    [Fact]
    public void It_fires_for_those_groups_alone_for_which_the_expression_gives_a_value()
    {
        EventRules rules = new EventRules(Busy).Sample(0, Cpu("a"), 0.95).Sample(0, Cpu("b"), 0.5);
        Failures(rules, "a", "b", "c").Open(2).Should().Be("a firing 2");
        rules.Sample(10, Cpu("b"), 0.99).Open(10).Should().Be("a firing 2; b firing 2");
        rules.Rule.Error.Should().BeNull();
        rules.Rule.Rule.Metrics.Should().Equal("cpu_busy");
        rules.Rule.Rule.Text.Should().Be(
            "count of events {kind=\"identity.authenticate\"} by host.name in 5m > 1 and max by (host) (cpu_busy) > 0.9");
    }

    [Fact]
    public void It_resolves_when_either_is_over_and_is_without_data_when_the_series_is_gone()
    {
        EventRules rules = new EventRules(Busy).Sample(0, Cpu("a"), 0.95).Sample(0, Cpu("b"), 0.95).Sample(0, Cpu("c"), 0.95);
        Failures(rules, "a", "b", "c").Open(2).Should().Be("a firing 2; b firing 2; c firing 2");
        rules.Sample(10, Cpu("a"), 0.1).Sample(10, Cpu("b"), StaleMarker.Value).Open(10)
            .Should().Be("b no data 2; c firing 2", "a is within bounds, of b nothing is known");
        rules.Sample(290, Cpu("c"), 0.95).Open(301).Should().Be("", "the events have left the window");
    }

    [Fact]
    public void What_the_expression_ended_fires_again_as_soon_as_it_holds_again_though_no_event_has_come()
    {
        EventRules rules = new EventRules(Busy).Sample(0, Cpu("a"), 0.95);
        Failures(rules, "a").Open(2).Should().Be("a firing 2");
        rules.Sample(10, Cpu("a"), 0.5).Open(10).Should().Be("");
        rules.Open(15).Should().Be("");
        rules.Sample(20, Cpu("a"), 0.95).Open(20).Should().Be("a firing 2", "its events lie in the window yet");
    }

    [Fact]
    public void Soon_after_a_start_too_an_alert_ends_whose_expression_no_longer_holds()
    {
        EventRules rules = new EventRules(Busy) { ListeningSince = RuleHarness.At(0) }.Sample(0, Cpu("a"), 0.95).Sample(0, Cpu("b"), 0.95);
        Failures(rules, "a", "b").Open(2).Should().Be("a firing 2; b firing 2");
        rules.Sample(10, Cpu("a"), 0.5).Sample(10, Cpu("b"), StaleMarker.Value).Open(10)
            .Should().Be("b no data 2", "how many events may have been missed changes nothing in that");
        rules.Sample(20, Cpu("a"), 0.95).Sample(20, Cpu("b"), 0.95).Open(20).Should().Be("a firing 2; b firing 2");
    }

    [Fact]
    public void A_value_without_labels_holds_for_every_group()
    {
        EventRules rules = new(Busy.Replace("max by (host) (cpu_busy)", "max(cpu_busy)", StringComparison.Ordinal));
        Failures(rules.Sample(0, Cpu("x"), 0.95), "a", "b").Open(2).Should().Be("a firing 2; b firing 2");
    }

    [Fact]
    public void Labels_that_no_group_has_are_said_to_be_wrong()
    {
        EventRules rules = new(Busy.Replace("max by (host) (cpu_busy)", "cpu_busy", StringComparison.Ordinal));
        Failures(rules.Sample(0, Cpu("a"), 0.95), "a").Open(2).Should().Be("");
        rules.Rule.Error.Should().Be("cpu_busy > 0.9 gives cpu_busy{core=\"0\", host=\"a\"}, which agrees with no group, "
            + "since core is not in group_by; aggregate it by labels that are");
    }

    [Fact]
    public void Severities_have_it_in_common_and_a_sequence_may_have_it_too()
    {
        EventRules rules = new(
            Busy.Replace("count: { above: 1 }", "warning: { above: 1 }\ncritical: { above: 2 }", StringComparison.Ordinal));
        Failures(rules.Sample(0, Cpu("a"), 0.95), "a", "b").Open(2).Should().Be("a warning firing 2");
        EventRules sequence = new("""
            sequence: [{ events: { kind: one } }, { events: { kind: two } }]
            window: 1m
            group_by: [host]
            expr: max by (host) (cpu_busy) > 0.9
            """);
        sequence.Sample(0, Cpu("a"), 0.95).Take(EventRules.Of("one", 0), EventRules.Of("two", 1))
            .Take(EventRules.Of("one", 0, "b"), EventRules.Of("two", 1, "b"));
        sequence.Open(2).Should().Be("a firing 1");
    }
}
