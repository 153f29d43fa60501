using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>Events that do not count where others were there around them.</summary>
public sealed class EventUnlessTests
{
    private const string Stops = "events: { kind: service.stop }\nwindow: 30m\ngroup_by: [host]\ncount: { above: 0 }\n";
    private const string Upgrade = $"{Stops}unless: {{ events: {{ kind: host.package }}, by: [host], within: 10m }}";
    private const string Reboot = $"{Stops}unless: [{{ events: {{ kind: host.reboot }}, by: [host], after: 2m }}]";

    private static Event Stop(double second, string host = "a") => EventRules.Of("service.stop", second, host);

    private static Event Package(double second, string host = "a") => EventRules.Of("host.package", second, host);

    [Fact]
    public void A_stop_after_an_upgrade_of_its_host_is_not_told_and_one_of_another_host_is()
    {
        EventRules rules = new EventRules(Upgrade).Take(Package(0)).Take(Stop(599), Stop(599, "b"));
        rules.Open(600).Should().Be("b firing 1");
        rules.Memory.Status.Should().Be("1 group in the window; 1 event excused by 'unless'");
        rules.Take(Stop(601)).Open(602).Should().Be("a firing 1; b firing 1", "ten minutes are over");
    }

    [Theory]
    [InlineData("30m")]
    [InlineData("40m")]
    public void What_was_excused_is_told_once_after_a_reload_also_where_the_windows_are_read_back(string window)
    {
        var log = new EventRules.EventLog { Events = { Package(0) with { Id = 1 }, Stop(1) with { Id = 2 } } };
        EventRules before = new EventRules(Upgrade).Take([.. log.Events]);
        before.Open(2).Should().Be("");
        var after = new EventRules(Upgrade.Replace("window: 30m", $"window: {window}", StringComparison.Ordinal), isKnown: false);
        after.Rule.TakeOverFrom(before.Rule);
        after.Restore(log, 3);
        after.Memory.Status.Should().EndWith("; 1 event excused by 'unless'");
    }

    [Fact]
    public void An_upgrade_that_comes_in_late_takes_back_what_was_told()
    {
        EventRules rules = new EventRules(Upgrade).Take(Stop(100), Stop(800));
        rules.Open(801).Should().Be("a firing 2");
        rules.Take(Package(50)).Open(802).Should().Be("a firing 1", "the first stop was after it");
        rules.Rule.Alerts[0].Events.Should().ContainSingle().Which.Time.Should().Be(EventRules.Nanoseconds(800));
        rules.Take(Package(799)).Evaluate(803).Should().ContainSingle().Which.Alert.State.Should()
            .Be(new AlertState.Inactive(EndReason.Resolved));
    }

    [Fact]
    public void An_event_waits_for_what_may_come_after_it()
    {
        EventRules rules = new EventRules(Reboot).Take(Stop(0), Stop(0, "b"));
        rules.Open(119.9).Should().Be("");
        rules.Take(EventRules.Of("host.reboot", 60)).Open(120).Should().Be("b firing 1");
        rules.Open(1799).Should().Be("b firing 1");
        rules.Open(1800).Should().Be("", "it counts by its own time all the same");
    }

    [Fact]
    public void What_lacks_a_field_agrees_with_nothing_and_without_by_anything_excuses()
    {
        new EventRules(Upgrade).Take(Package(0, ""), Stop(1, "")).Open(2).Should().Be("firing 1");
        new EventRules($"{Stops}unless: {{ events: {{ kind: host.package }}, within: 10m }}")
            .Take(Package(0, "deploy"), Stop(1)).Open(2).Should().Be("");
    }

    [Fact]
    public void Fields_may_have_other_names_in_the_other_event()
    {
        EventRules rules = new(
            $"{Stops}unless: {{ events: {{ kind: config.changed }}, by: {{ host: destination.domain }}, within: 1m }}");
        rules.Take(EventRules.Of("config.changed", 0, "deploy", ("destination.domain", "a"))).Take(Stop(1), Stop(1, "deploy"));
        rules.Open(2).Should().Be("deploy firing 1");
    }

    [Fact]
    public void Different_values_are_counted_of_what_is_not_excused()
    {
        EventRules rules = new("""
            events: { kind: service.stop }
            window: 30m
            distinct: { field: host, above: 1 }
            unless: { events: { kind: host.package }, by: [host], within: 10m }
            """);
        rules.Take(Stop(1), Stop(2, "b"), Stop(3, "b"), Stop(4, "c")).Open(5).Should().Be("firing 3");
        rules.Take(Package(0, "b")).Open(6).Should().Be("firing 2");
    }

    [Fact]
    public void After_a_restart_it_is_as_it_was_also_where_the_excuse_is_older_than_the_window()
    {
        const string body = "events: { kind: service.stop }\nwindow: 1m\ngroup_by: [host]\ncount: { above: 0 }\n"
            + "unless: { events: { kind: host.package }, by: [host], within: 10m }";
        var log = new EventRules.EventLog();
        log.Events.AddRange([Package(0) with { Id = 1 }, Stop(580) with { Id = 2 }, Stop(581, "b") with { Id = 3 }]);
        var rules = new EventRules(body, isKnown: false) { ListeningSince = RuleHarness.At(600) };
        rules.Restore(log, 600).Should().Be(3);
        rules.Open(601).Should().Be("b firing 1");
    }

