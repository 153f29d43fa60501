using Metrics.Alerting;
using Metrics.Cli;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Series;

namespace Metrics.Tests.Alerting;

/// <summary>Rules over samples in a replay.</summary>
public sealed class ReplaySamplesTests
{
    private const long Start = 1_700_000_000_000;

    private readonly Head _head = new(HeadOptions.Default);

    [Fact]
    public void Samples_are_judged_when_they_came_in_also_between_two_intervals()
    {
        Came("{ alert: Hot, expr: temp > 30 }", ("temp", 1, 20), ("temp", 7, 40), ("temp", 12, 20));
        ReplayedRule hot = Run("{ alert: Hot, expr: temp > 30 }").Rules.Should().ContainSingle().Subject;
        (hot.Fired, hot.Firing).Should().Be((1, TimeSpan.FromSeconds(5)), "as live, though no interval of a minute lies between them");
    }

    [Fact]
    public void What_the_replayed_rules_wrote_themselves_they_write_anew()
    {
        const string Now = "{ record: 'temp:max', expr: 'max(temp) / 2' }, { alert: Hot, expr: 'temp:max > 30' }";
        Came(Now, ("temp", 1, 40), ("temp:max", -10, 25), ("temp:max", 2, 40), ("temp:max", 3, 40), ("temp", 4, 40));
        Run(Now).Rules.Should().ContainSingle().Which.Fired.Should().Be(0, "the rule records 20 where the old one recorded 40");
        _head.Find(Labels.Of("temp:max"))!.FirstTime.Should().Be(Start - 10_000, "what was recorded before is history");
    }

    [Fact]
    public void Alerts_of_other_rules_are_read_as_they_were()
    {
        const string Rules = "{ alert: Both, expr: 'ALERTS{alertname=\"Other\"}' }";
        Came(Rules, ("ALERTS", 1, 1));
        Run(Rules).Rules.Should().ContainSingle().Which.Fired.Should().Be(1);
    }

    private static IReadOnlyList<RuleGroup> Groups(string rules) =>
        RuleFile.Read($"groups: [ {{ name: g, interval: 1m, rules: [ {rules} ] }} ]", "rules.yaml", []);

    private void Came(string rules, params (string Metric, int Second, double Value)[] samples)
    {
        var into = new ReplaySamples(_head, Groups(rules), Start);
        foreach ((string metric, int second, double value) in samples)
        {
            using var batch = new SampleBatch("stored");
            Labels series = metric == "ALERTS" ? Labels.Of(metric, ("alertname", "Other")) : Labels.Of(metric);
            batch.Add(series, Start + (second * 1000), value);
            into.Add(batch, Start);
        }
    }

    private ReplayResult Run(string rules) =>
        new Replay(Groups(rules), MetricsOptions.Parse("").Notifications, _head, TimeProvider.System)
            .Run(Start, Start + 50_000, NoRuleEnvironment.Instance, _ => { });
}
