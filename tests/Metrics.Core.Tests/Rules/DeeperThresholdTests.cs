using Metrics.Model;
using Metrics.Query;
using Metrics.Rules;
using Metrics.Text;

namespace Metrics.Tests.Rules;

/// <summary>Several severities, forecasts, baselines, calendars.</summary>
public sealed class DeeperThresholdTests
{
    private static readonly Labels s_disk = Labels.Of("free", ("host", "a"));

    [Fact]
    public void Each_severity_has_its_own_threshold_and_patience()
    {
        RuleHarness rules = new RuleHarness()
            .Read("expr: m\nwarning: { above: 80 }\ncritical: { above: 90, for: 10s }\nlabels: { team: db }");
        rules.Rules.Select(r => (r.Rule.Ladder!.Severity, r.Rule.Ladder.Rank, r.Rule.Ladder.Family)).Should()
            .Equal(("warning", 1, "test.yaml:4"), ("critical", 2, "test.yaml:4"));
        Labels series = Labels.Of("m", ("host", "a"));
        rules.Evaluate(0, (series, 85));
        rules.Open.Should().Be("a warning firing");
        rules.Evaluate(5, (series, 95));
        rules.Evaluate(20, (series, 95));
        rules.Open.Should().Be("a critical firing; a warning firing");
        rules.Rules[1].Alerts[0].Labels["team"].Should().Be("db");
        rules.Evaluate(25, (series, 85));
        rules.Open.Should().Be("a warning firing");
    }

    [Fact]
    public void A_forecast_says_when_a_disk_is_full()
    {
        RuleHarness rules = new RuleHarness()
            .Read("expr: free\nforecast: { reaches: 0, within: 9d, from: 1h }\nannotations: { summary: 'full in {{ value | "
                + "humanize_duration }}' }");
        // A byte a second, and 8 days of bytes are left.
        double left = 8 * 86400;
        for (int second = 0; second <= 3600; second += 60)
            rules.Evaluate(second, (s_disk, left + 3600 - second));
        rules.Open.Should().Be("a firing");
        rules.Rules[0].Alerts[0].Annotations["summary"].Should().Be("full in 8d 0h 0m 0s");
        // It is emptied, and grows.
        for (int second = 3660; second <= 7500; second += 60)
            rules.Evaluate(second, (s_disk, left + second));
        rules.Open.Should().Be("");
    }

    [Fact]
    public void A_forecast_that_lies_far_ahead_or_is_still_says_nothing()
    {
        RuleHarness rules = new RuleHarness().Read("expr: free\nforecast: { reaches: 0, within: 9d }");
        for (int second = 0; second <= 600; second += 60)
            rules.Evaluate(second, (s_disk, 86400 * 100 - second), (Labels.Of("free", ("host", "still")), 5));
        rules.Open.Should().Be("");
        rules.Rules[0].Error.Should().BeNull();
    }

    [Fact]
    public void A_threshold_follows_the_baseline()
    {
        var world = new World { Baseline = new Baseline([10, 20, 30]) };
        RuleHarness rules = new RuleHarness(world)
            .Read("expr: m\nabove: \"{{ if baseline.count > 2 }}{{ baseline.mean + 3 * baseline.deviation }}{{ else }}1000{{ end }}\"");
        Labels series = Labels.Of("m", ("host", "a"));
        rules.Evaluate(0, (series, 44));
        rules.Open.Should().Be("");
        rules.Evaluate(10, (series, 45));
        rules.Open.Should().Be("a firing");
        rules.Rules[0].Alerts[0].Bound.Should().BeApproximately(44.49, 0.01);
        world.Baseline = Baseline.Empty;
        rules.Evaluate(20, (series, 45));
        rules.Open.Should().Be("");
        world.Baseline.Quantile(0.5).Should().Be(double.NaN);
        new RuleHarness(new World { Baseline = new Baseline([0, 100]) }).Read("expr: m\nabove: '{{ baseline.quantile 0.95 }}'")
            .Evaluate(0, (series, 96)).Should().ContainSingle();
    }

    [Fact]
    public void A_threshold_follows_the_calendar()
    {
        var world = new World { Now = "office" };
        RuleHarness rules = new RuleHarness(world).Read("expr: m\nabove: \"{{ if within 'office' }}10{{ else }}100{{ end }}\"");
        Labels series = Labels.Of("m", ("host", "a"));
        rules.Evaluate(0, (series, 50)).Should().ContainSingle();
        world.Now = "night";
        rules.Evaluate(10, (series, 50));
        rules.Open.Should().Be("");
        world.Now = null;
        rules.Evaluate(20, (series, 50));
        rules.Rules[0].Error.Should().Contain("no interval");
    }

    [Theory]
    [InlineData("expr: m\nabove: 1\ncritical: { above: 2 }", "critical cannot stand beside a threshold")]
    [InlineData("expr: m\nwarning: {}", "warning needs a threshold")]
    [InlineData("expr: m\nwarning: { abov: 2 }", "abov is not a known key")]
    [InlineData("expr: m\nforecast: { reaches: 0 }", "forecast.within is required")]
    [InlineData("expr: m\nforecast: { reaches: x, within: 1d }", "forecast.reaches")]
    [InlineData("expr: m\nlearned: { probability: 2 }", "learned.probability is '2'; it must be a number above 0.5")]
    [InlineData("expr: m\nlearned: {}\nabove: 3", "learned cannot stand beside a threshold")]
    [InlineData("expr: m\nexpect: [ { host: a } ]", "expect needs absent_for")]
    [InlineData("expr: m\nabsent_for: 1m\nexpect: { query: up }", "expect.by is required with query")]
    [InlineData("expr: m\nabsent_for: 1m\nexpect: {}", "expect.file or query is required")]
    public void What_is_wrong_is_told(string body, string expected)
    {
        RuleHarness.Parse(body, out List<Problem> problems);
        problems.Select(p => p.ToString()).Should()
            .Contain(p => p.Contains(expected, StringComparison.Ordinal), string.Join(" | ", problems));
    }

    internal sealed class World : IRuleEnvironment
    {
        public Baseline Baseline { get; set; } = Baseline.Empty;

        public string? Now { get; set; }

        public IReadOnlyList<Labels> Listed { get; set; } = [];

        public ILookup<TargetName, RetiredTarget> Retired { get; set; } = Array.Empty<RetiredTarget>().ToLookup(r => r.Name);

        public Baseline BaselineOf(PreparedQuery expr, Labels series, long at) => Baseline;

        public bool IsWithin(string interval, long at) => Now is null ? throw new ArgumentException("no interval") : interval == Now;

        public IReadOnlyList<Labels> Inventory(string file) => Listed;
    }
}