    [Fact]
    public void A_flood_of_excuses_costs_bounded_memory_and_what_is_forgotten_excuses_nothing()
    {
        EventRules rules = new EventRules(Upgrade);
        for (int i = 0; i < 60; i++)
            rules.Take([.. Enumerable.Range(0, 1000).Select(n => Package(i + n / 1000.0, $"h{i}-{n}"))]);
        rules.Take(Stop(61, "h0-0"), Stop(61, "h59-999")).Open(62).Should().Be("h0-0 firing 1");
        rules.Rule.Error.Should().Contain("50000 times of 'unless'");
    }

    [Fact]
    public void A_flood_of_events_is_counted_to_the_last_and_leaves_the_window_by_its_own_time()
    {
        EventRules rules = new EventRules(Upgrade);
        rules.Take([.. Enumerable.Range(0, 20_000).Select(n => Stop(n / 100.0))]);
        rules.Open(201).Should().Be("a firing 20000");
        rules.Rule.Rule.Condition.Describe(rules.Rule.Alerts[0]).Should().StartWith("20000 events in 30m, which is > 0");
        rules.Open(1900).Should().MatchRegex("^a firing (99|100)[0-9]{2}$", "half of them have left, up to a step of the window");
        rules.Open(2000).Should().Be("");
        rules.Memory.Groups.Should().Be(0);
    }

    /// <summary>As the shipped rule for slow spraying has it.</summary>
    [Fact]
    public void Who_sends_more_than_is_kept_is_told_all_the_same_and_for_as_long_as_it_goes_on()
    {
        EventRules rules = new("""
            events: { kind: identity.authenticate, event.outcome: failure }
            window: 10m
            group_by: [source.ip]
            distinct: { field: user.name, above: 15 }
            unless: { events: { kind: identity.authenticate, event.outcome: success }, by: [user.name, source.ip], after: 2m }
            """);
        for (int second = 0; second < 1200; second++)
        {
            rules.Take([.. Enumerable.Range(0, 200).Select(n => EventRules.Failure(second, "192.0.2.1", $"u{(second * 200 + n) % 5000}"))]);
            if (second >= 60)
                rules.Open(second).Should().Be("192.0.2.1 firing 4096", $"it is so in second {second}");
        }
        rules.Open(1798).Should().StartWith("192.0.2.1 firing");
        rules.Open(1800).Should().Be("");
    }

    [Fact]
    public void What_is_excused_when_the_flood_comes_is_none_of_it()
    {
        EventRules rules = new EventRules(Reboot).Take([.. Enumerable.Range(0, 8000).Select(n => Stop(n / 1000.0))]);
        rules.Take(EventRules.Of("host.reboot", 8), EventRules.Of("host.reboot", 8, "b"));
        rules.Take([.. Enumerable.Range(0, 1000).Select(n => Stop(9 + (n / 1000.0)))]);
        rules.Open(200).Should().Be("a firing 1000");
        rules.Memory.Status.Should().Be("1 group in the window; 8000 events excused by 'unless'");
    }

    [Fact]
    public void A_flood_of_many_groups_takes_no_count_from_any()
    {
        EventRules rules = new EventRules(Upgrade);
        for (int i = 0; i < 1000; i++)
            rules.Take([.. Enumerable.Range(0, 1000).Select(n => Stop((i * 1000 + n) / 1000.0, $"h{n}"))]);
        rules.Evaluate(1000);
        rules.Rule.Alerts.Should().HaveCount(1000).And.OnlyContain(a => a.Value == 1000);
        rules.Rule.Error.Should().Be(
            "more than 500000 events are in the window; of each group only the newest can be excused by what comes later");
        rules.Evaluate(3000);
        rules.Rule.Error.Should().BeNull();
    }

    [Fact]
    public void While_an_expression_gives_a_value_for_the_group_it_does_not_begin_to_fire_and_what_is_open_stays()
    {
        EventRules rules = new($"{Stops}unless: {{ expr: maintenance_window == 1, by: [host] }}");
        Labels a = Labels.Of("maintenance_window", ("host", "a"), ("job", "ops"));
        rules.Sample(0, a, 1).Take(Stop(10), Stop(10, "b")).Open(11).Should().Be("b firing 1");
        rules.Sample(60, a, 0).Open(61).Should().Be("a firing 1; b firing 1", "it is over, and the stop is in the window yet");
        rules.Sample(90, a, 1).Open(91).Should().Be("a firing 1; b firing 1");
        rules.Rule.Error.Should().BeNull();
        rules.Rule.Rule.Metrics.Should().Equal("maintenance_window");
    }

