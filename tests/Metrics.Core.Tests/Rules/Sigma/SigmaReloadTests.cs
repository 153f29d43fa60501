using System.Runtime.CompilerServices;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Rules.Sigma;
using static Metrics.Tests.Rules.Sigma.SigmaHarness;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Sigma's rules over reloads, and batches of many events.</summary>
public sealed class SigmaReloadTests
{
    private static readonly string s_ann = Titled("Ann", "s: { user.name: ann }");
    private static readonly string s_bob = Titled("Bob", "s: { user.name: bob }");

    [Fact]
    public void What_a_rule_has_counted_stays_when_another_rule_changes()
    {
        GroupRunner before = Runner(s_ann, s_bob), after = Runner(Titled("Bob", "s: { user.name: bobby }"), s_ann);
        before.Take(Event("user.name=ann", "host.name=a"));
        before.Take(Event("user.name=bob", "host.name=a"));
        after.TakeOverFrom(before);
        after.Take(Event("user.name=ann", "host.name=b"));
        Groups(after).Should().BeEquivalentTo([("Sigma: Ann", 2), ("Sigma: Bob", 0)]);
        before.Group.IsSameAs(after.Group).Should().BeFalse();
        before.Group.IsSameAs(Runner(s_ann, s_bob).Group).Should().BeTrue();
    }

    [Theory]
    [InlineData("level: high", "level: low", 1)]
    [InlineData("level: high", "level: high\ndescription: Said in other words.", 1)]
    [InlineData("gte: 2", "gte: 9", 1)]
    [InlineData("timespan: 5m", "timespan: 6m", 0)]
    [InlineData("[host.name]", "[user.name]", 0)]
    [InlineData("product: openstack", "product: linux", 0)]
    [InlineData("user.name: ann", "user.name: [ann, bob]", 0)]
    public void What_was_counted_stays_while_the_same_events_are_counted(string text, string changed, int groups)
    {
        string rules = Titled("One", "s: { user.name: ann }").Replace("title: One", "title: One\nname: one", StringComparison.Ordinal) + """
            ---
            title: Many
            correlation: { type: event_count, rules: [one], group-by: [host.name], timespan: 5m, condition: { gte: 2 }, generate: true }
            level: high
            """;
        GroupRunner before = Runner(rules), after = Runner(rules.Replace(text, changed, StringComparison.Ordinal));
        before.Take(Event("user.name=ann", "host.name=a"));
        after.TakeOverFrom(before);
        Groups(after).Should().Contain(("Sigma: Many", groups));
        before.Group.IsSameAs(after.Group).Should().BeFalse();
    }

    [Fact]
    public void Rules_that_were_read_before_are_forgotten_with_what_they_have_found()
    {
        using EventBatch batch = Event("user.name=ann");
        WeakReference matcher = Used(batch);
        GC.Collect();
        matcher.IsAlive.Should().BeFalse();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Used(EventBatch batch)
    {
        var matcher = new SigmaMatcher([new SigmaDetection(new SigmaSource("any", _ => true), _ => true)]);
        matcher.Next([0], batch, 0).Should().Be(0);
        return new WeakReference(matcher);
    }

    [Fact]
    public void Each_rule_finds_its_own_events_of_a_batch_in_whatever_order_it_asks()
    {
        using var batch = new EventBatch("test");
        for (int i = 0; i < 100; i++)
        {
            using EventBatch one = Event($"user.name={(i % 10 == 3 ? "ann" : i % 25 == 24 ? "bob" : "eve")}", "host.name=h");
            batch.Add(one.ToEvent(0));
        }
        IReadOnlyList<AlertRule> rules = [.. Runner(s_ann, s_bob).Group.Alerting];
        Rows(rules[1], batch).Should().Equal(24, 49, 74, 99);
        Rows(rules[0], batch).Should().Equal(3, 13, 23, 33, 43, 53, 63, 73, 83, 93);
        Rows(rules[1], batch).Should().Equal(24, 49, 74, 99);
        batch.RemoveNewest();
        Rows(rules[1], batch).Should().Equal(24, 49, 74);
        using EventBatch other = Event("user.name=bob");
        Rows(rules[1], other).Should().Equal(0);
        Rows(rules[0], other).Should().BeEmpty();
    }

    private static IEnumerable<(string, int)> Groups(GroupRunner runner) =>
        runner.Alerting.Select(r => (r.Rule.Name, ((EventCountMemory)r.Memory).Groups));

    private static List<int> Rows(AlertRule rule, EventBatch batch)
    {
        var rows = new List<int>();
        EventFilter filter = ((EventCount)rule.Condition).Events;
        for (int row = filter.NextMatch(batch, 0); row < batch.Count; row = filter.NextMatch(batch, row + 1))
            rows.Add(row);
        return rows;
    }

    private static GroupRunner Runner(params string[] rules) => new(Load(rules).Group!, TimeProvider.System);

    private static string Titled(string title, string selection) =>
        Rule($"{selection}\ncondition: s").Replace("title: Test", $"title: {title}", StringComparison.Ordinal);
}
