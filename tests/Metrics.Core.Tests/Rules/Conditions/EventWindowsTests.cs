using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>A restart or a reload in the middle of a window.</summary>
public sealed class EventWindowsTests
{
    private static readonly Event[] s_failures = [.. Enumerable.Range(1, 5).Select(i => EventRules.Failure(i * 10, "a", id: i))];

    [Fact]
    public void Events_from_before_a_restart_count_once()
    {
        var log = new EventRules.EventLog { Events = { s_failures[0], s_failures[1], s_failures[2] } };
        var rules = new EventRules(isKnown: false) { ListeningSince = RuleHarness.At(35) };
        // This one arrives, and is in the log, before the log is read back.
        log.Events.Add(s_failures[3]);
        rules.Take(s_failures[3]);
        rules.Restore(log, 41).Should().Be(4);
        rules.Open(41).Should().Be("a firing 4");
        rules.Take(s_failures[4]).Open(50).Should().Be("a firing 5");
        rules.Restore(log, 51).Should().Be(0, "its windows are known");
    }

    [Fact]
    public void Only_what_a_window_reaches_back_to_is_read_and_only_its_kinds()
    {
        var log = new EventRules.EventLog { Events = { s_failures[0], s_failures[1] with { Kind = "log" }, s_failures[2] } };
        var rules = new EventRules(isKnown: false);
        rules.Restore(log, 315).Should().Be(1);
    }

    [Fact]
    public async Task A_short_window_is_not_filled_with_what_only_a_long_one_beside_it_reaches_back_to()
    {
        var log = new EventRules.EventLog();
        log.Events.AddRange(Enumerable.Range(1, 30).Select(i => EventRules.Failure(i * 10, $"origin-{i}", id: i)));
        var minutes = new EventRules(isKnown: false);
        var hours = new EventRules(
            "events: { kind: identity.authenticate }\nwindow: 1h\ngroup_by: [source.ip]\ncount: { above: 4 }", isKnown: false);
        await EventWindows.RestoreAsync([.. minutes.Rules, .. hours.Rules], log, RuleHarness.At(590), CancellationToken.None);
        (minutes.Memory.Groups, hours.Memory.Groups).Should().Be((3, 30), "of these alone the last batch reaches into it");
    }

    [Fact]
    public void An_alert_that_was_open_stays_so_until_a_whole_window_was_listened_to()
    {
        EventRules before = new EventRules().Take(s_failures);
        before.Open(50).Should().Be("a firing 5");
        var after = new EventRules(isKnown: false) { ListeningSince = RuleHarness.At(1000) };
        after.Rule.Restore(before.Rule.Alerts);
        after.Restore(new EventRules.EventLog(), 1000);
        after.Open(1001).Should().Be("a firing 5", "what happened while we were down nobody knows");
        after.Open(1299.9).Should().Be("a firing 5");
        after.Open(1300).Should().Be("");
    }

    [Fact]
    public void A_reload_goes_on_with_the_windows_though_the_bound_is_another()
    {
        EventRules before = new EventRules().Take(s_failures);
        before.Open(50).Should().Be("a firing 5");
        var after = new EventRules("""
            events: { kind: identity.authenticate, event.outcome: failure }
            window: 5m
            group_by: [source.ip]
            count: { above: 4 }
            """, isKnown: false);
        after.Rule.TakeOverFrom(before.Rule);
        after.Memory.IsKnown.Should().BeTrue();
        after.Open(51).Should().Be("a firing 5");
        var other = new EventRules("events: { kind: log }\nwindow: 5m\ncount: { above: 4 }", isKnown: false);
        other.Rule.TakeOverFrom(before.Rule);
        other.Memory.IsKnown.Should().BeFalse("it counts other events, which must be read back");
    }
}
