using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Rules;
using Metrics.Series;

namespace Metrics.Tests.Alerting;

/// <summary>Rules over events in a replay.</summary>
public sealed class ReplayEventsTests
{
    private const long Start = 1_700_000_000_000;

    private static readonly IReadOnlyList<RuleGroup> s_rules = RuleFile.Read("""
        groups:
          - name: identity
            interval: 1m
            rules:
              - alert: BruteForce
                events: { kind: identity.authenticate }
                window: 10s
                group_by: [source.ip]
                count: { above: 2 }
        """, "rules.yaml", []);

    [Fact]
    public void Events_fire_when_they_came_in_also_between_two_intervals()
    {
        using EventFeed events = EventFeed.Of([Failure(-5), Failure(1), Failure(2), Failure(3), Failure(400)]);
        ReplayedRule replayed = Run(events).Rules.Should().ContainSingle().Subject;
        replayed.Error.Should().BeNull();
        replayed.Fired.Should().Be(1);
        long look = new GroupRunner(s_rules[0], TimeProvider.System).BeatAfter(Start + 12_000);
        replayed.Firing.Should().Be(
            TimeSpan.FromMilliseconds(look - Start - 2000), "the third event within ten seconds came at 2 s, the next look is at the beat");
    }

    [Fact]
    public void A_replay_without_events_says_so_instead_of_nothing() =>
        Run(null).Rules.Should().ContainSingle().Which.Error.Should().Be("there are no events to replay");

    [Fact]
    public void What_was_excused_or_followed_something_then_is_so_in_a_replay()
    {
        IReadOnlyList<RuleGroup> rules = RuleFile.Read("""
            groups:
              - name: correlation
                rules:
                  - alert: Stopped
                    events: { kind: service.stop }
                    window: 10m
                    group_by: [source.ip]
                    count: { above: 0 }
                    unless: { events: { kind: host.package }, by: [source.ip], within: 5m }
                  - alert: Guessed
                    sequence: [ { events: { kind: identity.authenticate }, count: 2 }, { events: { kind: host.sudo } } ]
                    window: 1m
                    group_by: [source.ip]
            """, "rules.yaml", []);
        using EventFeed events = EventFeed.Of(
        [
            Of("host.package", -200), Failure(1), Of("service.stop", 2), Failure(3), Of("host.sudo", 4), Of("service.stop", 101),
        ]);
        ReplayedRule[] replayed = [.. Run(events, rules).Rules];
        replayed.Select(r => (r.Name, r.Fired, r.Error)).Should().Equal(("Stopped", 1, null), ("Guessed", 1, null));
        replayed[1].Firing.Should().BeGreaterThan(TimeSpan.FromSeconds(59)).And.BeLessThan(TimeSpan.FromSeconds(76));
    }

    private static ReplayResult Run(EventFeed? events, IReadOnlyList<RuleGroup>? rules = null)
    {
        using var head = new Head(HeadOptions.Default);
        var replay = new Replay(rules ?? s_rules, MetricsOptions.Parse("").Notifications, head, TimeProvider.System);
        return replay.Run(Start, Start + 600_000, NoRuleEnvironment.Instance, _ => { }, events);
    }

    private static Event Failure(int second) => Of("identity.authenticate", second);

    private static Event Of(string kind, int second) => new()
    {
        Time = (Start + (second * 1000L)) * 1_000_000, ObservedTime = (Start + (second * 1000L)) * 1_000_000,
        Kind = kind, SeverityNumber = 0, Body = "", Fields = [new("source.ip", "192.0.2.1")],
    };
}
