using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>Events that follow each other.</summary>
public sealed class EventSequenceTests
{
    private const string Guessed = """
        sequence:
          - { events: { kind: identity.authenticate, event.outcome: failure }, count: 3 }
          - { events: { kind: identity.authenticate, event.outcome: success } }
        window: 10m
        group_by: [user.name]
        """;

    private const string AnyOrder = """
        sequence:
          - { events: { kind: one }, count: 2 }
          - { events: { kind: two } }
        ordered: false
        window: 1m
        group_by: [host]
        """;

    private static Event Failure(double second, string user = "alice") => EventRules.Failure(second, "192.0.2.1", user);

    private static Event Success(double second, string user = "alice") =>
        EventRules.Of("identity.authenticate", second, "a", ("event.outcome", "success"), ("user.name", user));

    private static Event[] Failures(double from, int count, string user = "alice") =>
        [.. Enumerable.Range(0, count).Select(i => Failure(from + i, user))];

    [Fact]
    public void A_success_after_many_failures_fires_at_once_and_resolves_when_it_has_left_the_window()
    {
        EventRules rules = new EventRules(Guessed).Take(Failures(0, 3));
        rules.Open(599).Should().Be("");
        rules.Take(Success(599)).Open(599).Should().Be("alice firing 1", "all four lie within ten minutes");
        rules.Open(1198.9).Should().Be("alice firing 1", "how long ago the first of them is does not matter any more");
        rules.Open(1199).Should().Be("");
        rules.Open(3000).Should().Be("");
        rules.Memory.Groups.Should().Be(0);
    }

    [Fact]
    public void Neither_order_nor_number_nor_time_nor_group_may_be_another()
    {
        new EventRules(Guessed).Take(Success(0)).Take(Failures(1, 3)).Open(5).Should().Be("", "the success was first");
        new EventRules(Guessed).Take(Failures(0, 2)).Take(Success(5)).Open(5).Should().Be("", "two are not three");
        new EventRules(Guessed).Take(Failures(0, 3)).Take(Success(600)).Open(600).Should().Be("", "the first is ten minutes ago");
        new EventRules(Guessed).Take(Failures(0, 3)).Take(Success(5, "bob")).Open(5).Should().Be("", "it is another user");
        new EventRules(Guessed).Take(Failures(0, 3, "")).Take(Success(5, "")).Open(5)
            .Should().Be("", "nobody knows whether it is the same");
    }

    [Fact]
    public void Events_count_by_their_own_time_in_whatever_order_they_come()
    {
        EventRules rules = new EventRules(Guessed).Take(Success(100), Failure(50), Failure(70));
        rules.Open(101).Should().Be("");
        rules.Take(Failure(120)).Open(121).Should().Be("", "it was after the success");
        rules.Take(Failure(60)).Open(122).Should().Be("alice firing 1");
    }

    [Fact]
    public void Events_of_one_moment_follow_each_other_as_they_came_in()
    {
        new EventRules(Guessed).Take(Failure(1), Failure(1), Failure(1), Success(1)).Open(2).Should().Be("alice firing 1");
        new EventRules(Guessed).Take(Failure(1), Failure(1), Success(1), Failure(1)).Open(2).Should().Be("");
    }

    [Fact]
    public void The_value_is_how_many_events_complete_it_and_the_newest_events_of_each_step_are_there()
    {
        EventRules rules = new EventRules(Guessed).Take(Failures(0, 20)).Take(Success(30), Success(31));
        rules.Open(31).Should().Be("alice firing 2");
        AlertInstance alert = rules.Rule.Alerts[0];
        alert.Events.Select(e => e.Time).Should().Equal(new[] { 31, 30, 19, 18, 17, 16, 15 }.Select(s => EventRules.Nanoseconds(s)));
        rules.Rule.Rule.Condition.Describe(alert).Should()
            .StartWith("2 events complete the sequence of 2 steps within 10m; the newest: 22:13:51 UTC identity.authenticate");
    }

    [Fact]
    public void An_event_that_comes_while_an_earlier_moment_is_judged_is_judged_at_the_next()
    {
        EventRules rules = new EventRules(Guessed).Take(Failures(0, 3)).Take(Success(5));
        rules.Open(4.999).Should().Be("");
        rules.Open(5).Should().Be("alice firing 1");
    }

    [Fact]
    public void In_any_order_all_steps_must_be_there()
    {
        Open(59, EventRules.Of("two", 0), EventRules.Of("one", 1)).Should().Be("");
        Open(59, EventRules.Of("two", 0), EventRules.Of("one", 1), EventRules.Of("one", 59)).Should().Be("a firing 1");
        Open(60, EventRules.Of("one", 0), EventRules.Of("one", 1), EventRules.Of("two", 60)).Should().Be("");
        Open(60, EventRules.Of("one", 0), EventRules.Of("one", 1), EventRules.Of("two", 59, "b")).Should().Be("");

        static string Open(int second, params Event[] events) => new EventRules(AnyOrder).Take(events).Open(second);
    }

