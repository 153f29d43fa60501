using Metrics.Model;
using Metrics.Rules.Conditions;
using Metrics.Rules.Sigma;
using static Metrics.Tests.Rules.Sigma.SigmaHarness;

namespace Metrics.Tests.Rules.Sigma;

/// <summary>Correlations of events of different rules: all of them, or one after the other.</summary>
public sealed class SigmaTemporalTests
{
    private const string Rules = """
        title: Failed
        name: failed
        logsource: { product: linux, service: sshd }
        detection: { s: { event.outcome: failure }, condition: s }
        ---
        title: Got in
        name: got_in
        id: 11111111-2222-3333-4444-555555555555
        logsource: { product: linux, service: sshd }
        detection: { s: { event.outcome: success }, condition: s }
        ---
        title: Dropped
        name: dropped
        logsource: { category: firewall }
        detection: { s: { event.outcome: failure }, condition: s }
        ---
        title: Many failed
        name: many_failed
        correlation: { type: event_count, rules: [failed], group-by: [User], timespan: 10m, condition: { gte: 3 } }
        ---
        title: Many accounts
        name: many_accounts
        correlation: { type: value_count, rules: [failed], group-by: [User], timespan: 10m, condition: { gte: 3, field: src_ip } }
        """;

    private static string Correlation(string rules, string type = "temporal_ordered", string groupBy = "[User]", string more = "") => $"""
        title: Entered
        correlation:
          type: {type}
          rules: {rules}
          group-by: {groupBy}
          timespan: 5m
          {more}
        level: critical
        """;

    private static EventBatch Failed(int before, string user = "ann") =>
        EventBefore(before, "service.name=sshd", "event.outcome=failure", $"user.name={user}", "source.ip=192.0.2.7");

    private static EventBatch GotIn(int before, string user = "ann") =>
        EventBefore(before, "service.name=sshd", "event.outcome=success", $"user.name={user}", "source.ip=192.0.2.7");

    private static EventBatch Dropped(int before, string from, string to) => EventBefore(
        before, "kind=firewall.packet", "event.outcome=failure", $"source.ip={from}", $"destination.ip={to}");

    private static List<string> Found(string correlation, params EventBatch[] events)
    {
        SigmaLoad load = Load(Rules, correlation);
        load.Rules[^1].Faults.Should().BeEmpty();
        return [.. Alerts([load.Group!.Alerting.Single(r => r.Name == "Sigma: Entered")], events).Select(a => $"{a.Series} {a.Value}")];
    }

    [Theory]
    [InlineData("temporal_ordered", 0)]
    [InlineData("temporal", 1)]
    public void Events_of_all_rules_in_the_time_are_found_and_in_their_order_where_it_is_asked_for(string type, int other)
    {
        string correlation = Correlation("[failed, got_in]", type);
        Found(correlation, Failed(60), GotIn(10)).Should().Equal("{user_name=\"ann\"} 1");
        Found(correlation, GotIn(60), Failed(10)).Should().HaveCount(other);
        Found(correlation, Failed(60), Failed(10)).Should().BeEmpty("nobody got in");
        Found(correlation, Failed(60), GotIn(10, "bob")).Should().BeEmpty("it is another account");
        Found(correlation, Failed(400), GotIn(10)).Should().BeEmpty("it is longer ago than the timespan");
        Found(correlation, GotIn(10), Failed(60)).Should().HaveCount(1, "events go by their own time");
        Found(correlation, Failed(60, ""), GotIn(10, "")).Should().BeEmpty("nobody knows whether they are of one account");
    }

    [Fact]
    public void Rules_are_found_by_id_and_fields_of_each_by_alias()
    {
        const string Aliased = "aliases: { mine: { got_in: src_ip, dropped: dst_ip } }";
        string correlation = Correlation("[dropped, 11111111-2222-3333-4444-555555555555]", groupBy: "[mine]", more: Aliased);
        Found(correlation, Dropped(60, "203.0.113.1", "192.0.2.7"), GotIn(10)).Should().Equal("{mine=\"192.0.2.7\"} 1");
        Found(correlation, Dropped(60, "192.0.2.7", "203.0.113.1"), GotIn(10)).Should().BeEmpty();
        string same = Correlation("[failed, got_in]", groupBy: "[from, SourceIp, source.ip, User]",
            more: "aliases: { from: { failed: src_ip, got_in: SourceIp } }");
        Found(same, Failed(60), GotIn(10)).Should().Equal("{source_ip=\"192.0.2.7\", user_name=\"ann\"} 1");
    }

