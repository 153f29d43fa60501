using Metrics.Rules;
using Metrics.Rules.Testing;
using Metrics.Text;

namespace Metrics.Tests.Rules.Testing;

/// <summary>Rules over events in unit tests of rules.</summary>
public sealed class EventRuleTestTests
{
    private static readonly string s_folder = Cases.Own("events");

    [Fact]
    public void Brute_force_and_password_spraying_are_found()
    {
        RuleTestFile tests = Read(File.ReadAllText(Path.Combine(s_folder, "identity.test.yaml")), out List<Problem> problems)!;
        problems.Should().BeEmpty();
        tests.Tests.Should().HaveCount(2);
        tests.Tests.SelectMany(t => RuleTestRun.Run(tests, t, Rules(), TimeProvider.System)).Should().BeEmpty();
    }

    [Fact]
    public void Events_that_excuse_others_that_follow_each_other_and_that_go_with_samples_are_tried_too()
    {
        RuleTestFile tests = Read(File.ReadAllText(Path.Combine(s_folder, "correlation.test.yaml")), out List<Problem> problems)!;
        IReadOnlyList<RuleGroup> rules =
            RuleFile.Read(File.ReadAllText(Path.Combine(s_folder, "correlation.yaml")), "correlation.yaml", problems);
        problems.Should().BeEmpty();
        tests.Tests.SelectMany(t => RuleTestRun.Run(tests, t, rules, TimeProvider.System)).Should().BeEmpty();
    }

    [Fact]
    public void What_is_not_as_expected_is_reported()
    {
        RuleTestFile tests = Read("""
            tests:
              - input_events:
                  - { time: 1m, kind: identity.authenticate, event.outcome: failure, source.ip: a, user.name: "u{n}", times: 6 }
                alert_rule_test:
                  - { eval_time: 2m, alertname: IdentityPasswordSpraying }
            """, out _)!;
        tests.Tests.SelectMany(t => RuleTestRun.Run(tests, t, Rules(), TimeProvider.System)).Should().ContainSingle()
            .Which.Should().Contain("source_ip=\"a\"");
    }

    [Fact]
    public void A_rule_without_for_is_judged_when_the_event_comes_and_not_at_the_next_interval_only()
    {
        RuleTestFile tests = Read("""
            tests:
              - input_events:
                  - { time: 61s, kind: k }
                alert_rule_test:
                  - { eval_time: 2m, alertname: Short, exp_alerts: [ {} ] }
                  - { eval_time: 3m, alertname: Short }
            """, out List<Problem> problems)!;
        problems.Should().BeEmpty();
        // Its window is over long before the next interval: what holds it is keep_firing_for, counted from the breach.
        IReadOnlyList<RuleGroup> groups = RuleFile.Read("""
            groups:
              - name: g
                rules:
                  - { alert: Short, events: { kind: k }, window: 5s, count: { above: 0 }, keep_firing_for: 1m }
            """, "short.yaml", problems);
        tests.Tests.SelectMany(t => RuleTestRun.Run(tests, t, groups, TimeProvider.System)).Should().BeEmpty();
    }

    [Fact]
    public void Wrong_input_events_are_reported_with_their_place()
    {
        Read("""
            tests:
              - input_events:
                  - { kind: k }
                  - { time: 5m, arrives: 1m, kind: k, times: none }
                  - { time: 5 }
            """, out List<Problem> problems).Should().BeNull();
        problems.Select(p => p.ToString()).Should().Equal(
            "test.yaml:3:9: tests[0].input_events[0].time is required: when it happened, such as 1m",
            "test.yaml:4:30: tests[0].input_events[1].arrives must not lie before time: what has not happened cannot be sent",
            "test.yaml:4:50: tests[0].input_events[1].times is 'none'; it must be a whole number from 1 to 1000000",
            "test.yaml:5:17: tests[0].input_events[2].time is '5'; it must be a duration such as 15s, 5m or 1h30m",
            "test.yaml:5:9: tests[0].input_events[2].kind is required");
    }

    private static RuleTestFile? Read(string text, out List<Problem> problems) => RuleTestFile.Read(text, "test.yaml", problems = []);

    private static IReadOnlyList<RuleGroup> Rules()
    {
        var problems = new List<Problem>();
        string text = File.ReadAllText(Path.Combine(s_folder, "identity.yaml"));
        IReadOnlyList<RuleGroup> groups = RuleFile.Read(text, "identity.yaml", problems);
        problems.Should().BeEmpty();
        return groups;
    }
}
