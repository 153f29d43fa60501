using Metrics.Model;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using Metrics.Text;

namespace Metrics.Tests.Rules.Conditions;

/// <summary>Events counted in a window that slides.</summary>
public sealed class EventCountTests
{
    private const string Of = "events: { kind: identity.authenticate }\ngroup_by: [source_ip]\n";

    private const string Outlasting = """
        events: { kind: identity.authenticate }
        window: 10s
        group_by: [source.ip]
        distinct: { field: user.name, above: 0 }
        keep_firing_for: 30s
        max_groups: 2
        """;

    private static Event[] Failures(int from, int count, string source = "192.0.2.1") =>
        [.. Enumerable.Range(from, count).Select(s => EventRules.Failure(s, source))];

    [Fact]
    public void Alerts_that_outlast_the_window_are_bounded_too_and_those_beyond_wait_for_room()
    {
        EventRules rules = new(Outlasting);
        rules.Take(EventRules.Failure(0, "a")).Open(1).Should().Be("a firing 1");
        rules.Take(EventRules.Failure(12, "b")).Open(13);
        rules.Take(EventRules.Failure(24, "c")).Open(25).Should().Be("a firing 0; b firing 0; c firing 1", "one is that of all others");
        rules.Rule.Error.Should().BeNull();
        rules.Evaluate(35);
        rules.Take(EventRules.Failure(36, "d"), EventRules.Failure(36, "e"), EventRules.Failure(36, "e", "bob"));
        rules.Open(37).Should().NotContainAny("d ", "e ");
        rules.Rule.Error.Should().Be("3 alerts are open, as many as may be (max_groups): 2 more wait");
        rules.Open(38);
        rules.Rule.Error.Should().EndWith("2 more wait", "they do so though nothing is new of them");
        rules.Open(43).Should().Be("b firing 0; c firing 0");
        rules.Open(44).Should().Be("b firing 0; c firing 0; e firing 2", "the greater one goes first");
        rules.Memory.Status.Should().EndWith("; 2 alerts had to wait for room");
        EventRules after = new(Outlasting, isKnown: false);
        after.Rule.TakeOverFrom(rules.Rule);
        after.Rule.Restore(rules.Rule.Alerts);
        after.Open(44.5).Should().Be("b firing 0; c firing 0; e firing 2");
        after.Memory.Status.Should().EndWith("; 2 alerts had to wait for room", "the one that waits yet is counted once");
    }

    [Fact]
    public void Where_few_are_too_few_those_with_the_fewest_have_room_first()
    {
        const string distinct = "distinct: { field: user.name, above: 0 }";
        EventRules rules = new(Outlasting.Replace(distinct, "count: { below: 3 }", StringComparison.Ordinal));
        rules.Take(EventRules.Failure(0, "a")).Evaluate(1);
        rules.Take(EventRules.Failure(12, "b")).Evaluate(13);
        rules.Take(EventRules.Failure(24, "c")).Open(25).Should().Be("a firing 0; b firing 0; c firing 1");
        rules.Evaluate(35);
        rules.Take(EventRules.Failure(36, "d"), EventRules.Failure(36, "d"), EventRules.Failure(36, "e")).Evaluate(37);
        rules.Rule.Error.Should().Be("3 alerts are open, as many as may be (max_groups): 2 more wait");
        rules.Evaluate(43);
        rules.Open(44).Should().Be("b firing 0; c firing 0; e firing 1", "one is further from three than two is");
    }

    [Fact]
    public void It_fires_above_its_bound_for_each_group_alone_and_resolves_when_the_window_slides_on()
    {
        EventRules rules = new EventRules().Take(Failures(0, 4)).Take(Failures(0, 3, "192.0.2.2"));
        rules.Open(4).Should().Be("192.0.2.1 firing 4");
        rules.Rule.Alerts[0].Labels.ToString().Should().Be("{alertname=\"Test\", source_ip=\"192.0.2.1\"}");
        rules.Open(299.999).Should().Be("192.0.2.1 firing 4", "the window reaches back to just after second 0");
        rules.Evaluate(300).Should().ContainSingle().Which.Alert.State.Should().Be(new AlertState.Inactive(EndReason.Resolved));
        rules.Memory.Groups.Should().Be(2, "the rest of the events must leave the window yet");
        rules.Evaluate(304).Should().BeEmpty();
        rules.Memory.Groups.Should().Be(0);
    }

