using Metrics.Model;
using Metrics.Rules;
using Metrics.Text;

namespace Metrics.Tests.Rules;

/// <summary>What rules remember outlives a change of their group.</summary>
public sealed class TakeOverTests
{
    private const string Kept = "{ alert: Kept, events: { kind: k }, window: 10m, count: { above: 0 } }";

    [Fact]
    public void Events_that_came_just_before_a_reload_count_after_it_also_where_the_event_log_has_them_not_yet()
    {
        GroupRunner before = Runner(Kept);
        using var batch = new EventBatch("test");
        batch.Add(1, 1, "k", 0, "");
        before.Take(batch).Should().NotBeNull();
        GroupRunner after = Runner(Kept + ", { alert: New, expr: up == 0 }");
        after.TakeOverFrom(before);
        after.Alerting[0].Memory.Status.Should().StartWith("1 group in the window");
    }

    [Fact]
    public void Rules_are_told_apart_by_what_they_are_called()
    {
        var one = new RuleId("a.yaml", "g", "Hot", 2);
        (one == new RuleId("a.yaml", "g", "Hot", 2)).Should().BeTrue();
        (one != new RuleId("a.yaml", "g", "Hot")).Should().BeTrue();
        (one == null).Should().BeFalse();
    }

    private static GroupRunner Runner(string rules)
    {
        var problems = new List<Problem>();
        RuleGroup group = RuleFile.Read($"groups: [ {{ name: g, rules: [ {rules} ] }} ]", "a.yaml", problems).Single();
        problems.Should().BeEmpty();
        return new GroupRunner(group, TimeProvider.System);
    }
}
