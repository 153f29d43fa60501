using Metrics.Model;
using Metrics.Query.Engine;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Series;
using Metrics.Text;

namespace Metrics.Tests.Rules;

public sealed class RuleTests
{
    private const long Start = 1_700_000_000_000;

    private static readonly QueryEngine s_engine = new();

    private readonly Head _head = new(HeadOptions.Default);

    [Theory]
    [InlineData("0s")]
    [InlineData("0m")]
    [InlineData("0")]
    public void A_group_with_an_interval_of_nothing_has_the_default_as_in_Prometheus(string interval)
    {
        var problems = new List<Problem>();
        string text = $$"""
            groups:
              - { name: a, interval: {{interval}}, rules: [ { record: x, expr: up } ] }
              - { name: b, rules: [ { record: y, expr: up } ] }
            """;
        List<RuleGroup> groups = [.. RuleFile.Read(text, "rules.yml", problems)];
        problems.Should().BeEmpty();
        groups[0].Interval.Should().Be(groups[1].Interval);
    }

    [Fact]
    public void A_threshold_with_hysteresis_fires_above_and_clears_below()
    {
        AlertRuleState rule =
            Rule("expr: temp\n        above: '{{ if labels.aggregate == \"burst\" }}95{{ else }}85{{ end }}'\n        clear: '{{ threshold "
                + "- 5 }}'");
        Labels plain = Labels.Of("temp", ("host", "a")), burst = Labels.Of("temp", ("host", "b"), ("aggregate", "burst"));
        States(rule, 0, (plain, 86), (burst, 90)).Should().Be("a firing");
        States(rule, 1, (plain, 82), (burst, 96)).Should().Be("a firing; b firing");
        States(rule, 2, (plain, 79), (burst, 91)).Should().Be("b firing");
        States(rule, 3, (plain, 82), (burst, 89)).Should().Be("");
    }

    [Theory]
    [InlineData("below: 10", 9, true)]
    [InlineData("below: 10", 10, false)]
    [InlineData("outside: [1, 5]", 0.5, true)]
    [InlineData("outside: [1, 5]", 5, false)]
    [InlineData("equals: 0", 0, true)]
    [InlineData("not_equals: 1", 1, false)]
    [InlineData("above: 1.5", double.NaN, false)]
    public void Each_kind_of_threshold_judges(string threshold, double value, bool fires)
    {
        AlertRuleState rule = Rule($"expr: m\n        {threshold}");
        States(rule, 0, (Labels.Of("m", ("host", "a")), value)).Should().Be(fires ? "a firing" : "");
    }

    [Fact]
    public void A_firing_alert_whose_series_stops_is_open_without_data()
    {
        AlertRuleState rule = Rule("expr: m\n        above: 1");
        Labels series = Labels.Of("m", ("host", "a"));
        States(rule, 0, (series, 2)).Should().Be("a firing");
        States(rule, 1, (series, StaleMarker.Value)).Should().Be("a no data");
        States(rule, 2, (series, 0)).Should().Be("");
    }

    [Fact]
    public void Annotations_see_labels_value_and_threshold_in_both_spellings()
    {
        AlertRuleState rule =
            Rule("expr: m\n        above: 10\n        labels: { severity: critical, team: '{{ labels.host }}-team' }\n        annotations: "
                + "{ summary: '{{ $labels.host }} is at {{ $value | humanize }}, over {{ threshold }} ({{ labels.team }})', x: 'none{{ "
                + "labels.nothing }}' }");
        List<AlertChange> changes = Evaluate(rule, 0, (Labels.Of("m", ("host", "a")), 12345));
        AlertInstance alert = changes.Single().Alert;
        alert.Annotations["summary"].Should().Be("a is at 12.35k, over 10 (a-team)");
        alert.Annotations["x"].Should().Be("none", "a label that is not there is empty, as everywhere");
        alert.Labels.ToString().Should().Be("{alertname=\"Test\", host=\"a\", severity=\"critical\", team=\"a-team\"}");
    }

    [Fact]
    public void A_failing_threshold_is_a_visible_error_and_changes_nothing()
    {
        AlertRuleState rule = Rule("expr: m\n        above: '{{ if labels.host == \"b\" }}many{{ else }}1{{ end }}'");
        States(rule, 0, (Labels.Of("m", ("host", "a")), 2), (Labels.Of("m", ("host", "b")), 2)).Should().Be("a firing");
        rule.Error.Should().Be("threshold of {host=\"b\"}: the template gives 'many', which is not a number");
    }

    [Fact]
    public void An_endless_template_is_stopped()
    {
        RuleTemplate.TryCompile("{{ for i in 1..100000000 }}{{ i }}{{ end }}", out _, out string? error).Should().BeFalse();
        error.Should().NotBeNullOrEmpty();
        RuleTemplate.TryCompile("{{ func f; f; end; f }}", out _, out error).Should().BeFalse();
        error.Should().NotBeNullOrEmpty();
    }

