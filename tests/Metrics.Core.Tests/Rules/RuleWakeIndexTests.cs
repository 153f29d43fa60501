using Metrics.Rules;
using Metrics.Text;

namespace Metrics.Tests.Rules;

/// <summary>Which rules the arrival of a metric concerns.</summary>
public sealed class RuleWakeIndexTests
{
    private const string Rules = """
        groups:
          - name: g
            rules:
              - { record: 'a:sum', expr: sum(a) }
              - { record: 'b:sum', expr: sum(b) }
              - { alert: Ratio, expr: 'a:sum / b:sum > 2' }
              - { record: 'ratio', expr: 'a:sum / c' }
              - { alert: Deep, expr: ratio > 1 }
              - { alert: Any, expr: '{job="x"} > 3' }
              - { alert: Constant, expr: vector(1) > 2 }
              - { alert: Watcher, expr: 'ALERTS{alertname="Ratio"}' }
        """;

    [Theory]
    [InlineData("a", "a:sum Ratio ratio Deep Any Watcher")]
    [InlineData("b", "b:sum Ratio Any Watcher")]
    [InlineData("c", "ratio Deep Any Watcher")]
    [InlineData("a:sum", "Ratio ratio Deep Any Watcher")]
    [InlineData("ALERTS", "Watcher")]
    public void Those_that_read_it_and_those_that_read_what_these_record(string metric, string expected)
    {
        IReadOnlyList<Rule> rules = Read();
        RuleMask mask = new RuleWakeIndex(rules).ByMetric[metric];
        rules.Where((_, i) => mask[i]).Select(r => r.Name).Should().Equal(expected.Split(' '));
    }

    [Fact]
    public void A_rule_that_may_read_any_metric_is_concerned_by_all_and_one_that_reads_none_by_none()
    {
        IReadOnlyList<Rule> rules = Read();
        var wakes = new RuleWakeIndex(rules);
        rules.Where((_, i) => wakes.OfAny![i]).Select(r => r.Name).Should().Equal("Any", "Watcher");
        wakes.ByMetric.Values.Should().NotContain(m => m[6]);
        wakes.ByMetric.Should().NotContainKey("unknown");
    }

    [Fact]
    public void Masks_of_many_rules_join()
    {
        var (one, other) = (new RuleMask(200), new RuleMask(200));
        one.Add(3);
        one.Add(63);
        other.Add(64);
        other.Add(199);
        one.Add(other);
        Enumerable.Range(0, 200).Where(i => one[i]).Should().Equal(3, 63, 64, 199);
        one.Count.Should().Be(4);
    }

    private static IReadOnlyList<Rule> Read()
    {
        var problems = new List<Problem>();
        IReadOnlyList<Rule> rules = RuleFile.Read(Rules, "test.yaml", problems)[0].Rules;
        problems.Should().BeEmpty();
        return rules;
    }
}