    [Fact]
    public void What_waits_and_is_ended_by_an_expression_waits_anew_when_that_is_over()
    {
        EventRules rules = new($"{Stops}for: 1m\nunless: {{ expr: maintenance_window == 1, by: [host] }}");
        Labels a = Labels.Of("maintenance_window", ("host", "a"));
        rules.Sample(0, a, 0).Take(Stop(10)).Open(11).Should().Be("a pending 1");
        rules.Sample(20, a, 1).Open(20).Should().Be("");
        rules.Sample(30, a, 0).Open(30).Should().Be("a pending 1", "no stop has come since, and one lies in the window");
        rules.Open(90).Should().Be("a firing 1");
    }

    [Fact]
    public void An_exception_that_cannot_be_evaluated_keeps_nothing_from_firing()
    {
        EventRules rules = new($"{Stops}unless: {{ expr: 'x * on (host) y' }}");
        rules.Sample(0, Labels.Of("x", ("host", "a"), ("n", "1")), 1).Sample(0, Labels.Of("x", ("host", "a"), ("n", "2")), 1)
            .Sample(0, Labels.Of("y", ("host", "a"), ("n", "1")), 1).Sample(0, Labels.Of("y", ("host", "a"), ("n", "2")), 1);
        rules.Take(Stop(1)).Open(2).Should().Be("a firing 1");
        rules.Rule.Error.Should().StartWith("unless x * on (host) y: ");
    }

    private const string Untested = $"{Stops}unless: {{ no_events: {{ kind: host.package }}, by: [host], within: 10m }}";

    [Fact]
    public void What_nothing_came_before_does_not_count_where_that_is_asked_for()
    {
        EventRules rules = new EventRules(Untested).Take(Package(0)).Take(Stop(599), Stop(599, "b"), Stop(599, ""));
        rules.Open(600).Should().Be("a firing 1", "what lacks the field agrees with nothing");
        rules.Memory.Status.Should().Be("1 group in the window; 2 events excused by 'unless'");
        rules.Take(Stop(700)).Open(701).Should().Be("a firing 1", "ten minutes are over");
        rules.Open(1799 + 599).Should().Be("a firing 1", "what counted counts on until it leaves the window");
        rules.Open(1800 + 599).Should().Be("");
    }

    [Fact]
    public void So_many_must_have_come_before_as_are_asked_for_and_of_one_host()
    {
        EventRules rules = new EventRules(Untested.Replace("within", "count: 3, within", StringComparison.Ordinal))
            .Take(Package(0), Package(100), Package(100, "b"), Package(200, "b"), Stop(201), Stop(201, "b"));
        rules.Open(201).Should().Be("");
        rules.Take(Package(300), Stop(301), Stop(301, "b")).Open(301).Should().Be("a firing 1");
        rules.Take(Stop(599), Stop(601)).Open(601).Should().Be("a firing 2", "the first is too long ago");
        rules.Take(Package(700), Stop(699), Stop(700)).Open(701).Should().Be("a firing 3", "the second is not, and the last counts from when it came");
        rules.Rule.Rule.Text.Should().EndWith("unless fewer than 3 {kind=\"host.package\"} by host.name within 10m before");
    }

    [Fact]
    public void After_a_restart_it_counts_also_where_what_came_before_is_older_than_the_window()
    {
        Event[] all = [Package(0) with { Id = 1 }, Stop(500) with { Id = 2 }, Stop(500, "b") with { Id = 3 }];
        var log = new EventRules.EventLog();
        log.Events.AddRange(all);
        var rules = new EventRules(Untested, isKnown: false);
        rules.Restore(log, 2200);
        rules.Open(2200).Should().Be("a firing 1");
    }

    [Fact]
    public void Nobody_hides_behind_a_flood_of_what_must_have_come_before()
    {
        EventRules rules = new EventRules(Untested).Take(Package(0));
        rules.Take([.. Enumerable.Range(0, 60_000).Select(n => Package(1, $"h{n}"))]).Take(Stop(2));
        rules.Open(3).Should().Be("a firing 1");
        rules.Rule.Error.Should().StartWith("more than 50000 times of 'unless' are in the window");

        EventRules three = new EventRules(Untested.Replace("within", "count: 3, within", StringComparison.Ordinal)).Take(Package(0));
        three.Take([.. Enumerable.Range(0, 60_000).Select(n => Package(1, $"h{n}"))]).Take(Package(2), Package(2), Stop(3), Stop(3, "b"));
        three.Open(3).Should().Be("a firing 1; b firing 1", "of what is forgotten nothing is excused");
        three.Rule.Error.Should().StartWith("more than 50000 times of 'unless' are in the window");
        three.Open(2500).Should().Be("");
        three.Rule.Error.Should().BeNull();
    }

    [Fact]
    public void It_says_in_words_what_excuses()
    {
        new EventRules($"{Stops}unless:\n  - {{ events: {{ kind: host.package }}, by: [host], within: 10m, after: 1m }}\n  - {{ expr: up == 0 }}")
            .Rule.Rule.Text.Should().Be(
                "count of events {kind=\"service.stop\"} by host.name in 30m > 0 "
                + "unless {kind=\"host.package\"} by host.name within 10m before or 1m after unless up == 0");
        new EventRules(Untested).Rule.Rule.Text.Should().EndWith("> 0 unless no {kind=\"host.package\"} by host.name within 10m before");
    }
}
