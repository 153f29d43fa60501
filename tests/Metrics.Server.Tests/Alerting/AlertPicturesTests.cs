using Metrics.Alerting;
using Metrics.Formats;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Rules;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Tests.Alerting;

public sealed class AlertPicturesTests
{
    [Fact]
    public async Task Whatever_fails_costs_a_picture_and_no_message()
    {
        AlertRule rule = RuleFile.Read(
            "groups: [ { name: g, rules: [ { alert: A, expr: up, above: 1 } ] } ]", "r.yaml", [])[0].Alerting.Single();
        var rules = new ActiveRules
        {
            All = new Dictionary<RuleId, AlertRuleState> { [RuleId.Parse("r.yaml;g;A")] = new(rule, TimeProvider.System) },
        };
        var pictures = new AlertPictures(rules, null!, NullLogger<AlertPictures>.Instance);
        (await pictures.DrawAsync(new AlertSource("r.yaml;g;A", "{}", 2, 1, 0), 1_700_000_000_000, TestContext.Current.CancellationToken))
            .Should().BeNull("the queries are broken");
    }
}
