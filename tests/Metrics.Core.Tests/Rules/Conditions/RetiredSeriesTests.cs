using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>What becomes of an alert when the target that gave its series is taken out of the list.</summary>
public sealed class RetiredSeriesTests
{
    private readonly DeeperThresholdTests.World _world = new();

    [Fact]
    public void The_alert_of_a_host_that_was_taken_out_ends_as_retired()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: up == 0");
        rules.Evaluate(0, (Up("a"), 0), (Up("b"), 0)).Should().HaveCount(2);
        Retire("a");
        Ends(rules.Evaluate(15, (Up("a"), StaleMarker.Value), (Up("b"), 0))).Should().Equal("a Retired");
        rules.Evaluate(30, (Up("b"), StaleMarker.Value)).Single().Alert.State.Should().BeOfType<AlertState.NoData>("b is listed");
    }

    [Fact]
    public void So_does_one_that_was_without_data_before_its_target_was_taken_out()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: sum by (room) (rate(errors_total[1m])) > 0");
        Labels errors = Labels.Of("errors_total", ("job", "node"), ("instance", "a"), ("room", "b2"));
        rules.Append(0, (errors, 0));
        rules.Evaluate(15, (errors, 15)).Should().ContainSingle();
        rules.Evaluate(600).Single().Alert.State.Should().BeOfType<AlertState.NoData>();
        rules.Evaluate(1200).Should().BeEmpty();
        Retire("a");
        rules.Evaluate(1215).Single().Alert.State.Should().Be(new AlertState.Inactive(EndReason.Retired));
    }

    [Fact]
    public void One_of_many_targets_ends_where_all_that_have_gone_were_taken_out()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: count by (room) (up == 0) > 0");
        rules.Evaluate(0, (Up("a"), 0), (Up("b"), 1), (Up("c", "b3"), 0), (Up("d", "b3"), 0)).Should().HaveCount(2);
        Retire("a", "c");
        IReadOnlyList<AlertChange> changes = rules.Evaluate(
            15, (Up("a"), StaleMarker.Value), (Up("b"), 1), (Up("c", "b3"), StaleMarker.Value), (Up("d", "b3"), StaleMarker.Value));
        changes.Select(c => (c.Alert.Series["room"], c.Alert.State.Name)).Should()
            .BeEquivalentTo([("b2", "inactive"), ("b3", "no data")], "of d nobody knows why it is silent");
    }

    [Fact]
    public void A_target_that_still_gives_the_value_is_not_gone_and_one_elsewhere_says_nothing()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: max by (room) (temp)\nabove: 30");
        Labels a = Labels.Of("temp", ("job", "node"), ("instance", "a"), ("room", "b2"));
        Labels elsewhere = Labels.Of("temp", ("job", "node"), ("instance", "x"), ("room", "b9"));
        rules.Evaluate(0, (a, 40), (elsewhere, 20)).Should().ContainSingle();
        Retire("x");
        rules.Evaluate(15, (a, StaleMarker.Value), (elsewhere, StaleMarker.Value))
            .Single().Alert.State.Should().BeOfType<AlertState.NoData>("what was taken out is of another room");
        Retire("x", "a");
        rules.Evaluate(30).Single().Alert.State.Should().Be(new AlertState.Inactive(EndReason.Retired));
    }

    private static Labels Up(string instance, string room = "b2") =>
        Labels.Of("up", ("job", "node"), ("instance", instance), ("room", room));

    private static IEnumerable<string> Ends(IEnumerable<AlertChange> changes) =>
        changes.Select(c => $"{c.Alert.Series["instance"]} {((AlertState.Inactive)c.Alert.State).Reason}");

    private void Retire(params string[] instances) => _world.Retired = instances.Select(i => new TargetName("node", i)).ToHashSet();
}