    [Theory]
    [InlineData("severity", "they have another of that name")]
    [InlineData("sigma_id", "they have another of that name")]
    [InlineData("alertname", "they have another of that name")]
    [InlineData("__name__", "letters, digits and underscores")]
    [InlineData("my alias", "letters, digits and underscores")]
    [InlineData("1st", "letters, digits and underscores")]
    [InlineData("a}b", "letters, digits and underscores")]
    public void An_alias_that_can_be_no_label_is_refused_where_it_would_be_one(string alias, string message)
    {
        string correlation = Correlation("[dropped, got_in]", groupBy: $"['{alias}']",
            more: $"aliases: {{ '{alias}': {{ got_in: src_ip, dropped: dst_ip }} }}");
        Refused(correlation, SigmaReason.Broken, message);
        string same = Correlation("[failed, got_in]", groupBy: $"['{alias}']",
            more: $"aliases: {{ '{alias}': {{ got_in: src_ip, failed: SourceIp }} }}");
        Found(same, Failed(60), GotIn(10)).Should().Equal(["{source_ip=\"192.0.2.7\"} 1"], "the field's own name stands there then");
    }

    [Fact]
    public void Without_group_by_it_is_one_alert()
    {
        string correlation = Correlation("[failed, got_in]").Replace("group-by", "# group-by", StringComparison.Ordinal);
        Found(correlation, Failed(60), GotIn(10, "bob")).Should().Equal("{} 1");
    }

    [Fact]
    public void Many_failures_and_then_a_success_are_found_as_the_specification_has_it()
    {
        string correlation = Correlation("[many_failed, got_in]");
        Found(correlation, Failed(62), Failed(61), Failed(60), GotIn(10)).Should().Equal("{user_name=\"ann\"} 1");
        Found(correlation, Failed(61), Failed(60), GotIn(10)).Should().BeEmpty("these are two");
        Found(correlation, Failed(62), Failed(61), Failed(60, "bob"), GotIn(10)).Should().BeEmpty("these are two of ann's");
        Found(correlation, Failed(800), Failed(500), Failed(250), GotIn(10)).Should().HaveCount(1, "the last is new enough");
        Found(correlation, Failed(900), Failed(500), Failed(250), GotIn(10)).Should().BeEmpty("they are not three in ten minutes");
        Found(correlation, Failed(502), Failed(501), Failed(500), GotIn(10)).Should().BeEmpty("it was too long ago");
        Found(correlation, GotIn(63), Failed(62), Failed(61), Failed(60)).Should().BeEmpty("it was before");
        EventBatch[] flood = [.. Enumerable.Range(0, 9000).Select(i => Failed(9400 - i)), GotIn(10)];
        Found(correlation, flood).Should().BeEmpty("it was too long ago");
        flood[^1] = GotIn(150);
        Found(correlation, [.. flood, Failed(20), GotIn(5)]).Should().Equal("{user_name=\"ann\"} 2");
    }

    [Fact]
    public void In_any_order_only_what_is_enough_completes_it()
    {
        string correlation = Correlation("[many_failed, got_in]", "temporal");
        Found(correlation, GotIn(200), Failed(62), Failed(61), Failed(60)).Should().Equal("{user_name=\"ann\"} 1");
        Found(correlation, GotIn(61), Failed(60), Failed(59)).Should().BeEmpty();
        SigmaLoad load = Load(Rules, correlation);
        AlertsOf(load, Failed(900), Failed(890), Failed(880), GotIn(700), Failed(10)).Should().BeEmpty("one more is not enough again");

        static IReadOnlyList<object> AlertsOf(SigmaLoad load, params EventBatch[] events) =>
            [.. Alerts([load.Group!.Alerting.Single(r => r.Name == "Sigma: Entered")], events)];
    }

    [Fact]
    public void What_it_refers_to_raises_alerts_of_its_own_only_where_it_says_so()
    {
        string correlation = Correlation("[many_failed, got_in]");
        string[] all = ["Sigma: Dropped", "Sigma: Entered", "Sigma: Many accounts"];
        Names(correlation).Should().Equal(all);
        Names(correlation.Replace("timespan", "generate: true\n  timespan", StringComparison.Ordinal))
            .Should().Equal([.. all[..2], "Sigma: Got in", all[2], "Sigma: Many failed"]);
        Names(Correlation("[many_failed, nobody]")).Should()
            .Equal("Sigma: Dropped", "Sigma: Got in", "Sigma: Many accounts", "Sigma: Many failed");

        static IEnumerable<string> Names(string text) => Load(Rules, text).Group!.Rules.Select(r => r.Name).Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("condition: { gte: 2 }")]
    [InlineData("condition: { eq: 2 }")]
    [InlineData("condition: { gt: 1 }")]
    [InlineData("condition: failed AND got_in")]
    [InlineData("condition: (got_in and failed)")]
    [InlineData("condition: failed and 11111111-2222-3333-4444-555555555555")]
    [InlineData("condition:")]
    public void A_condition_may_say_that_all_rules_have_events(string condition) =>
        Found(Correlation("[failed, got_in]", more: condition), Failed(60), GotIn(10)).Should().HaveCount(1);

