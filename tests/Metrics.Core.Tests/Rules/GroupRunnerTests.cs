using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Tests.Rules;

/// <summary>A group in rounds of all its rules and of some.</summary>
public sealed class GroupRunnerTests
{
    private const long Start = 1_700_000_000_000;
    private static readonly QueryEngine s_engine = new();

    private readonly Head _head = new(HeadOptions.Default);

    [Fact]
    public void Rules_that_have_not_their_turn_keep_what_they_wrote_and_are_seen_as_they_were()
    {
        GroupRunner group = Group("""
            - { record: one, expr: a }
            - { record: two, expr: b }
            - { record: both, expr: one + two }
            """);
        Append(0, ("a", 1), ("b", 10));
        Round(group, 0).Should().Equal("both 11", "one 1", "two 10");

        Append(15, ("b", 20));
        Round(group, 15, 1, 2).Should().Equal(["both 21", "two 20"], "rule one is neither written again nor ended");
    }

    [Fact]
    public void What_a_rule_recorded_last_is_seen_before_it_is_in_the_head()
    {
        GroupRunner group = Group("""
            - { record: one, expr: a }
            - { record: twice, expr: one * 2 + 0 * b }
            """);
        Append(0, ("a", 1), ("b", 0));
        Round(group, 0, append: false);
        Append(1, ("a", 5), ("b", 0));
        Round(group, 1, append: false).Should().Equal("one 5", "twice 10");
        Append(2, ("b", 0));
        Round(group, 2, [1], append: false).Should().Equal("twice 10");
    }

    [Fact]
    public void A_series_that_two_rules_write_ends_when_the_last_of_them_leaves_it()
    {
        GroupRunner group = Group("""
            - { record: x, expr: 'a > 0' }
            - { record: x, expr: 'b > 0' }
            """);
        Append(0, ("a", 1), ("b", 2));
        Round(group, 0).Should().Equal("x 1");
        Append(15, ("a", 0), ("b", 2));
        Round(group, 15, 0).Should().BeEmpty("the second rule still writes it");
        Round(group, 16).Should().Equal("x 2");
        Append(30, ("a", 0), ("b", 0));
        Round(group, 30, 1).Should().Equal("x ended");
    }

    [Fact]
    public void What_the_rules_before_a_reload_wrote_ends_with_the_first_round_of_all()
    {
        GroupRunner before = Group("- { record: one, expr: a }\n- { record: two, expr: a }");
        GroupRunner after = Group("- { record: one, expr: a }\n- { record: three, expr: b }");
        Append(0, ("a", 1), ("b", 2));
        Round(before, 0);
        after.TakeOverFrom(before);
        Round(after, 1, 0).Should().Equal("one 1");
        Round(after, 2).Should().Equal("one 1", "three 2", "two ended");
        Round(after, 3).Should().Equal("one 1", "three 2");
    }

    [Fact]
    public void In_a_round_that_is_made_up_for_only_what_is_there_counts()
    {
        GroupRunner group = Group("""
            - { alert: Hot, expr: 'a > 5', for: 30s }
            - { alert: Now, expr: 'a > 5' }
            - { alert: Gone, expr: a, absent_for: 1m }
            - { record: r, expr: a }
            """);
        Enumerable.Range(0, 4).Where(group.IsCaughtUp).Should().Equal([0, 3], "alerts at once, and absence, are of the present");
        Append(0, ("a", 9));
        Round(group, 0);
        group.Alerting[0].Alerts.Single().State.Name.Should().Be("pending");
        Round(group, 3600, [0], append: true, catchUp: true);
        group.Alerting[0].Alerts.Single().State.Name.Should().Be("pending", "nobody listened then");
        Round(group, 3601);
        group.Alerting[0].Alerts.Single().State.Name.Should().Be("no data", "now somebody does");
    }

    private static GroupRunner Group(string rules)
    {
        var problems = new List<Problem>();
        string text = $"groups:\n  - name: g\n    rules:\n      {rules.ReplaceLineEndings("\n      ")}\n";
        RuleGroup group = RuleFile.Read(text, "test.yaml", problems).Single();
        problems.Should().BeEmpty();
        return new GroupRunner(group, TimeProvider.System);
    }

    private void Append(int second, params (string Metric, double Value)[] samples)
    {
        using var batch = new SampleBatch("test");
        foreach ((string metric, double value) in samples)
            batch.Add(Labels.Of(metric), Start + (second * 1000L), value);
        _head.Append(batch, Start + (second * 1000L));
    }

    private IReadOnlyList<string> Round(GroupRunner group, int second, params int[] chosen) => Round(group, second, chosen, append: true);

    /// <summary>A round; what it writes, sorted.</summary>
    private IReadOnlyList<string> Round(GroupRunner group, int second, int[]? chosen = null, bool append = true, bool catchUp = false)
    {
        RuleMask? mask = chosen is { Length: > 0 } ? new RuleMask(group.Rules.Count) : null;
        foreach (int rule in chosen ?? [])
            mask!.Add(rule);
        long at = Start + (second * 1000L);
        using var output = new SampleBatch("rules/g");
        var round = new RuleRound(_head, at) { IsCatchUp = catchUp };
        group.Evaluate(round, s => new LocalQueries(s_engine, s), output, TimeProvider.System, mask);
        List<string> written = [];
        for (int i = 0; i < output.Count; i++)
        {
            if (!output.Series[i].Name.StartsWith("ALERTS", StringComparison.Ordinal))
                written.Add($"{output.Series[i].Name} {(StaleMarker.Is(output.Values[i]) ? "ended" : output.Values[i])}");
        }
        if (append)
            _head.Append(output, at);
        written.Sort(StringComparer.Ordinal);
        return written;
    }
}
