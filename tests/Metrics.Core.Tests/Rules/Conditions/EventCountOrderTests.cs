using Metrics.Model;
using Metrics.Rules;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>The order and the number in which events arrive are chosen by others.</summary>
public sealed class EventCountOrderTests
{
    private const string Of = "events: { kind: identity.authenticate }\nwindow: 5m\ngroup_by: [source.ip]\n";
    private const string Distinct = $"{Of}distinct: {{ field: user.name, above: 0 }}";
    private const string Count = $"{Of}count: {{ above: 0 }}";

    [Theory]
    [InlineData(Count)]
    [InlineData(Distinct)]
    public void Any_order_of_arrival_gives_what_plain_counting_gives(string body)
    {
        var random = new Random(11);
        Event[] events =
        [
            .. Enumerable.Range(1, 3000)
                .Select(id => EventRules.Failure(random.Next(0, 900_000) / 1000.0, $"s{random.Next(5)}", $"u{random.Next(40)}", id)),
        ];
        for (int order = 0; order < 3; order++)
        {
            var rules = new EventRules(body);
            Event[] shuffled = [.. events];
            random.Shuffle(shuffled);
            // What comes within a minute of its time, in any order; each is sent twice.
            double now = 0;
            foreach (IGrouping<int, Event> minute in shuffled.GroupBy(e => (int)(SecondOf(e) / 60)).OrderBy(g => g.Key))
            {
                rules.Take([.. minute]).Take([.. minute.Take(10)]);
                now = (minute.Key + 1) * 60;
                rules.Open(now).Should().Be(Plainly(events, now, body == Distinct));
            }
        }

        static double SecondOf(Event one) => (one.Time - EventRules.Nanoseconds(0)) / 1e9;

        static string Plainly(Event[] events, double now, bool distinct) => string.Join("; ", events
            .Where(e => SecondOf(e) < now && SecondOf(e) > now - 300).GroupBy(e => e["source.ip"])
            .Select(g => $"{g.Key} firing {(distinct ? g.DistinctBy(e => e["user.name"]) : g).Count()}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_late_within_the_window_counts_and_what_has_left_it_is_counted_as_late()
    {
        EventRules rules = new(Count);
        rules.Open(600).Should().Be("");
        rules.Take(EventRules.Failure(301, "a"), EventRules.Failure(300, "a"), EventRules.Failure(10, "a"));
        rules.Open(600.5).Should().Be("a firing 1");
        rules.Memory.Late.Should().Be(2);
        rules.Memory.Status.Should().Be("1 group in the window; 2 events came too late");
    }

    [Fact]
    public void Events_may_come_in_while_the_rule_is_evaluated()
    {
        EventRules rules = new(Count);
        Task arriving = Task.Run(() =>
        {
            for (int i = 0; i < 20_000; i++)
                rules.Take(EventRules.Failure(i / 200.0, $"s{i % 100}"));
        });
        while (!arriving.IsCompleted)
            rules.Evaluate(100);
        arriving.IsCompletedSuccessfully.Should().BeTrue();
        rules.Evaluate(100);
        rules.Rule.Alerts.Should().HaveCount(100).And.OnlyContain(a => a.Value == 200);
    }

    [Fact]
    public void An_event_from_the_future_counts_from_when_it_was_seen()
    {
        EventRules rules = new(Count);
        rules.Take(EventRules.Failure(10, "a") with { Time = EventRules.Nanoseconds(90_000) }).Open(10).Should().Be("a firing 1");
        rules.Open(310).Should().Be("");
    }

    [Fact]
    public void A_flood_of_addresses_does_not_hide_one_that_tries_many_users()
    {
        EventRules rules = new($"{Distinct.Replace("above: 0", "above: 20", StringComparison.Ordinal)}\nmax_groups: 100");
        for (int i = 0; i < 50_000; i++)
        {
            rules.Take(EventRules.Failure(1 + (i / 1000.0), $"10.0.{i / 256}.{i % 256}"));
            if (i % 200 == 100)
                rules.Take(EventRules.Failure(1 + (i / 1000.0), "192.0.2.1", $"user-{i}"));
        }
        rules.Evaluate(52);
        AlertInstance alert = rules.Rule.Alerts.Should().ContainSingle().Subject;
        alert.Series["source_ip"].Should().Be("192.0.2.1");
        alert.Value.Should().BeInRange(250 - (50_000 / 1000), 250, "what came before it had a place is not known any more");
        rules.Rule.Error.Should().Be(
            "more than 100 groups are in the window; the events of all further ones are counted together as 'other', "
            + "unless they have more events than the least of the others, whose place they take then");
    }

    [Fact]
    public void A_flood_of_addresses_stays_within_its_bound_and_is_counted_together()
    {
        EventRules rules = new($"{Count.Replace("above: 0", "above: 3", StringComparison.Ordinal)}\nmax_groups: 100");
        for (int i = 0; i < 50_000; i++)
            rules.Take(EventRules.Failure(1, $"10.0.{i / 256}.{i % 256}"));
        rules.Take([.. Enumerable.Range(0, 5).Select(i => EventRules.Failure(2, "10.0.0.7"))]);
        rules.Open(3).Should().Be("10.0.0.7 firing 6; other firing 49900", "whoever was there before the flood is still seen alone");
        rules.Memory.Groups.Should().Be(100);
        rules.Rule.Error.Should().Be(
            "more than 100 groups are in the window; the events of all further ones are counted together as 'other', "
            + "and those of the heaviest of them also alone, by estimate");
        rules.Open(400).Should().Be("");
        (rules.Rule.Error, rules.Memory.Groups).Should().Be((null, 0));
    }

    [Fact]
    public void A_flood_from_one_source_is_counted_to_the_last_event()
    {
        EventRules rules = new(Count);
        for (int i = 0; i < 200; i++)
            rules.Take([.. Enumerable.Range(0, 1000).Select(n => EventRules.Failure(n * 0.25, "a"))]);
        rules.Open(250).Should().Be("a firing 200000");
        rules.Open(425).Should().MatchRegex("^a firing (9[89]|100)[0-9]{3}$", "half of them have left, up to a step of the window");
        rules.Open(551).Should().Be("");
    }

    [Fact]
    public void Of_more_values_than_are_kept_the_count_is_the_bound()
    {
        EventRules rules = new(Distinct);
        rules.Take([.. Enumerable.Range(0, 6000).Select(i => EventRules.Failure(i / 100.0, "a", $"u{i}"))]);
        rules.Open(60).Should().Be("a firing 4096");
        AlertInstance alert = rules.Rule.Alerts[0];
        rules.Rule.Rule.Condition.Describe(alert).Should().StartWith("at least 4096 different user.name in 5m, which is > 0");
        rules.Open(359).Should().Be("a firing 99", "the newest are those that are kept");
    }
}