    [Fact]
    public void A_constant_template_is_folded()
    {
        RuleTemplate.TryCompile("{{ 2 * 5 }}", out RuleTemplate? constant, out _).Should().BeTrue();
        (constant!.IsConstant, constant.ConstantNumber).Should().Be((true, 10));
        RuleTemplate.TryCompile("{{ value }}", out RuleTemplate? varying, out _).Should().BeTrue();
        varying!.IsConstant.Should().BeFalse();
        RuleTemplate.TryCompile("{{ valu }}", out _, out string? error).Should().BeFalse("an unknown name is an error");
        error.Should().Contain("valu");
    }

    [Fact]
    public void Absence_alerts_for_each_vanished_series_with_its_labels_and_ends_when_it_is_back()
    {
        AlertRuleState rule = Rule("expr: up{job=\"host\"}\n        absent_for: 3m");
        Labels a = Labels.Of("up", ("job", "host"), ("host", "a")), b = Labels.Of("up", ("job", "host"), ("host", "b"));
        States(rule, 0, (a, 1), (b, 0)).Should().Be("");
        States(rule, 18, (a, 1)).Should().Be("", "180 s are not more than 3 m");
        States(rule, 19, (a, 1)).Should().Be("b firing");
        rule.Alerts.Single().Labels.ToString().Should().Be("{alertname=\"Test\", host=\"b\", job=\"host\"}");
        States(rule, 20, (a, 1), (b, 1)).Should().Be("");
    }

    [Fact]
    public void Absence_is_remembered_over_a_restart_but_our_own_downtime_is_none()
    {
        AlertRuleState before = Rule("expr: up\n        absent_for: 3m");
        Evaluate(before, 0, (Labels.Of("up", ("host", "a")), 1));
        AlertRuleState after = Rule("expr: up\n        absent_for: 3m");
        ((AbsenceMemory)after.Memory).Restore(((AbsenceMemory)before.Memory).Expected);
        using var empty = new Head(HeadOptions.Default);
        long restart = Start + 3_600_000;
        after.Evaluate(new RuleContext(empty, new LocalQueries(s_engine, empty), restart + 179_000, restart)).Should()
            .BeEmpty("it was not listened for long enough");
        after.Evaluate(new RuleContext(empty, new LocalQueries(s_engine, empty), restart + 181_000, restart)).Should()
            .ContainSingle().Which.Alert.State.Name.Should().Be("firing");
    }

    [Theory]
    [InlineData("wrong.bad")]
    [InlineData("events.bad")]
    public void Every_problem_of_a_file_is_reported_with_line_and_column(string name)
    {
        var problems = new List<Problem>();
        RuleFile.Read(File.ReadAllText(Cases.Own($"{name}.yaml")), $"{name}.yaml", problems);
        string actual = string.Concat(problems.Select(p => p + "\n"));
        string expected = Cases.Own($"{name}.expected");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(expected, actual);
        actual.Should().Be(File.ReadAllText(expected));
    }

    [Fact]
    public void The_examples_of_the_manual_are_valid()
    {
        string manual = File.ReadAllText(Path.Combine(Cases.Repository, "docs", "rules.md"));
        string[] blocks = [.. manual.Split("```").Where((_, i) => i % 2 == 1).Select(b => b["yaml\n".Length..])];
        string[] examples = [
            .. blocks.Where(b => b.StartsWith("groups:", StringComparison.Ordinal)),
            .. blocks.Where(b => b.StartsWith("      - alert:", StringComparison.Ordinal)).Select(b => "groups:\n  - name: g\n    rules:\n" + b)];
        examples.Should().HaveCountGreaterThanOrEqualTo(4);
        foreach (string example in examples)
        {
            var problems = new List<Problem>();
            RuleFile.Read(example, "rules.md", problems).Should().NotBeEmpty();
            problems.Should().BeEmpty();
        }
    }

    [Fact]
    public void The_shipped_rules_are_valid()
    {
        string[] files = Directory.GetFiles(Path.Combine(Cases.Repository, "rules"), "*.yaml");
        files.Should().HaveCountGreaterThanOrEqualTo(3);
        foreach (string file in files)
        {
            var problems = new List<Problem>();
            RuleFile.Read(File.ReadAllText(file), file, problems).Should().NotBeEmpty();
            problems.Should().BeEmpty();
        }
    }

    private static AlertRuleState Rule(string body)
    {
        var problems = new List<Problem>();
        IReadOnlyList<RuleGroup> groups =
            RuleFile.Read($"groups:\n  - name: g\n    rules:\n      - alert: Test\n        {body}\n", "test.yaml", problems);
        problems.Should().BeEmpty();
        return new AlertRuleState(groups[0].Alerting.First(), TimeProvider.System);
    }

    private string States(AlertRuleState rule, int step, params (Labels Series, double Value)[] samples)
    {
        Evaluate(rule, step, samples);
        return string.Join("; ", rule.Alerts.Select(a => $"{a.Series["host"]} {a.State.Name}").Order(StringComparer.Ordinal));
    }

    private List<AlertChange> Evaluate(AlertRuleState rule, int step, params (Labels Series, double Value)[] samples)
    {
        long at = Start + (step * 10_000);
        using var batch = new SampleBatch("test");
        foreach ((Labels series, double value) in samples)
            batch.Add(series, at, value);
        _head.Append(batch, at);
        return rule.Evaluate(new RuleContext(_head, new LocalQueries(s_engine, _head), at, Start));
    }
}
