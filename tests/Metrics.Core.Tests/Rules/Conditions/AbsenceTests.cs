using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>Who is missing, and why.</summary>
public sealed class AbsenceTests
{
    private static readonly Labels s_up = Labels.Of("up", ("job", "node"), ("instance", "a:9100"));
    private static readonly Labels s_series = Labels.Of("m", ("host", "a"), ("job", "node"), ("instance", "a:9100"));

    [Theory]
    [InlineData(0, "the target is down")]
    [InlineData(1, "the target answers, but gives this series no longer")]
    public void A_target_that_is_down_is_told_from_a_series_that_is_gone(double up, string expected)
    {
        RuleHarness rules = new RuleHarness().Read("expr: m\nabsent_for: 30s");
        rules.Evaluate(0, (s_series, 1), (s_up, 1));
        rules.Evaluate(31, (s_up, up));
        Reason(rules).Should().Be(expected);
    }

    [Fact]
    public void A_sender_that_nobody_polls_has_stopped()
    {
        RuleHarness rules = new RuleHarness().Read("expr: m\nabsent_for: 30s\nannotations: { summary: 'gone: {{ absence }}' }");
        rules.Evaluate(0, (Labels.Of("m", ("host", "a")), 1));
        rules.Evaluate(31);
        Reason(rules).Should().Be("whoever sends it has stopped; no polled target is known for it");
        rules.Rules[0].Alerts[0].Annotations["summary"].Should().Be("gone: whoever sends it has stopped; no polled target is known for it");
    }

    [Fact]
    public void A_whole_site_is_told_from_one_host()
    {
        RuleHarness rules = new RuleHarness().Read("expr: m\nabsent_for: 30s");
        Labels Of(string host, string site) => Labels.Of("m", ("host", host), ("site", site));
        rules.Evaluate(0, (Of("a", "x"), 1), (Of("b", "x"), 1), (Of("c", "y"), 1), (Of("d", "y"), 1));
        rules.Evaluate(25, (Of("c", "y"), 1));
        rules.Evaluate(31, (Of("c", "y"), 1));
        rules.Rules[0].Alerts.ToDictionary(a => a.Series["host"], a => a.Annotations["absence"]).Should()
            .BeEquivalentTo(new Dictionary<string, string>
        {
            ["a"] = "everything from site x is gone (2 series), while others are heard of",
            ["b"] = "everything from site x is gone (2 series), while others are heard of",
            ["d"] = "whoever sends it has stopped; no polled target is known for it",
        });
    }

    [Fact]
    public void That_we_were_not_running_ourselves_is_said()
    {
        RuleHarness rules = new RuleHarness { ListeningSince = RuleHarness.At(600) }.Read("expr: m\nabsent_for: 30s");
        ((AbsenceMemory)rules.Rules[0].Memory).Restore([new ExpectedSeries(s_series, RuleHarness.At(0))]);
        rules.Evaluate(620);
        rules.Open.Should().Be("", "we have not listened for long enough");
        rules.Evaluate(631);
        Reason(rules).Should()
            .Be("metricsd itself was not running until 2023-11-14 22:23:20 UTC; it has heard nothing of this series since");
    }

    [Fact]
    public void A_series_that_ended_between_two_looks_was_there_up_to_its_last_sample()
    {
        RuleHarness rules = new RuleHarness().Read("expr: m\nabsent_for: 30s");
        rules.Evaluate(0, (s_series, 1));
        rules.Append(25, (s_series, 1));
        rules.Evaluate(31, (s_series, StaleMarker.Value));
        rules.Open.Should().Be("", "its last sample is 6 s old");
        rules.Evaluate(56);
        Reason(rules).Should().NotBeEmpty();
    }

    [Fact]
    public void A_reload_goes_back_to_no_older_sample_though_an_older_one_is_written_down()
    {
        RuleHarness before = new RuleHarness().Read("expr: m\nabsent_for: 30s"), after = before.Reload("expr: m\nabsent_for: 30s");
        before.Evaluate(0, (s_series, 1));
        before.Evaluate(40, (s_series, 1));
        after.Rules[0].TakeOverFrom(before.Rules[0]);
        ((AbsenceMemory)after.Rules[0].Memory).Restore([new ExpectedSeries(s_series, RuleHarness.At(0))]);
        after.Rules[0].Memory.As<AbsenceMemory>().Expected.Should().Equal(new ExpectedSeries(s_series, RuleHarness.At(40)));
        after.Evaluate(41, (s_series, StaleMarker.Value));
        after.Open.Should().Be("", "its last sample is a second old");
        after.Evaluate(71);
        Reason(after).Should().NotBeEmpty();
    }