    [Fact]
    public void An_empty_window_is_health_and_never_without_data()
    {
        EventRules rules = new EventRules().Take(Failures(0, 9));
        rules.Open(9).Should().Be("192.0.2.1 firing 9");
        rules.Evaluate(5000).Should().ContainSingle().Which.Alert.State.Should().Be(new AlertState.Inactive(EndReason.Resolved));
    }

    [Fact]
    public void An_open_alert_clears_only_at_its_lower_bound()
    {
        EventRules rules = new($"{Of}window: 10s\ncount: {{ above: 5, clear: 2 }}");
        rules.Take(Failures(0, 6)).Open(5).Should().Be("192.0.2.1 firing 6");
        rules.Open(12).Should().Be("192.0.2.1 firing 3", "three are more than two");
        rules.Open(13).Should().Be("192.0.2.1 firing 2", "at the bound it is not below it");
        rules.Open(14).Should().Be("");
        rules.Take(Failures(14, 3)).Open(17).Should().Be("", "what is not open opens above five");
    }

    [Fact]
    public void For_and_keep_firing_for_work_as_for_other_rules()
    {
        EventRules rules = new("""
            events: { kind: identity.authenticate }
            window: 10s
            group_by: [source.ip]
            count: { above: 1 }
            for: 5s
            keep_firing_for: 20s
            """);
        rules.Take(Failures(0, 9)).Open(8).Should().Be("192.0.2.1 pending 9");
        rules.Open(13).Should().Be("192.0.2.1 firing 5");
        rules.Open(30).Should().Be("192.0.2.1 firing 0");
        rules.Open(50).Should().Be("");
    }

    [Fact]
    public void Different_values_of_a_field_are_counted_by_the_newest_event_that_has_them()
    {
        EventRules rules = new("""
            events: { kind: identity.authenticate }
            window: 10m
            group_by: [source.ip]
            distinct: { field: user.name, above: 2 }
            """);
        rules.Take(EventRules.Failure(0, "a", "one"), EventRules.Failure(1, "a", "two"), EventRules.Failure(2, "a", "two"));
        rules.Open(3).Should().Be("");
        rules.Take(EventRules.Failure(4, "a", "three")).Open(4).Should().Be("a firing 3");
        rules.Take(EventRules.Failure(5, "a", "one")).Open(603).Should().Be("", "'two' was seen last at second 2");
        rules.Take(EventRules.Failure(602, "a", "four"), EventRules.Failure(602, "a", "five")).Open(603).Should().Be("a firing 4");
    }

    [Theory]
    [InlineData("distinct: { field: user.name, below: 4096 }", null)]
    [InlineData("distinct: { field: user.name, below: 4097 }", "distinct has a bound, < 4097, that is always so: at most 4096 different")]
    [InlineData("distinct: { field: user.name, above: 4095 }", null)]
    [InlineData("distinct: { field: user.name, above: 4096 }", "distinct has a bound, > 4096, that is never so: at most 4096 different")]
    [InlineData("distinct: { field: user.name, outside: [3, 9000] }", null)]
    [InlineData("distinct: { field: user.name, outside: [0, 9000] }", "distinct has a bound, outside 0 … 9000, that is never so")]
    [InlineData("distinct: { field: user.name, not_equals: 5000 }", "distinct has a bound, != 5000, that is always so")]
    [InlineData("count: { below: 2 }", null)]
    [InlineData("count: { below: 1 }", "count has a bound, < 1, that is never so: a group is there while it has events")]
    [InlineData("count: { above: -1 }", "count has a bound, > -1, that is always so: no count is less than 0")]
    [InlineData("count: { above: 0 }", null)]
    [InlineData("count: { below: 0 }", "count has a bound, < 0, that is never so: no count is less than 0")]
    [InlineData("count: { below: 1.5 }", null)]
    [InlineData("count: { equals: -1 }", "count has a bound, == -1, that is never so: no count is less than 0")]
    [InlineData("count: { not_equals: -1 }", "count has a bound, != -1, that is always so: no count is less than 0")]
    [InlineData("count: { outside: [-3, -1] }", "that is always so: no count is less than 0")]
    [InlineData("count: { equals: 2.5 }", "count has a bound, == 2.5, that is never so: a count is a whole number")]
    [InlineData("count: { not_equals: 2.5 }", "count has a bound, != 2.5, that is always so: a count is a whole number")]
    [InlineData("count: { equals: 0 }", "count has a bound, == 0, that is never so: a group is there while it has events")]
    public void A_bound_that_says_nothing_is_refused(string bound, string? error)
    {
        string rule = $"{{ alert: A, events: {{ kind: log }}, window: 5m, group_by: [host], {bound} }}";
        var problems = new List<Problem>();
        RuleFile.Read($"groups: [ {{ name: g, rules: [ {rule} ] }} ]", "a.yaml", problems);
        if (error is null)
            problems.Should().BeEmpty();
        else
            problems.Should().ContainSingle().Which.Message.Should().Contain(error);
        problems.Clear();
        RuleFile.Read($"groups: [ {{ name: g, rules: [ {rule.Replace("group_by: [host], ", "")} ] }} ]", "a.yaml", problems);
        problems.Should().HaveCount(error?.Contains("a group is there") == false ? 1 : 0, "all together are also counted where there are none");
    }

