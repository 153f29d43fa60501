using System.Runtime.CompilerServices;
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
    public void What_nothing_came_before_is_judged_again_when_it_is_known_what_came_before_a_restart()
    {
        const string Body =
            "events: { kind: host.stop }\nwindow: 30m\ngroup_by: [host]\ncount: { above: 0 }\n"
            + "unless: { no_events: { kind: host.package }, by: [host], within: 10m, count: 2 }";
        var log = new EventRules.EventLog
        {
            Events =
            {
                EventRules.Of("host.package", 10) with { Id = 1 }, EventRules.Of("host.package", 20) with { Id = 2 },
                EventRules.Of("host.package", 20, "b") with { Id = 3 },
            },
        };
        Event[] stops = [EventRules.Of("host.stop", 30) with { Id = 4 }, EventRules.Of("host.stop", 31, "b") with { Id = 5 }];
        log.Events.AddRange(stops);
        EventRules rules = new EventRules(Body, isKnown: false) { ListeningSince = RuleHarness.At(25) }.Take(stops);
        rules.Open(40).Should().Be("", "nobody knows yet what came before");
        rules.Restore(log, 41);
        rules.Open(42).Should().Be("a firing 1", "on b only one came before");
        rules.Memory.Status.Should().Be("1 group in the window; 1 event excused by 'unless'");
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
        await EventWindows.RestoreAsync([.. minutes.Rules, .. hours.Rules], log, RuleHarness.At(590), null, CancellationToken.None);
        (minutes.Memory.Groups, hours.Memory.Groups).Should().Be((2, 30), "two came in the last five minutes");
    }

    [Fact]
    public async Task Of_each_kind_no_more_is_read_than_its_own_rules_reach_back_to()
    {
        var log = new EventRules.EventLog();
        for (int i = 0; i < 100; i++)
        {
            log.Events.Add(EventRules.Of("log", i * 30) with { Id = 2 * i + 1 });
            log.Events.Add(EventRules.Of("backup", i * 30) with { Id = 2 * i + 2 });
        }
        var lines = new EventRules("events: { kind: log }\nwindow: 5m\ncount: { above: 0 }", isKnown: false);
        var backups = new EventRules("events: { kind: backup }\nwindow: 1h\ncount: { above: 0 }", isKnown: false);
        long read = await EventWindows.RestoreAsync(
            [.. lines.Rules, .. backups.Rules], log, RuleHarness.At(3000), null, CancellationToken.None);
        read.Should().Be(110, "a hundred backups, and ten lines of five minutes");
        (lines.Open(3000), backups.Open(3000)).Should().Be(("firing 9", "firing 100"));
    }

    [Fact]
    public async Task What_the_log_was_not_to_keep_is_not_missed()
    {
        const string body = "events: { kind: backup }\nwindow: 5m\ncount: { below: 1 }";
        var kept = new EventRules(body, isKnown: false);
        await EventWindows.RestoreAsync(kept.Rules, new EventRules.EventLog(), RuleHarness.At(600), null, CancellationToken.None);
        kept.Open(601).Should().Be("firing 0");
        var rules = new EventRules(body, isKnown: false);
        await EventWindows.RestoreAsync(
            rules.Rules, new EventRules.EventLog(), RuleHarness.At(600), _ => RuleHarness.At(590), CancellationToken.None);
        rules.Open(601).Should().Be("", "one may have come that was not to be kept");
        rules.Open(889).Should().Be("");
        rules.Open(890).Should().Be("firing 0", "since then none did");
    }

    [Fact]
    public void A_flood_that_came_while_the_log_was_read_counts_once()
    {
        var log = new EventRules.EventLog { Events = { s_failures[0], s_failures[1] } };
        var rules = new EventRules(isKnown: false);
        Event[] flood = [.. Enumerable.Range(0, 9000).Select(i => EventRules.Failure(60 + (i / 100.0), "a", id: 100 + i))];
        rules.Take(flood);
        log.Events.AddRange(flood);
        rules.Restore(log, 151);
        rules.Open(151).Should().Be("a firing 9002");
    }

    [Fact]
    public async Task What_could_not_be_read_to_its_end_is_read_again_and_counts_once()
    {
        Event[] flood = [.. Enumerable.Range(1, 9000).Select(i => EventRules.Failure(i / 100.0, "a", id: i))];
        var rules = new EventRules(isKnown: false);
        var log = new EventRules.EventLog();
        log.Events.AddRange(flood);
        Func<Task> broken = () =>
            EventWindows.RestoreAsync(rules.Rules, new Broken(log), RuleHarness.At(100), null, CancellationToken.None);
        await broken.Should().ThrowAsync<IOException>();
        rules.Memory.IsKnown.Should().BeFalse();
        rules.Evaluate(100);
        rules.Restore(log, 101).Should().Be(9000, "a round in between says nothing of the log");
        rules.Open(102).Should().Be("a firing 9000");
        rules.Memory.Status.Should().Be("1 group in the window", "nothing came too late: it was read");
    }

    [Fact]
    public async Task What_was_forgotten_when_the_log_broke_is_not_taken_for_nothing()
    {
        var rules = new EventRules("events: { kind: backup }\nwindow: 5m\ncount: { below: 1 }", isKnown: false);
        rules.Evaluate(0);
        Event backup = EventRules.Of("backup", 200) with { Id = 9000 };
        rules.Take(backup);
        var broken = new Broken(new EventRules.EventLog { Events = { backup } });
        Func<Task> read = () => EventWindows.RestoreAsync(rules.Rules, broken, RuleHarness.At(290), null, CancellationToken.None);
        await read.Should().ThrowAsync<IOException>();
        rules.Open(301).Should().Be("", "one came, though it is only in the log by now");
        rules.Open(600).Should().Be("");
        rules.Open(601).Should().Be("firing 0", "a whole window was listened to since");
    }

    [Fact]
    public void A_rule_that_is_judged_by_an_earlier_moment_reads_back_as_much_more()
    {
        var log = new EventRules.EventLog();
        log.Events.AddRange(s_failures);
        Event[] more = [.. Enumerable.Range(1, 5).Select(i => EventRules.Failure(400 + i, "a", id: 10 + i))];
        log.Events.AddRange(more);
        var before = new EventRules(isKnown: false);
        before.Restore(log, 420);
        before.Open(420).Should().Be("a firing 5", "the five of the first minute have left");
        EventRules after = new(isKnown: false, offset: TimeSpan.FromMinutes(5));
        after.Rule.TakeOverFrom(before.Rule);
        after.Memory.IsKnown.Should().BeFalse("what has left its windows is needed again");
        after.Restore(log, 420).Should().Be(10);
        after.Open(120).Should().Be("a firing 10");
        EventRules back = new(isKnown: false);
        back.Rule.TakeOverFrom(after.Rule);
        back.Memory.IsKnown.Should().BeTrue();
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

    /// <summary>A log that breaks when most of it is read.</summary>
    private sealed class Broken(EventRules.EventLog log) : IEventSource
    {
        public async IAsyncEnumerable<EventBatch> ReadAsync(
            IReadOnlySet<string>? kinds, long from, long to, [EnumeratorCancellation] CancellationToken ct)
        {
            await foreach (EventBatch batch in log.ReadAsync(kinds, from, to, ct))
            {
                if (batch.Ids[0] > 8500)
                    throw new IOException("the disk is gone");
                yield return batch;
            }
        }
    }
}