    [Fact]
    public void An_event_that_fits_two_steps_is_one_event_of_the_sequence()
    {
        const string twice = "sequence: [{ events: { kind: one } }, { events: { kind: '=~one|two' } }]\nwindow: 1m\ngroup_by: [host]";
        new EventRules(twice).Take(EventRules.Of("one", 0)).Open(1).Should().Be("");
        new EventRules(twice).Take(EventRules.Of("one", 0), EventRules.Of("one", 1)).Open(1).Should().Be("a firing 1");
    }

    [Fact]
    public void A_step_may_name_the_field_of_the_group_otherwise()
    {
        EventRules rules = new("""
            sequence:
              - { events: { kind: ids.alert } }
              - { events: { kind: http.request }, by: { source.ip: client.ip } }
            window: 1m
            group_by: [source.ip]
            """);
        rules.Take(EventRules.Of("ids.alert", 0, "a", ("source.ip", "192.0.2.1")))
            .Take(EventRules.Of("ids.alert", 0, "a", ("source.ip", "192.0.2.2")))
            .Take(EventRules.Of("http.request", 1, "b", ("client.ip", "192.0.2.2"), ("source.ip", "192.0.2.1")));
        rules.Open(2).Should().Be("192.0.2.2 firing 1");
    }

    [Fact]
    public void Any_order_of_arrival_gives_what_looking_for_it_plainly_gives()
    {
        var random = new Random(7);
        for (int trial = 0; trial < 60; trial++)
        {
            bool isOrdered = trial % 2 == 0;
            EventRules rules = new($$"""
                sequence: [{ events: { kind: '=~a|x' }, count: 2 }, { events: { kind: b } }, { events: { kind: '=~c|x' }, count: 2 }]
                window: 20s
                ordered: {{(isOrdered ? "true" : "false")}}
                group_by: [host]
                """);
            Event[] events =
            [
                .. Enumerable.Range(0, 60).Select(i =>
                    EventRules.Of("abcxz"[random.Next(5)].ToString(), random.Next(0, 60)) with { Id = i + 1 }),
            ];
            Event[] shuffled = [.. events];
            random.Shuffle(shuffled);
            // Twice the window is remembered: nothing of it may be late.
            rules.Open(39).Should().Be("");
            rules.Take([.. shuffled.Where(e => Second(e) <= 39)]).Take(shuffled[..20].Where(e => Second(e) <= 39).ToArray());
            rules.Open(39).Should().Be(Plainly(events, 39, isOrdered));
            rules.Take([.. shuffled.Where(e => Second(e) > 39)]);
            for (int now = 59; now < 85; now += 5)
                rules.Open(now).Should().Be(Plainly(events, now, isOrdered), $"trial {trial}, second {now}");
        }

        static double Second(Event one) => (one.Time - EventRules.Nanoseconds(0)) / 1e9;

        static string Plainly(Event[] events, int now, bool isOrdered)
        {
            Event[] sorted = [.. events.Where(e => Second(e) <= now).OrderBy(e => e.Time).ThenBy(e => e.Id)];
            int complete = sorted.Index().Count(e => Second(e.Item) > now - 20 && (isOrdered
                ? "cx".Contains(e.Item.Kind, StringComparison.Ordinal) && Follow(sorted, e.Index, Second(e.Item) - 20)
                : AreThere([.. sorted[..(e.Index + 1)].Where(o => Second(o) > Second(e.Item) - 20)]) && e.Item.Kind != "z"));
            return complete == 0 ? "" : $"a firing {complete}";
        }

        static bool AreThere(Event[] within) => within.Count(e => e.Kind is "a" or "x") >= 2 && within.Any(e => e.Kind == "b")
            && within.Count(e => e.Kind is "c" or "x") >= 2;

        // Backwards from the event that completes it, each step as late as may be.
        static bool Follow(Event[] sorted, int last, double after)
        {
            string[] wanted = ["ax", "ax", "b", "cx", "cx"];
            int left = 4;
            for (int i = last; i >= 0 && left >= 0 && Second(sorted[i]) > after; i--)
            {
                if (wanted[left].Contains(sorted[i].Kind, StringComparison.Ordinal))
                    left--;
            }
            return left < 0;
        }
    }

