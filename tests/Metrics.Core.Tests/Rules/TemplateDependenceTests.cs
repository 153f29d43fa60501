using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Tests.Rules;

/// <summary>What a template's text can depend on, so that it is rendered again when that may have changed, and only then.</summary>
public sealed class TemplateDependenceTests
{
    [Theory]
    [InlineData("a text", true)]
    [InlineData("{{ labels.host }} is at {{ value | math.round 1 }} of {{ threshold }}", true)]
    [InlineData("{{ if value > 5 }}much{{ else }}{{ value | humanize }}{{ end }}", true)]
    [InlineData("{{ string.upcase labels.host }}", true)]
    [InlineData("{{ metric \"up\" }}", false)]
    [InlineData("{{ count \"up\" }}", false)]
    [InlineData("{{ now }}", false)]
    [InlineData("{{ date.now.year }}", false)]
    [InlineData("{{ math.random 1 9 }}", false)]
    [InlineData("{{ if within \"nights\" }}night{{ end }}", false)]
    [InlineData("{{ baseline.mean }}", false)]
    [InlineData("{{ $labels.instance }} has {{ $value }}", true)]
    [InlineData("{{ $externalURL }}/{{ $labels.instance }}", false)]
    [InlineData("{{ range query \"up\" }}{{ .Value }}{{ end }} {{ $value }}", false)]
    public void A_text_follows_the_value_alone_when_it_names_nothing_else(string template, bool follows)
    {
        RuleTemplate.TryCompile(template, out RuleTemplate? compiled, out string? error).Should().BeTrue(error);
        compiled!.FollowsValueAlone.Should().Be(follows);
    }

    [Theory]
    [InlineData("{{ value }}", "40", "40", "41")]
    [InlineData("{{ value }} of {{ count \"n\" }}", "40 of 1", "40 of 2", "41 of 2")]
    public void Texts_of_an_open_alert_are_as_new_as_what_they_are_made_of(string template, string first, string same, string other)
    {
        RuleHarness rules = new RuleHarness().Read($"expr: temp\nabove: 30\nannotations: {{ summary: '{template}' }}");
        Labels temp = Labels.Of("temp");
        rules.Evaluate(0, (temp, 40), (Labels.Of("n", ("i", "1")), 1));
        Summary(rules).Should().Be(first);
        rules.Evaluate(10, (temp, 40), (Labels.Of("n", ("i", "2")), 1));
        Summary(rules).Should().Be(same);
        rules.Evaluate(20, (temp, 41));
        Summary(rules).Should().Be(other);
    }

    [Fact]
    public void A_rule_is_in_error_as_long_as_a_text_of_an_open_alert_cannot_be_rendered()
    {
        const string Failing = "{{ if labels.a != \"\" }}{{ labels.a | math.round 1 }}{{ end }}";
        RuleHarness rules = new RuleHarness().Read($"expr: temp\nabove: 30\nannotations: {{ summary: '{Failing}' }}");
        Labels temp = Labels.Of("temp", ("a", "x"));
        for (int second = 0; second < 30; second += 10)
        {
            rules.Evaluate(second, (temp, 40));
            rules.Rules[0].Error.Should().StartWith("annotation summary: ", "round {0}", second);
        }
    }

    [Fact]
    public void After_a_reload_labels_and_texts_are_those_of_the_rule_as_it_is_now()
    {
        Labels temp = Labels.Of("temp", ("host", "a"), ("team", "own"));
        RuleHarness rules = new RuleHarness()
            .Read("expr: temp\nabove: 30\nlabels: { team: net, tier: '1' }\nannotations: { summary: old }");
        rules.Evaluate(0, (temp, 40));
        RuleHarness after = rules.Reload("expr: temp\nabove: 30\nlabels: { site: x }\nannotations: { summary: new }");
        after.Rules[0].Restore(rules.Rules[0].Alerts);
        after.Evaluate(10, (temp, 40));
        AlertInstance alert = after.Rules[0].Alerts.Should().ContainSingle().Subject;
        alert.Labels.ToString().Should().Be("{alertname=\"Test\", host=\"a\", site=\"x\", team=\"own\"}");
        Summary(after).Should().Be("new");
    }

    private static string Summary(RuleHarness rules) => rules.Rules[0].Alerts[0].Annotations["summary"];
}
