using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Rules.Sigma;
using static Metrics.Tests.Rules.Sigma.SigmaHarness;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Files of Sigma rules: what becomes of each, and what people see of an alert.</summary>
public sealed class SigmaFileTests
{
    private const string Sudo = """
        title: Someone became root
        id: 11111111-2222-3333-4444-555555555555
        status: test
        description: |
            Somebody took root's rights, {{ as }} they say.
        references: [https://example.org/a, https://example.org/b]
        author: Ann
        tags: [attack.privilege-escalation]
        logsource: { product: linux, service: sudo }
        detection:
          selection: { USER: root }
          condition: selection
        falsepositives: [Administrators]
        level: high
        """;

    [Fact]
    public void An_alert_says_what_its_author_wrote_and_which_lines_it_was()
    {
        AlertRule rule = Loaded(Sudo);
        var alerts = Alerts([rule], Log("syslog", "Nov 26 10:00:00 ctl-1 sudo: ann : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id"));
        var alert = alerts.Should().ContainSingle().Subject;
        rule.Name.Should().Be("Sigma: Someone became root");
        rule.Location.Should().Be("0.yml:1");
        alert.Labels.ToString().Should().Contain("severity=\"warning\"").And.Contain("sigma_level=\"high\"").And.Contain("host=\"ctl-1\"");
        alert.Annotations.Should().Contain(new KeyValuePair<string, string>("summary", "Someone became root"))
            .And.Contain(new KeyValuePair<string, string>("description", "Somebody took root's rights, {{ as }} they say."))
            .And.Contain(new KeyValuePair<string, string>("references", "https://example.org/a\nhttps://example.org/b"))
            .And.Contain(new KeyValuePair<string, string>("tags", "attack.privilege-escalation"))
            .And.Contain(new KeyValuePair<string, string>("falsepositives", "Administrators"))
            .And.Contain(new KeyValuePair<string, string>("author", "Ann"));
        alert.Annotations.Single(a => a.Key == "events").Value.Should().Contain("ctl-1").And.Contain("COMMAND=/usr/bin/id");
    }

    [Theory]
    [InlineData("informational", "info")]
    [InlineData("low", "info")]
    [InlineData("medium", "warning")]
    [InlineData("high", "warning")]
    [InlineData("critical", "critical")]
    public void A_level_is_a_severity(string level, string severity) =>
        Loaded(Rule("s: a\ncondition: s", more: $"level: {level}")).Labels.Should()
            .Contain(l => l.Key == "severity" && l.Value.Text == severity);

    [Theory]
    [InlineData("level: bad", "0.yml:6:8: level is 'bad'; allowed are informational, low, medium, high, critical", SigmaReason.Broken)]
    [InlineData("status: deprecated", "its status is deprecated", SigmaReason.Status)]
    [InlineData("status: unsupported", "its status is unsupported", SigmaReason.Status)]
    [InlineData("action: global", "collections by 'action'", SigmaReason.Condition)]
    [InlineData("filter: { rules: any }", "filters of other rules are not supported", SigmaReason.Condition)]
    public void What_else_keeps_a_rule_away_is_said(string more, string message, SigmaReason reason)
    {
        SigmaOutcome outcome = Load(Rule("s: a\ncondition: s", more: more)).Rules.Single();
        outcome.Reason.Should().Be(reason);
        outcome.Faults.Single().ToString().Should().Contain(message);
    }

    [Theory]
    [InlineData("title: x", "0.yml:1:1: logsource is required")]
    [InlineData("title: x\nlogsource: { product: linux }", "detection is required")]
    [InlineData("title: x\nlogsource: { product: linux }\ndetection: { s: a }", "detection.condition is required")]
    [InlineData("title: x\nlogsource: linux\ndetection: { s: a, condition: s }", "0.yml:2:12: logsource must be a mapping")]
    [InlineData("title: x\nlogsource: { definition: x }\ndetection: { s: a, condition: s }", "needs category, product or service")]
    [InlineData("logsource: { product: linux }\ndetection: { s: a, condition: s }", "title is required")]
    [InlineData("- a", "expected a mapping: a Sigma rule")]
    [InlineData("", "there is no rule in it")]
    [InlineData("title: [", "broken YAML")]
    [InlineData("title: x\ntitle: y", "0.yml:2:1: the key 'title' is given twice")]
    public void A_file_that_is_wrong_is_an_error_with_its_place(string text, string message)
    {
        SigmaOutcome outcome = Load(text).Rules.Single();
        outcome.Reason.Should().Be(SigmaReason.Broken);
        outcome.Faults[0].ToString().Should().Contain(message);
    }

