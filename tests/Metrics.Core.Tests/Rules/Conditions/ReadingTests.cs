using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>What a line with little room says of a value.</summary>
public sealed class ReadingTests
{
    [Theory]
    [InlineData("expr: pool_used_ratio\nabove: 0.9", 0.93, "93 %")]
    [InlineData("expr: pool_used_ratio > 0.9", 0.93, "93 %")]
    [InlineData("expr: up == 0", 0, "")]
    [InlineData("expr: up\nequals: 0", 0, "")]
    [InlineData("expr: absent(up)", 1, "")]
    [InlineData("expr: free_bytes\nforecast: { reaches: 0, within: 9d }", 7500, "0 B in 2 h 5 min")]
    [InlineData("expr: predict_linear(free_bytes[1h], 24 * 3600) < 0", -3.2e9, "-3.2 GB in 1 d")]
    [InlineData("expr: predict_linear(free_bytes[1h], 24 * 3600) < 0 and on (host) up", -3.2e9, "-3.2 GB in 1 d")]
    [InlineData("expr: beat\nabsent_for: 3m", 360, "not heard of for 6 min")]
    [InlineData("expr: beat\nabsent_for: 3m", 2, "heard of again")]
    [InlineData("events: { kind: login.failed }\nwindow: 1m\ngroup_by: [user]\ncount: { above: 3 }", 7, "7 events in 1 min")]
    public void The_value_is_said_where_it_says_something(string rule, double value, string read)
    {
        AlertRule found = RuleHarness.Parse(rule, out List<Metrics.Text.Problem> problems).Should().ContainSingle().Subject;
        problems.Should().BeEmpty();
        found.Condition.Read(value).Should().Be(read);
        found.Condition.Read(double.NaN).Should().BeEmpty();
    }

    [Fact]
    public void What_is_compared_by_the_expression_has_its_value_of_now_when_it_is_over()
    {
        RuleHarness rules = new RuleHarness().Read("expr: (temp > 30) and on (host) fan == 1");
        rules.Evaluate(0, (Of("temp"), 40), (Of("fan"), 1));
        AlertChange over = rules.Evaluate(15, (Of("temp"), 21), (Of("fan"), 1)).Should().ContainSingle().Subject;
        (over.Alert.State is AlertState.Inactive, over.Alert.Value).Should().Be((true, 21));
    }

    [Fact]
    public void A_forecast_draws_the_metric_and_the_bound_not_the_seconds()
    {
        Condition condition = RuleHarness.Parse("expr: free_bytes\nforecast: { reaches: 5, within: 9d }", out _)[0].Condition;
        condition.Drawn!.Text.Should().Be("free_bytes");
        condition.DrawnBound(777_600).Should().Be(5);
        condition.Forecast!.Within.Should().Be(TimeSpan.FromDays(9));
    }

    private static Labels Of(string metric) => Labels.Of(metric, ("host", "a"));
}
