using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Pollers;
using Metrics.Pollers.Scrape;

namespace Metrics.Tests.Pollers;

public sealed class PollingTests
{
    [Fact]
    public void A_failing_target_is_asked_ever_less_often_but_at_least_once_a_minute()
    {
        TimeSpan interval = TimeSpan.FromSeconds(15);
        Enumerable.Range(1, 6).Select(f => PollRunner.PauseAfter(f, interval).TotalSeconds).Should().Equal(15, 15, 30, 60, 60, 60);
        PollRunner.PauseAfter(9, TimeSpan.FromMinutes(5)).Should().Be(TimeSpan.FromMinutes(5));
    }

    [Theory]
    [InlineData("{ source_labels: [a, b], separator: '-', target_label: c }", "a=1 b=2 c=1-2")]
    [InlineData("{ source_labels: [a], regex: '(\\d)', replacement: 'x${1}y$$', target_label: 'n_$1' }", "a=1 b=2 n_1=x1y$")]
    [InlineData("{ source_labels: [a], regex: nope, target_label: c }", "a=1 b=2")]
    [InlineData("{ source_labels: [a], regex: '2', action: keep }", "dropped")]
    [InlineData("{ source_labels: [a], regex: '1', action: drop }", "dropped")]
    [InlineData("{ regex: '(.)', replacement: 'm_$1', action: labelmap }", "a=1 b=2 m_a=1 m_b=2")]
    [InlineData("{ regex: b, action: labeldrop }", "a=1")]
    [InlineData("{ regex: b, action: labelkeep }", "b=2")]
    [InlineData("{ source_labels: [a], modulus: 8, target_label: h, action: hashmod }", "a=1 b=2 h=3")]
    [InlineData("{ source_labels: [a], target_label: b, replacement: '' }", "a=1")]
    [InlineData("{ source_labels: [a], target_label: b, action: keepequal }", "dropped")]
    public void Relabelling_does_what_Prometheus_does(string rule, string expected)
    {
        var labels = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" };
        IReadOnlyList<RelabelRule> rules =
            MetricsOptions.Parse($"scrape_configs: [ {{ job_name: j, relabel_configs: [ {rule} ] }} ]").Targets.OfType<ScrapeJob>()
                .First().Relabel;
        bool kept = RelabelRule.Apply(rules, labels);
        (kept ? string.Join(' ', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")) : "dropped").Should()
            .Be(expected);
    }
}
