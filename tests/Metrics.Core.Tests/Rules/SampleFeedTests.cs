using Metrics.Model;
using Metrics.Rules;
using Metrics.Series;

namespace Metrics.Tests.Rules;

/// <summary>Samples of the past wake the rules that read them when they came in, in a replay.</summary>
public sealed class SampleFeedTests
{
    private const string Rules = """
        groups:
          - name: g
            interval: 10s
            rules:
              - { alert: A, expr: a > 1 }
              - { record: "r", expr: b }
              - { alert: R, expr: r > 1 }
          - { name: h, interval: 1m, rules: [ { alert: B, expr: b > 1 } ] }
        """;

    private readonly Head _head = new(HeadOptions.Default);

    [Fact]
    public void Each_moment_wakes_the_rules_that_read_what_came_then_and_those_behind_them()
    {
        Came("a", 5_000, 12_345);
        Came("b", 12_345);
        Came("nobody_reads_it", 7_000);
        Feed().Should().Equal("5000 g[0]", "12345 g[0,1,2] h[0]");
    }

    [Fact]
    public void Of_what_came_in_a_tenth_of_the_interval_the_last_moment_counts()
    {
        Came("a", 5_000, 5_100, 5_999, 6_000, 60_000);
        Feed().Should().Equal("5999 g[0]", "6000 g[0]", "60000 g[0]");
    }

    [Fact]
    public void What_is_of_the_time_before_wakes_nobody()
    {
        Came("a", 0, 600_001);
        Feed().Should().BeEmpty();
    }

    private void Came(string metric, params long[] times)
    {
        using var batch = new SampleBatch("test");
        foreach (long time in times)
            batch.Add(Labels.Of(metric), time, 1);
        _head.Append(batch, 600_001);
    }

    private List<string> Feed()
    {
        List<GroupRunner> groups = [.. RuleFile.Read(Rules, "rules.yaml", []).Select(g => new GroupRunner(g, TimeProvider.System))];
        var feed = new SampleFeed(groups, _head, 0, 600_000);
        var woken = new List<string>();
        while (feed.Next is var at and < long.MaxValue)
        {
            woken.Add($"{at} " + string.Join(' ', feed.TakeUntil(at).Select(g =>
                $"{g.Group.Group.Name}[{string.Join(',', Enumerable.Range(0, g.Woken.Size).Where(i => g.Woken[i]))}]")));
        }
        return woken;
    }
}