    [Fact]
    public void What_is_declared_is_missed_though_it_was_never_there()
    {
        RuleHarness rules = new RuleHarness().Read("expr: m\nabsent_for: 30s\nexpect: [ { host: a }, { host: b } ]");
        rules.Evaluate(0, (Labels.Of("m", ("host", "a"), ("extra", "1")), 1));
        rules.Evaluate(31, (Labels.Of("m", ("host", "a"), ("extra", "1")), 1));
        rules.Open.Should().Be("b firing");
        rules.Evaluate(40, (Labels.Of("m", ("host", "b")), 1));
        rules.Open.Should().Be("");
    }

    [Fact]
    public void What_leaves_the_inventory_is_retired_and_an_empty_one_says_nothing()
    {
        var world = new DeeperThresholdTests.World { Listed = [Labels.Of(new Label("host", "a")), Labels.Of(new Label("host", "b"))] };
        RuleHarness rules = new RuleHarness(world).Read("expr: m\nabsent_for: 30s\nexpect: { file: hosts.yaml }");
        rules.Evaluate(0);
        rules.Evaluate(31);
        rules.Open.Should().Be("a firing; b firing");
        world.Listed = [];
        rules.Evaluate(32);
        rules.Open.Should().Be("a firing; b firing");
        world.Listed = [Labels.Of(new Label("host", "b"))];
        rules.Evaluate(33).Single().Alert.State.Should().Be(new AlertState.Inactive(EndReason.Retired));
        rules.Open.Should().Be("b firing");
    }

    [Fact]
    public void Hypervisors_that_the_cloud_lists_must_be_heard_of()
    {
        RuleHarness rules = new RuleHarness()
            .Read("expr: node_load1\nabsent_for: 30s\nexpect: { "
                + "query: \"openstack_nova_agent_state{service='nova-compute'}\", by: [host] }");
        (Labels, double)[] cloud =
        [
            (Labels.Of("openstack_nova_agent_state", ("service", "nova-compute"), ("host", "a")), 1),
            (Labels.Of("openstack_nova_agent_state", ("service", "nova-compute"), ("host", "b")), 1),
        ];
        rules.Evaluate(0, [.. cloud, (Labels.Of("node_load1", ("host", "a"), ("instance", "a:1")), 1)]);
        rules.Evaluate(31, [.. cloud, (Labels.Of("node_load1", ("host", "a"), ("instance", "a:1")), 1)]);
        rules.Open.Should().Be("b firing");
    }

    [Fact]
    public void A_learned_rate_that_falls_is_told_with_what_is_usual_and_survives_a_restart()
    {
        const string Body =
            "expr: lines\nlearned: { probability: 0.999, window: 1m, min_history: 30m }\nannotations: { summary: '{{ value }} lines, usual "
                + "are {{ threshold | math.round 0 }}' }";
        Labels series = Labels.Of("lines", ("host", "a"));
        RuleHarness rules = new RuleHarness().Read(Body);
        for (int minute = 0; minute < 40; minute++)
            rules.Evaluate(minute * 60, (series, 100));
        rules.Open.Should().Be("");
        rules.Evaluate(40 * 60, (series, 40));
        rules.Open.Should().Be("a firing");
        rules.Rules[0].Alerts[0].Annotations["summary"].Should().Be("40 lines, usual are 100");
        rules.Evaluate(41 * 60, (series, 98));
        rules.Open.Should().Be("");

        RuleHarness again = new RuleHarness { ListeningSince = RuleHarness.At(50 * 60) }.Read(Body);
        foreach ((Labels learned, byte[]? model) in ((LearnedMemory)rules.Rules[0].Memory).TakeChanged())
            ((LearnedMemory)again.Rules[0].Memory).Restore(learned, model);
        again.Evaluate(50 * 60);
        again.Open.Should().Be("", "we have not listened for a whole window");
        again.Evaluate(51 * 60);
        again.Open.Should().Be("a firing", "its series is gone altogether");
    }

    private static string Reason(RuleHarness rules) => rules.Rules[0].Alerts.Should().ContainSingle().Subject.Annotations["absence"];
}
