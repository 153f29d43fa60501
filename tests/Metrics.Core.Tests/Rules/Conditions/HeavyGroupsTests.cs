using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>Outsiders choose a million names, to hide one among them.</summary>
[Collection(nameof(Alone))]
public sealed class HeavyGroupsTests
{
    private const string Rule = """
        events: { kind: identity.authenticate }
        window: 5m
        group_by: [source.ip]
        count: { above: 1000 }
        """;

    [Fact]
    public void A_million_chosen_names_hide_none_that_is_heavy_and_take_bounded_memory()
    {
        var rules = new EventRules(Rule);
        var random = new Random(3);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        // The names are all there before the heavy ones come, and go on between their events.
        var truth = new Dictionary<string, int>();
        for (int block = 0; block < 1000; block++)
        {
            using var batch = new EventBatch("flood", 1100);
            for (int i = 0; i < 1000; i++)
                batch.Add(EventRules.Failure(block / 4.0, $"2001:db8::{block:x}:{i:x}"));
            for (int heavy = 0; block >= 200 && heavy < 5; heavy++)
            {
                int times = random.Next(2 * heavy + 1);
                truth[$"192.0.2.{heavy}"] = truth.GetValueOrDefault($"192.0.2.{heavy}") + times;
                for (int i = 0; i < times; i++)
                    batch.Add(EventRules.Failure(block / 4.0, $"192.0.2.{heavy}"));
            }
            rules.Rule.Take(batch);
        }
        rules.Evaluate(250);
        (GC.GetTotalMemory(forceFullCollection: true) - before).Should().BeLessThan(40_000_000);
        rules.Memory.Groups.Should().BeLessThan(10_000 + HeavyGroups.MaxHeavy);
        int error = 1_010_000 / 5000;
        Dictionary<string, AlertInstance> told = rules.Rule.Alerts.ToDictionary(a => a.Series["source_ip"]);
        told.Keys.Should().Contain("other");
        told.Keys.Where(k => k != "other").Should().BeSubsetOf(truth.Where(t => t.Value > 1000).Select(t => t.Key), "nobody else is told");
        told.Keys.Should().Contain(truth.Where(t => t.Value > 1000 + error).Select(t => t.Key)).And.HaveCountGreaterThan(3);
        foreach ((string name, AlertInstance alert) in told.Where(t => t.Key != "other"))
        {
            alert.Value.Should().BeInRange(truth[name] - error, truth[name]);
            alert.Annotations["estimate"].Should().StartWith($"at least {alert.Value} and at most ");
            rules.Rule.Rule.Condition.Describe(alert).Should().StartWith($"at least {alert.Value} events in 5m, which is > 1000");
        }
        rules.Rule.Error.Should().Contain("by estimate");
    }

    [Fact]
    public void Once_its_alert_is_open_a_heavy_one_is_counted_alone_with_its_events_and_resolves_when_it_is_quiet()
    {
        var rules = new EventRules(Rule.Replace("1000", "20", StringComparison.Ordinal) + "\nmax_groups: 10");
        for (int i = 0; i < 200; i++)
            rules.Take(EventRules.Failure(0, $"10.0.0.{i}"));
        rules.Take([.. Enumerable.Range(0, 30).Select(i => EventRules.Failure(1, "192.0.2.9"))]);
        rules.Open(2).Should().Be("192.0.2.9 firing 30; other firing 220");
        rules.Evaluate(3);
        rules.Take([.. Enumerable.Range(0, 10).Select(i => EventRules.Failure(4, "192.0.2.9"))]);
        rules.Open(5).Should().Be("192.0.2.9 firing 40; other firing 220");
        rules.Rule.Alerts.Single(a => a.Series["source_ip"] != "other").Events.Should().HaveCount(5);
        rules.Open(301).Should().Be("192.0.2.9 firing 40", "a tenth of the window more may pass before an estimate goes");
        rules.Open(331).Should().Be("");
        rules.Open(700);
        (rules.Memory.Groups, rules.Rule.Error).Should().Be((0, null));
    }

    [Fact]
    public void A_record_that_stands_for_several_makes_its_group_as_heavy_as_several_do()
    {
        var rules = new EventRules(Rule.Replace("1000", "20", StringComparison.Ordinal) + "\nmax_groups: 10");
        for (int i = 0; i < 200; i++)
            rules.Take(EventRules.Failure(0, $"10.0.0.{i}"));
        Event repeated = EventRules.Failure(1, "192.0.2.9");
        rules.Take(repeated with { Fields = [.. repeated.Fields, new("event.count", "30")] });
        rules.Open(2).Should().Be("192.0.2.9 firing 30; other firing 220");
    }

    [Fact]
    public void Values_of_several_fields_and_long_ones_are_told_by_their_own_labels()
    {
        var rules = new EventRules("""
            events: { kind: k }
            window: 5m
            group_by: [source.ip, user.name]
            count: { above: 2 }
            max_groups: 1
            """);
        string name = new('x', 5000);
        rules.Take(EventRules.Of("k", 0));
        rules.Take([.. Enumerable.Range(0, 3).Select(_ => EventRules.Of("k", 1, "a", ("source.ip", "1:2"), ("user.name", "3:4")))]);
        rules.Take([.. Enumerable.Range(0, 3).Select(_ => EventRules.Of("k", 1, "a", ("source.ip", "5"), ("user.name", name)))]);
        rules.Evaluate(2);
        rules.Rule.Alerts.Select(a => a.Series["user_name"]).Should()
            .Contain("3:4").And.Contain("other").And.Contain(n => n.StartsWith("xxxxx", StringComparison.Ordinal) && n.Length < 100);
        rules.Take(EventRules.Of("k", 3, "a", ("source.ip", "5"), ("user.name", name))).Evaluate(4);
        rules.Rule.Alerts.Single(a => a.Series["source_ip"] == "5").Value.Should().Be(4, "it is still the same group");
    }

    [Fact]
    public void Counts_are_within_their_error_whatever_comes()
    {
        var random = new Random(5);
        for (int trial = 0; trial < 20; trial++)
        {
            var counts = new SpaceSaving(50);
            var truth = new Dictionary<string, long>();
            for (int i = 0; i < 5000; i++)
            {
                string key = $"{(int)Math.Pow(1000, random.NextDouble())}";
                counts.Add(key);
                truth[key] = truth.GetValueOrDefault(key) + 1;
            }
            counts.Missed.Should().BeLessThanOrEqualTo(5000 / 50);
            foreach ((string key, long count) in truth)
            {
                (long least, long most) = counts.CountOf(key);
                count.Should().BeInRange(least, most);
                (most - least).Should().BeLessThanOrEqualTo(counts.Missed);
            }
        }
    }
}
