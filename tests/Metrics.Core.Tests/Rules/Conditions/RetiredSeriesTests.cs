using Metrics.Model;
using Metrics.Rules;
using Metrics.Series;

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

    [Fact]
    public void A_host_that_moved_to_push_under_the_same_name_and_dies_later_is_not_retired()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: temp > 30");
        Labels temp = Labels.Of("temp", ("job", "node"), ("instance", "a"));
        rules.Evaluate(0, (temp, 40)).Should().ContainSingle();
        Retire("a");
        for (int at = 15; at < 1800; at += 15)
            rules.Evaluate(at, (temp, 41));
        rules.Evaluate(1800, (temp, StaleMarker.Value)).Single().Alert.State.Should().BeOfType<AlertState.NoData>();
        rules.Evaluate(1815).Should().BeEmpty();
    }

    [Theory]
    [InlineData("expr: temp > 30")]
    [InlineData("expr: max by (job, instance) (temp) > 30")]
    public void The_alert_of_a_series_ends_whose_target_has_other_labels_now(string rule)
    {
        RuleHarness rules = new RuleHarness(_world).Read(rule);
        Labels before = Labels.Of("temp", ("job", "node"), ("instance", "a"), ("room", "a1"), ("sensor", "2"));
        rules.Evaluate(0, (before, 40)).Should().ContainSingle();
        Retire(1, (Target("a", "a1"), [Target("a", "b1")]));
        rules.Evaluate(15, (before, StaleMarker.Value)).Single().Alert.State.Should().Be(new AlertState.Inactive(EndReason.Retired));
    }

    [Fact]
    public void One_of_what_the_target_gives_now_does_not_end_though_it_had_fewer_labels_before()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: temp > 30");
        Labels now = Labels.Of("temp", ("job", "node"), ("instance", "a"), ("room", "b1"));
        rules.Evaluate(0, (now, 40)).Should().ContainSingle();
        Retire(1, (Target("a"), [Target("a", "b1")]));
        rules.Evaluate(15, (now, StaleMarker.Value)).Single().Alert.State.Should().BeOfType<AlertState.NoData>();
    }

    [Fact]
    public void An_alert_that_is_blind_for_longer_than_series_are_kept_goes_by_the_name()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: max by (job, instance) (temp) > 30\nno_data_timeout: 7d");
        rules.Evaluate(0, (Labels.Of("temp", ("job", "node"), ("instance", "a"), ("room", "a1")), 40)).Should().ContainSingle();
        rules.Evaluate(600).Single().Alert.State.Should().BeOfType<AlertState.NoData>();
        const int Days = 3 * 86_400;
        rules.Head.Truncate(RuleHarness.At(Days));
        Retire(Days, (Target("a"), [Target("a", "b1")]));
        rules.Evaluate(Days + 1).Should().BeEmpty("something is polled under its name");
        Retire(Days, (Target("a"), []));
        rules.Evaluate(Days + 2).Single().Alert.State.Should().Be(new AlertState.Inactive(EndReason.Retired));
    }

    [Fact]
    public void Many_blind_alerts_read_each_series_that_ended_once_in_a_round()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: up == 0");
        rules.Evaluate(0, [.. Enumerable.Range(0, 200).Select(i => (Up($"{i}"), 0.0))]);
        Retire("199");
        rules.Evaluate(15, [.. Enumerable.Range(0, 200).Select(i => (Up($"{i}"), StaleMarker.Value))]);
        rules.Rules[0].Alerts.Count(a => a.State is AlertState.NoData).Should().Be(199);
        var counting = new CountingSource(rules.Head);
        rules.Before = counting;
        rules.Evaluate(30).Should().BeEmpty();
        counting.Reads.Should().Be(200);
    }

    [Theory]
    [InlineData("expr: up\nabsent_for: 30s")]
    [InlineData("expr: max by (instance, job) (up)\nabsent_for: 30s")]
    [InlineData("expr: max by (instance) (up)\nabsent_for: 30s")]
    public void What_was_taken_out_is_not_missed(string rule)
    {
        RuleHarness rules = new RuleHarness(_world).Read(rule);
        rules.Evaluate(0, (Up("a"), 1), (Up("b"), 1));
        Retire("a");
        rules.Evaluate(15, (Up("a"), StaleMarker.Value), (Up("b"), StaleMarker.Value));
        for (int at = 30; at < 600; at += 15)
            rules.Evaluate(at);
        Open(rules).Should().Be("b firing", "of b nobody said that it should go");
    }

    [Fact]
    public void What_is_missed_already_ends_when_it_is_taken_out_and_is_missed_again_once_it_was_back()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: up\nabsent_for: 30s");
        rules.Evaluate(0, (Up("a"), 1));
        rules.Evaluate(60);
        Open(rules).Should().Be("a firing");
        Retire(65, (Target("a"), []));
        Ends(rules.Evaluate(75)).Should().Equal("a Retired");
        Retire();
        rules.Evaluate(90, (Up("a"), 1));
        rules.Evaluate(135);
        Open(rules).Should().Be("a firing");
    }

    [Fact]
    public void What_is_declared_is_missed_though_it_was_taken_out()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: up\nabsent_for: 30s\nexpect: [ { instance: a } ]");
        rules.Evaluate(0, (Up("a"), 1));
        Retire("a");
        rules.Evaluate(1, (Up("a"), StaleMarker.Value));
        rules.Evaluate(60);
        Open(rules).Should().Be("a firing");
    }

    [Fact]
    public void Of_what_was_taken_out_nothing_is_learned_to_be_too_little()
    {
        RuleHarness rules = new RuleHarness(_world).Read("expr: lines\nlearned: { probability: 0.999, window: 1m, min_history: 30m }");
        Labels a = Labels.Of("lines", ("job", "node"), ("instance", "a")), b = Labels.Of("lines", ("job", "node"), ("instance", "b"));
        for (int minute = 0; minute < 40; minute++)
            rules.Evaluate(minute * 60, (a, 100), (b, 100));
        Retire(39 * 60, (Target("a"), []));
        for (int minute = 40; minute < 50; minute++)
            rules.Evaluate(minute * 60, (a, StaleMarker.Value), (b, StaleMarker.Value));
        Open(rules).Should().Be("b firing");
    }

    private static Labels Up(string instance, string room = "b2") =>
        Labels.Of("up", ("job", "node"), ("instance", instance), ("room", room));

    private static string Open(RuleHarness rules) =>
        string.Join("; ", rules.Rules[0].Alerts.Select(a => $"{a.Series["instance"]} {a.State.Name}").Order(StringComparer.Ordinal));

    private static IEnumerable<string> Ends(IEnumerable<AlertChange> changes) =>
        changes.Select(c => $"{c.Alert.Series["instance"]} {((AlertState.Inactive)c.Alert.State).Reason}");

    private void Retire(params string[] instances) => Retire(1, [.. instances.Select(i => (Target(i), Left: (Labels[])[]))]);

    private void Retire(int at, params (Labels Target, Labels[] Left)[] targets) =>
        _world.Retired = targets.Select(t => new RetiredTarget(t.Target, RuleHarness.At(at)) { Left = t.Left }).ToLookup(t => t.Name);

    private static Labels Target(string instance, string? room = null) =>
        Labels.Of([new("job", "node"), new("instance", instance), .. room is null ? [] : (Label[])[new Label("room", room)]]);

    private sealed class CountingSource(ISeriesSource inner) : ISeriesSource
    {
        public int Reads { get; private set; }

        public IReadOnlyList<ISeries> Select(IReadOnlyList<LabelMatcher> matchers, long after, long to) =>
            [.. inner.Select(matchers, after, to).Select(s => new Counted(this, s))];

        private sealed class Counted(CountingSource source, ISeries series) : ISeries
        {
            public Labels Labels => series.Labels;

            public void Read(long after, long to, SampleBuffer into)
            {
                source.Reads++;
                series.Read(after, to, into);
            }

            public bool TryLast(long at, long after, out Sample sample) => series.TryLast(at, after, out sample);
        }
    }
}