    [Theory]
    [InlineData("condition: { gte: 1 }", SigmaReason.Correlation, "gte: 1 is not supported: all of its rules (2) must have events")]
    [InlineData("condition: { gte: 3 }", SigmaReason.Correlation, "gte: 3 is not supported: all of its rules (2) must have events")]
    [InlineData("condition: { lt: 2 }", SigmaReason.Correlation, "lt: 2 is not supported: all of its rules (2) must have events")]
    [InlineData("condition: { gte: x }", SigmaReason.Broken, "must be one of gt, gte, lt, lte, eq, neq with a whole number of rules")]
    [InlineData("condition: { gte: 1, lte: 2 }", SigmaReason.Broken, "must be one of gt, gte")]
    [InlineData("condition: [a]", SigmaReason.Broken, "must be one of gt, gte")]
    [InlineData("condition: failed and not got_in", SigmaReason.Correlation, "as far as it names all of the rules, joined by 'and'")]
    [InlineData("condition: failed or got_in", SigmaReason.Correlation, "as far as it names all of the rules, joined by 'and'")]
    [InlineData("condition: failed failed got_in", SigmaReason.Correlation, "as far as it names all of the rules, joined by 'and'")]
    [InlineData("condition: failed and got_in and", SigmaReason.Correlation, "as far as it names all of the rules, joined by 'and'")]
    [InlineData("condition: failed", SigmaReason.Correlation, "as far as it names all of the rules, joined by 'and'")]
    [InlineData("aliases: { User: { failed: User } }", SigmaReason.Broken, "the alias User says no field of the rule 'got_in'")]
    public void Other_conditions_and_wrong_aliases_are_refused(string more, SigmaReason reason, string message) =>
        Refused(Correlation("[failed, got_in]", more: more), reason, message);

    [Theory]
    [InlineData("[failed, failed]", "[User]", SigmaReason.Broken, "correlation.rules names 'failed' twice")]
    [InlineData("[failed, nobody]", "[User]", SigmaReason.Broken, "there is no rule of the name or id 'nobody'")]
    [InlineData("[failed, dropped]", "[User]", SigmaReason.Field, "events of firewall have no field User that could be counted by")]
    [InlineData("[many_failed, got_in]", "[SourceIp]", SigmaReason.Correlation,
        "'many_failed' counts by user.name, and this correlation goes by source.ip, which must be the same")]
    [InlineData("[many_failed, got_in]", "[User, SourceIp]", SigmaReason.Correlation, "which must be the same")]
    [InlineData("[many_failed, got_in]", "[]", SigmaReason.Correlation, "counts by user.name, and this correlation goes all together")]
    [InlineData("[many_accounts, got_in]", "[User]", SigmaReason.Correlation, "it must be an event_count with gte or gt, of at most 1000 events")]
    [InlineData("[failed, got_in]", "[body]", SigmaReason.Correlation, "cannot be put together by their text")]
    public void What_cannot_follow_each_other_is_said(string rules, string groupBy, SigmaReason reason, string message) =>
        Refused(Correlation(rules, groupBy: groupBy), reason, message);

    [Fact]
    public void One_of_another_is_refused_and_more_rules_than_steps_too()
    {
        string outer = Correlation("[entered, got_in]").Replace("Entered", "Outer", StringComparison.Ordinal);
        string inner = Correlation("[failed, got_in]").Replace("title: Entered", "title: Entered\nname: entered", StringComparison.Ordinal);
        Load(Rules, inner, outer).Rules[^1].Faults.Single().Message.Should()
            .Be("'entered' is a correlation itself, which is not supported");
        string many = string.Join("\n---\n", Enumerable.Range(0, 11).Select(i =>
            $"title: R{i}\nname: r{i}\nlogsource: {{ product: openstack }}\ndetection: {{ s: {{ kind: k{i} }}, condition: s }}"));
        string all = Correlation($"[{string.Join(", ", Enumerable.Range(0, 11).Select(i => $"r{i}"))}]", groupBy: "[host.name]");
        Load(many, all).Rules[^1].Faults.Single().Message.Should().Be("has 11 rules; at most 10 can follow each other");
    }

    [Fact]
    public void What_was_seen_stays_while_the_same_is_asked_for()
    {
        string correlation = Correlation("[many_failed, got_in]");
        string remembered = Remembered(Rules, correlation);
        Remembered(Rules.Replace("title: Failed", "title: Other", StringComparison.Ordinal), correlation + "\ndescription: x")
            .Should().Be(remembered);
        Remembered(Rules.Replace("gte: 3 }", "gte: 4 }", StringComparison.Ordinal), correlation).Should().NotBe(remembered);
        Remembered(Rules.Replace("10m", "11m", StringComparison.Ordinal), correlation).Should().NotBe(remembered);
        Remembered(Rules, correlation.Replace("5m", "6m", StringComparison.Ordinal)).Should().NotBe(remembered);

        static string Remembered(params string[] texts)
        {
            var condition = (EventCondition)Load(texts).Group!.Alerting.Single(r => r.Name == "Sigma: Entered").Condition;
            return condition.Remembered!;
        }
    }

    private static void Refused(string correlation, SigmaReason reason, string message)
    {
        SigmaOutcome refused = Load(Rules, correlation).Rules[^1];
        refused.Reason.Should().Be(reason);
        refused.Faults.Should().ContainSingle().Which.Message.Should().Contain(message);
    }
}