    [Fact]
    public void Several_severities_have_each_their_bound()
    {
        EventRules rules = new("""
            events: { kind: identity.authenticate }
            window: 5m
            group_by: [source.ip]
            warning: { above: 2 }
            critical: { above: 5, for: 1m }
            """);
        rules.Take(Failures(0, 4)).Open(4).Should().Be("192.0.2.1 warning firing 4");
        rules.Take(Failures(5, 4)).Open(9).Should().Be("192.0.2.1 critical pending 8; 192.0.2.1 warning firing 8");
    }

    [Fact]
    public void Templates_see_the_group_the_count_and_the_newest_events()
    {
        EventRules rules = new("""
            events: { kind: identity.authenticate }
            window: 5m
            group_by: [host.name, source.ip]
            count: { above: "{{ if labels.host == 'keystone-1' }}1{{ else }}9{{ end }}" }
            annotations:
              summary: "{{ value }} in {{ window }} on {{ labels.host }}, allowed {{ threshold }}"
              who: "{{ for e in events }}{{ e.fields.user_name }}/{{ e.fields['source.ip'] }} {{ e.body }};{{ end }}"
              when: "{{ events[0].time | date.to_string '%H:%M:%S' }}"
            """);
        rules.Take(EventRules.Failure(0, "a", "bob"), EventRules.Failure(1, "a", "eve")).Evaluate(1);
        AlertInstance alert = rules.Rule.Alerts.Should().ContainSingle().Subject;
        alert.Annotations["summary"].Should().Be("2 in 5m on keystone-1, allowed 1");
        alert.Annotations["who"].Should().Be("eve/a Failed password for eve;bob/a Failed password for bob;");
        alert.Annotations["when"].Should().Be("22:13:21");
        alert.Series.ToString().Should().Be("{host=\"keystone-1\", source_ip=\"a\"}");
        rules.Rule.Rule.Condition.Describe(alert).Should().Be(
            "2 events in 5m, which is > 1; the newest: 22:13:21 UTC identity.authenticate \"Failed password for eve\" (event 2)");
    }

    [Theory]
    [InlineData("event.outcome: failure", true)]
    [InlineData("event.outcome: success", false)]
    [InlineData("event_outcome: [success, failure]", true)]
    [InlineData("event_outcome: ['=~fail.*', success]", true)]
    [InlineData("source.ip: '=~192\\.0\\.2\\..+'", true)]
    [InlineData("source.ip: '=~192'", false)]
    [InlineData("source.ip: '!~10\\..*'", true)]
    [InlineData("host: keystone-1", true)]
    [InlineData("host: '!=keystone-1'", false)]
    [InlineData("severity_number: '>=13'", true)]
    [InlineData("severity_number: '> 13'", false)]
    [InlineData("user.name: '<5'", false)]
    [InlineData("process.name: ''", true)]
    [InlineData("user.name: '!='", true)]
    [InlineData("body: '=Failed password for alice'", true)]
    public void A_field_is_asked_for_a_value_any_of_several_or_a_comparison(string matcher, bool isCounted)
    {
        EventRules rules = new($"events: {{ {matcher} }}\nwindow: 1m\ncount: {{ above: 0 }}");
        rules.Take(EventRules.Failure(0, "192.0.2.1")).Evaluate(0);
        rules.Rule.Alerts.Should().HaveCount(isCounted ? 1 : 0);
    }

