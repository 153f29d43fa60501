using System.Runtime.CompilerServices;
using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Tests.Rules;

/// <summary>What rules remember outlives a change of their group.</summary>
public sealed class TakeOverTests
{
    private const string Kept = "{ alert: Kept, events: { kind: k }, window: 10m, count: { above: 1 } }";
    private const string New = "{ alert: New, expr: up == 0 }";

    private readonly Head _head = new(HeadOptions.Default);

    [Fact]
    public void Events_that_came_just_before_a_reload_count_after_it_also_where_the_event_log_has_them_not_yet()
    {
        GroupRunner before = Runner(Kept), after = Runner($"{New}, {Kept}");
        Take(before, 1);
        after.TakeOverFrom(before);
        Take(after, 2);
        Evaluate(after, 3).Should().Equal(["Kept firing 2"], "it is the second of the two");
    }

    [Fact]
    public void Of_two_rules_of_one_name_each_goes_on_with_its_own()
    {
        const string other = "{ alert: Kept, events: { kind: other }, window: 10m, count: { above: 1 } }";
        GroupRunner before = Runner($"{other}, {Kept}"), after = Runner($"{other}, {Kept}, {New}");
        Take(before, 1);
        after.TakeOverFrom(before);
        after.Alerting.Select(r => r.Memory.Status).Should().Equal("0 groups in the window", "1 group in the window", null);
    }

    [Fact]
    public void What_is_another_expression_s_is_not_expected_and_its_alerts_end()
    {
        GroupRunner before = Runner("{ alert: Gone, expr: a, absent_for: 30s }");
        Append(0, "a");
        Evaluate(before, 0).Should().BeEmpty();
        GroupRunner same = Runner("{ alert: Gone, expr: a, absent_for: 1m }");
        same.TakeOverFrom(before);
        var quiet = new Head(HeadOptions.Default);
        Evaluate(same, 61, quiet).Should().Equal("Gone firing 61");
        GroupRunner other = Runner("{ alert: Gone, expr: b, absent_for: 1m }");
        other.TakeOverFrom(same);
        other.Alerting[0].Restore(same.Alerting[0].Alerts);
        Evaluate(other, 62, quiet).Should().Equal("Gone inactive 61");
        other.Alerting[0].Alerts.Should().BeEmpty();
    }

    [Theory]
    [InlineData("events: { kind: k }, window: 10m, group_by: [host], count: { above: 1 }, unless: { events: { kind: e }, within: 1m }")]
    [InlineData("sequence: [ { events: { kind: k } }, { events: { kind: k }, count: 2 } ], window: 10m, group_by: [host]")]
    public void A_rule_that_was_read_again_lets_go_of_itself_as_it_was(string rule)
    {
        (GroupRunner now, WeakReference before) = Reloaded($"{{ alert: A, {rule} }}");
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        before.IsAlive.Should().BeFalse("what it matched by may be large, and each reload would add to it");
        now.Alerting[0].Memory.Status.Should().Be("1 group in the window");
    }

    [Fact]
    public void Rules_are_told_apart_by_what_they_are_called()
    {
        var one = new RuleId("a.yaml", "g", "Hot", 2);
        (one == new RuleId("a.yaml", "g", "Hot", 2)).Should().BeTrue();
        (one != new RuleId("a.yaml", "g", "Hot")).Should().BeTrue();
        (one == null).Should().BeFalse();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (GroupRunner Now, WeakReference Before) Reloaded(string rule)
    {
        GroupRunner before = Runner(rule), after = Runner(rule);
        Take(before, 1);
        after.TakeOverFrom(before);
        return (after, new WeakReference(before.Alerting[0].Rule.Condition));
    }

    private static GroupRunner Runner(string rules)
    {
        var problems = new List<Problem>();
        RuleGroup group = RuleFile.Read($"groups: [ {{ name: g, rules: [ {rules} ] }} ]", "a.yaml", problems).Single();
        problems.Should().BeEmpty();
        return new GroupRunner(group, TimeProvider.System);
    }

    private static void Take(GroupRunner runner, int second)
    {
        using var batch = new EventBatch("test");
        long time = RuleHarness.At(second) * 1_000_000;
        batch.Add(new Event
        {
            Id = second, Time = time, ObservedTime = time, Kind = "k", SeverityNumber = 9, Body = "", Fields = [new("host.name", "a")],
        });
        runner.Take(batch).Should().NotBeNull();
    }

    private void Append(int second, string metric)
    {
        using var batch = new SampleBatch("test");
        batch.Add(Labels.Of(metric), RuleHarness.At(second), 1);
        _head.Append(batch, RuleHarness.At(second));
    }

    private List<string> Evaluate(GroupRunner runner, int second, Head? head = null)
    {
        using var output = new SampleBatch("rules/g");
        var round = new RuleRound(head ?? _head, RuleHarness.At(second));
        return
        [
            .. runner.Evaluate(round, s => new LocalQueries(new QueryEngine(), s), output, TimeProvider.System)
                .Select(c => $"{c.Rule.Rule.Name} {c.Change.Alert.State.Name} {c.Change.Alert.Value}"),
        ];
    }
}