    [Fact]
    public void Everything_that_is_wrong_with_a_rule_is_said_at_once()
    {
        string rule = Rule("a: { x|gt: y }\nb: { x|startwith: y }\ncondition: a or b or c", "{ category: proxy }", "level: bad");
        Load(rule).Rules.Single().Faults.Select(f => f.Reason).Should().BeEquivalentTo(
            [SigmaReason.Broken, SigmaReason.Logsource, SigmaReason.Broken, SigmaReason.Modifier, SigmaReason.Broken]);
    }

    [Fact]
    public void A_broken_file_stops_no_other_and_each_document_of_a_file_is_a_rule()
    {
        string rule = Rule("s: a\ncondition: s");
        SigmaLoad load = Load("title: [", $"{rule}---\n{rule.Replace("Test", "Second", StringComparison.Ordinal)}---\n");
        load.Rules.Select(r => (r.Title, r.IsLoaded)).Should().Equal(("", false), ("Test", true), ("Second", true));
        load.Group!.Rules.Select(r => r.Location).Should().Equal("1.yml:1", "1.yml:7");
    }

    [Fact]
    public void An_id_is_there_once() =>
        Load(Sudo, Sudo).Rules.Select(r => string.Join(", ", r.Faults)).Should()
            .Equal("", "1.yml:1:1: '11111111-2222-3333-4444-555555555555' is the rule at 0.yml:1 already");

    [Fact]
    public void Machines_are_told_apart_and_an_alert_stays_open_while_events_come()
    {
        AlertRule rule = Loaded(Rule("s: { user.name: a }\ncondition: s"));
        Alerts([rule], Event("user.name=a", "host.name=x"), Event("user.name=a", "host.name=y"), Event("user.name=a", "host.name=y"))
            .Select(a => (a.Series["host"], a.Value)).Should().BeEquivalentTo([("x", 1.0), ("y", 2.0)]);
        rule.Condition.Should().BeOfType<EventCount>().Which.Over.Should().Be(TimeSpan.FromMinutes(15));
    }

    [Fact]
    public void Machines_are_bounded_and_however_many_there_are_a_rule_is_not_silenced()
    {
        SigmaLoad load = Load(Rule("s: { user.name: a }\ncondition: s"));
        EventBatch[] events = [.. Enumerable.Range(0, 4_000).Select(i => Event("user.name=a", $"host.name=h{i % 2_000}"))];
        var alerts = Alerts(load.Group!, events);
        alerts.Should().HaveCount(2_001, "a thousand apart, a thousand by estimate, and all others");
        alerts.Should().ContainSingle(a => a.Series["host"] == "other").Which.Value.Should().Be(2_000);
    }

    [Fact]
    public void What_shows_the_events_is_compiled_once_for_a_load()
    {
        string rule = Rule("s: a\ncondition: s");
        RuleTemplate[] events = [.. Load(rule, rule).Group!.Alerting.Concat(Load(rule).Group!.Alerting)
            .Select(r => r.Annotations.Single(a => a.Key == "events").Value)];
        events[0].Should().BeSameAs(events[1]);
        events[2].Should().NotBeSameAs(events[0], "two loads may be evaluated by two threads");
    }

    [Fact]
    public void A_field_is_known_by_one_text_so_that_an_event_is_asked_for_it_once()
    {
        string rule = Rule("s: { host.name: a }\ncondition: s", more: "name: one\n---\ntitle: Many\ncorrelation: { type: event_count, "
            + "rules: [one], group-by: [user.name], timespan: 5m, condition: { gte: 2 } }");
        ((EventCount)Loaded(rule).Condition).GroupBy.Single().Should().BeSameAs(EventFields.UserName);
    }
}
