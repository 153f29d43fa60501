using Metrics.Rules;
using Metrics.Rules.Testing;
using Metrics.Text;

namespace Metrics.Tests.Rules.Testing;

/// <summary>Labels of the server, which unit tests in promtool's format give and templates written for Prometheus read.</summary>
public sealed class ExternalLabelTests
{
    [Theory]
    [InlineData("{ site: oslo }", "oslo")]
    [InlineData("{}", "")]
    public void Templates_see_the_external_labels_of_a_test(string given, string site)
    {
        var problems = new List<Problem>();
        IReadOnlyList<RuleGroup> groups = RuleFile.Read(
            """
            groups:
              - name: g
                rules:
                  - alert: QueueLong
                    expr: queue_length > 10
                    labels: { site: '{{ $externalLabels.site }}' }
                    annotations: { summary: 'queue of {{ $labels.host }} at {{ .ExternalLabels.site }}' }
            """, "rules.yaml", problems);
        string labels = site.Length == 0 ? "{ host: m1 }" : $"{{ host: m1, site: {site} }}";
        RuleTestFile tests = RuleTestFile.Read(
            $$"""
            tests:
              - external_labels: {{given}}
                interval: 1m
                input_series: [ { series: 'queue_length{host="m1"}', values: '20x5' } ]
                alert_rule_test:
                  - eval_time: 2m
                    alertname: QueueLong
                    exp_alerts: [ { exp_labels: {{labels}}, exp_annotations: { summary: 'queue of m1 at {{site}}' } } ]
            """, "test.yaml", problems)!;
        problems.Should().BeEmpty();
        RuleTestRun.Run(tests, tests.Tests.Single(), groups, TimeProvider.System).Should().BeEmpty();
    }
}