    [Fact]
    public void Without_groups_too_few_events_are_an_alert_once_a_window_was_listened_to()
    {
        const string Body = "events: { kind: identity.authenticate }\nwindow: 60s\ncount: { below: 2 }";
        var rules = new EventRules(Body) { ListeningSince = RuleHarness.At(0) };
        rules.Evaluate(59).Should().BeEmpty("nobody listened for a whole window yet");
        rules.Evaluate(60).Should().ContainSingle().Which.Alert.State.Name.Should().Be("firing");
        rules.Take(Failures(61, 2)).Open(63).Should().Be("");
        rules.Evaluate(123).Should().ContainSingle().Which.Alert.State.Name.Should().Be("firing", "its count falls without any event");
    }

    [Fact]
    public void A_group_limit_fails_the_rule_and_changes_nothing_until_it_is_kept()
    {
        var rules = new EventRules($"{Of}window: 60s\ncount: {{ above: 0 }}", limit: 1);
        rules.Take(EventRules.Failure(0, "a"), EventRules.Failure(20, "b")).Open(20).Should().Be("");
        rules.Rule.Error.Should().Be("exceeded limit of 1 with 2 alerts");
        rules.Open(61).Should().Be("b firing 1");
        rules.Rule.Error.Should().BeNull();
    }

    [Theory]
    [InlineData("{ kind: log }")]
    [InlineData("{ kind: '=~log.*' }")]
    [InlineData("{ event.outcome: success, severity_number: '>=13', body: '=~Failed.*' }")]
    [InlineData("{ severity_number: '>13', host: [a, b] }")]
    public void Events_that_it_is_not_about_cost_no_memory(string events)
    {
        EventCountMemory memory = new EventRules($"events: {events}\nwindow: 5m\ngroup_by: [source.ip]\ncount: {{ above: 3 }}").Memory;
        using var batch = new EventBatch("test");
        foreach (Event one in Failures(0, 100))
            batch.Add(one);
        memory.Take(batch).Should().Be(0);
        Allocations.Of(() => memory.Take(batch)).Should().Be(0);
    }

    [Fact]
    public void A_rule_says_what_wakes_it()
    {
        Condition pinned = new EventRules().Rule.Rule.Condition;
        pinned.EventKinds.Should().Equal("identity.authenticate");
        pinned.Metrics.Should().BeEmpty();
        Condition any = new EventRules("events: { kind: '=~identity.*' }\nwindow: 1m\ncount: { above: 1 }").Rule.Rule.Condition;
        any.EventKinds.Should().BeNull("an expression may let any kind through");
        pinned.Text.Should().Be(
            "count of events {kind=\"identity.authenticate\", event.outcome=\"failure\"} by source.ip in 5m > 3");
    }

    [Theory]
    [InlineData("5", "1.2.3.4 firing 6")]
    [InlineData("99999999", "1.2.3.4 firing 10001")]
    [InlineData("2", "")]
    [InlineData("-7", "")]
    [InlineData("5 times", "")]
    public void A_record_that_stands_for_several_counts_as_several(string times, string open)
    {
        var rules = new EventRules();
        Event repeated = EventRules.Failure(1, "1.2.3.4");
        rules.Take(EventRules.Failure(0, "1.2.3.4"), repeated with { Fields = [.. repeated.Fields, new("event.count", times)] });
        rules.Open(2).Should().Be(open);
        rules.Open(302).Should().Be("");
    }

    [Fact]
    public void Records_that_stand_for_billions_together_are_all_counted()
    {
        var window = new CountWindow(300_000);
        for (int id = 1; id <= 300_000; id++)
            window.Add(new EventEntry(1, id) { Times = 10_000 });
        window.CountAt(2).Should().Be(3_000_000_000);
        window.Add(new EventEntry(2, 300_001));
        window.Expire(1);
        window.CountAt(2).Should().Be(1);
    }

    [Fact]
    public void So_it_does_where_others_may_excuse_it()
    {
        var rules = new EventRules("""
            events: { kind: identity.authenticate, event.outcome: failure }
            window: 5m
            group_by: [source.ip]
            count: { above: 3 }
            unless: [{ events: { kind: host.package }, by: [host], within: 1m }]
            """);
        Event repeated = EventRules.Failure(0, "1.2.3.4");
        rules.Take(repeated with { Fields = [.. repeated.Fields, new("event.count", "5")] });
        rules.Open(1).Should().Be("1.2.3.4 firing 5");
    }
}