    [Fact]
    public void A_flood_neither_hides_a_sequence_nor_ends_its_alert()
    {
        EventRules rules = new EventRules(Guessed).Take(Failures(0, 3)).Take(Success(4));
        rules.Take([.. Enumerable.Range(0, 30_000).Select(i => Failure(5 + (i / 1000.0)))]);
        rules.Open(36).Should().Be("alice firing 1");
        rules.Take([.. Enumerable.Range(0, 30_000).Select(i => Success(36 + (i / 1000.0), "bob"))]);
        rules.Take(Failures(36, 3, "carol")).Take([.. Enumerable.Range(0, 30_000).Select(i => Failure(40 + (i / 1000.0), "carol"))])
            .Take(Success(71, "carol")).Open(72).Should().Be("alice firing 1; carol firing 1");
    }

    [Fact]
    public void A_flood_of_names_does_not_hide_a_sequence_of_somebody_else()
    {
        EventRules rules = new($"{Guessed}\nmax_groups: 100");
        rules.Take(Failures(0, 3, "bob"));
        for (int i = 0; i < 20_000; i++)
        {
            rules.Take(Failure(10 + (i / 1000.0), $"name-{i / 2}"));
            // Twenty times as many as the places of the estimate: of the two hundred up to twenty may be missed.
            if (i % 100 == 0)
                rules.Take(Failure(10 + (i / 1000.0), "carol"));
        }
        rules.Take(Success(31, "carol"), Success(31, "bob"), Success(31, "name-9999"));
        rules.Open(32).Should().Be("bob firing 1; carol firing 1");
        rules.Memory.Groups.Should().Be(100);
        rules.Take([.. Enumerable.Range(0, 2000).Select(i => Failure(32 + (i / 1000.0), $"many-{i % 200}"))]);
        rules.Open(35).Should().Be("bob firing 1; carol firing 1", "what is open keeps its place");
        rules.Open(3000);
        (rules.Memory.Groups, rules.Rule.Error).Should().Be((0, null));
    }

    [Fact]
    public void With_too_many_groups_further_ones_are_left_out_and_it_says_so()
    {
        EventRules rules = new($"{Guessed}\nmax_groups: 2");
        rules.Take([.. Failures(0, 3), .. Failures(0, 3, "bob"), .. Failures(0, 2, "carol")]);
        rules.Take(Success(5), Success(5, "carol")).Open(5).Should().Be("alice firing 1");
        rules.Rule.Error.Should().Contain("more than 2 groups").And.Contain("left out");
        rules.Memory.Status.Should().Be("2 groups in the window; 3 events of further groups left out");
        rules.Open(1300);
        rules.Rule.Error.Should().BeNull();
    }

    [Fact]
    public void A_restart_in_the_middle_goes_on_where_it_was()
    {
        var log = new EventRules.EventLog();
        log.Events.AddRange(Failures(0, 3).Select((e, i) => e with { Id = i + 1 }));
        var rules = new EventRules(Guessed, isKnown: false) { ListeningSince = RuleHarness.At(300) };
        rules.Restore(log, 300).Should().Be(3);
        rules.Take(Success(310) with { Id = 9 }).Open(311).Should().Be("alice firing 1");
        var again = new EventRules(Guessed, isKnown: false) { ListeningSince = RuleHarness.At(1000) };
        log.Events.Add(Success(310) with { Id = 9 });
        again.Rule.Restore(rules.Rule.Alerts);
        again.Restore(log, 900).Should().Be(4, "twice the window is read");
        again.Open(901).Should().Be("alice firing 1");
        again.Open(911).Should().Be("alice firing 1", "while it was down something may have happened");
        again.Open(2000).Should().Be("");
    }

    [Fact]
    public void A_reload_goes_on_where_it_was_unless_the_steps_are_others()
    {
        EventRules before = new EventRules(Guessed).Take(Failures(0, 3));
        var after = new EventRules($"{Guessed}\nfor: 1s\nexpr: vector(1)", isKnown: false);
        after.Rule.TakeOverFrom(before.Rule);
        after.Memory.IsKnown.Should().BeTrue();
        after.Take(Success(5)).Open(5).Should().Be("alice pending 1");
        foreach ((string was, string isNow) in new[] { ("count: 3", "count: 2"), ("10m", "9m"), ("failure", "unknown"), ("[user.name]", "[host]") })
        {
            var other = new EventRules(Guessed.Replace(was, isNow, StringComparison.Ordinal), isKnown: false);
            other.Rule.TakeOverFrom(before.Rule);
            other.Memory.IsKnown.Should().BeFalse($"{was} is {isNow} now");
        }
    }

    [Fact]
    public void What_is_excused_is_no_part_of_a_sequence()
    {
        EventRules rules = new($"{Guessed}\nunless: {{ events: {{ kind: host.reboot }}, by: [host], within: 1m, after: 10s }}");
        rules.Take(Failures(0, 3)).Take(Success(4)).Open(13).Should().Be("", "a reboot may come yet");
        rules.Open(14).Should().Be("alice firing 1");
        rules.Take(EventRules.Of("host.reboot", 1, "keystone-1")).Open(15).Should().Be("");
    }
}
