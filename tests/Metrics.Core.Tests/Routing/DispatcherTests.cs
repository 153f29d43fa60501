using System.Globalization;
using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;

namespace Metrics.Tests.Routing;

/// <summary>Who is notified of what, and what is to be remembered of it; times in seconds.</summary>
public sealed class DispatcherTests
{
    private static readonly Route s_route = new()
    {
        Id = "{}",
        Receiver = "first",
        GroupBy = new HashSet<string> { "alertname" },
        GroupWait = TimeSpan.Zero,
        GroupInterval = TimeSpan.FromSeconds(10),
    };

    private Dispatcher _dispatcher = new(Plan(s_route));
    private readonly List<Dispatch> _rounds = [];

    [Fact]
    public void Each_integration_is_notified_once_however_many_steps_of_escalation_name_it()
    {
        EscalationStep[] steps = [Step(60, "first"), Step(60, "boss"), Step(120, "boss"), Step(120, "rest")];
        _dispatcher = new Dispatcher(Plan(s_route with { Escalation = steps }));
        Fires(0, "a");
        At(0).Should().Equal("first: firing a");
        At(59).Should().BeEmpty();
        At(60).Should().Equal("boss: firing a");
        At(120).Should().Equal("rest: firing a");
        At(600).Should().BeEmpty();
    }

    [Fact]
    public void What_somebody_is_at_is_not_escalated_and_its_end_is_reported_to_those_who_know_of_it()
    {
        _dispatcher = new Dispatcher(Plan(s_route with { Escalation = [Step(60, "boss")] }));
        RoutedAlert alert = Fires(0, "a");
        At(0).Should().Equal("first: firing a");
        _dispatcher.Use(new Dictionary<AlertId, Acknowledgement> { [alert.Id] = new(Second(0), "ann", Second(10), "") });
        At(600).Should().BeEmpty();
        Ends(601, "a");
        At(700).Should().Equal("first: resolved a");
        _rounds[^1].Ended.Should().Equal(alert.Id);
    }

    [Fact]
    public void That_a_receiver_cannot_be_reached_is_reported_by_all_others()
    {
        Take("boss", 0, new AlertState.Firing(0, 0), new AlertState.Inactive(), RoutingOptions.ReceiverDownAlert);
        At(0).Should().Equal("first: firing boss", "rest: firing boss");
        _dispatcher.Use(Plan(s_route, o => o with { FailureReceiver = "rest" }), Second(1));
        Take("first", 1, new AlertState.Firing(0, 0), new AlertState.Inactive(), RoutingOptions.ReceiverDownAlert);
        At(1).Should().Equal("rest: firing first");
    }

    [Fact]
    public void Of_a_storm_the_first_messages_go_out_and_the_rest_is_one_digest_that_grows()
    {
        var storm = new StormOptions(2, TimeSpan.FromSeconds(60));
        _dispatcher = new Dispatcher(Plan(s_route with { GroupBy = null }, o => o with { Storm = storm }));
        for (int i = 0; i < 5; i++)
            Fires(0, $"a{i}");
        At(0).Should().Equal(
            "first: firing a0", "first: firing a1",
            "first: firing a2 (in a digest)", "first: firing a3 (in a digest)", "first: firing a4 (in a digest)");
        Digest first = _rounds[^1].Digests.Should().ContainSingle().Subject;
        (first.Messages, first.Alerts, first.SendAt).Should().Be((3, 3, Second(62)));
        Ends(10, "a0");
        At(10).Should().Equal("first: resolved a0 (in a digest)");
        Digest grown = _rounds[^1].Digests.Should().ContainSingle().Subject;
        grown.Id.Should().Be(first.Id);
        grown.Counts.Should().Equal(new DigestCount("Down", false, 3), new DigestCount("Down", true, 1));
        At(60).Should().BeEmpty();
        _rounds[^1].Digests.Should().BeEmpty();
        Ends(61, "a1");
        At(70).Should().Equal("first: resolved a1");
    }

    [Fact]
    public void Of_more_alerts_than_a_digest_shows_the_worst_is_shown()
    {
        StormOptions storm = new(1, TimeSpan.FromSeconds(60));
        _dispatcher = new Dispatcher(Plan(s_route with { GroupBy = null }, o => o with { Storm = storm }));
        for (int i = 0; i < 100; i++)
            Fires(0, $"a{i}");
        RoutedAlert mild = Alert("z", 0, new AlertState.Firing(0, 0), new AlertState.Inactive());
        _dispatcher.Take(mild with { Alert = mild.Alert with { Labels = mild.Alert.Labels.With("severity", "critical") } });
        At(0).Should().HaveCount(101);
        Digest digest = _rounds[^1].Digests.Should().ContainSingle().Subject;
        digest.Shown.Should().HaveCountLessThan(100).And.Contain(a => a.Alert.Labels["severity"] == "critical");
    }

    [Fact]
    public void Machines_get_every_message_of_a_storm()
    {
        DispatchPlan plan = Plan(s_route with { GroupBy = null }, o => o with { Storm = new StormOptions(1, TimeSpan.FromSeconds(60)) });
        var machine = new Integration(new("first", "webhook", 0), true);
        _dispatcher = new Dispatcher(plan with { Receivers = [new Receiver("first", [machine])] });
        for (int i = 0; i < 5; i++)
            Fires(0, $"a{i}");
        At(0).Should().HaveCount(5);
        _rounds[^1].Digests.Should().BeEmpty();
    }

    [Fact]
    public void History_says_once_why_an_alert_is_mute_and_once_that_it_no_longer_is()
    {
        var silence = new Silence("id", MatcherText.Parse("host=a"), Second(0), Second(100), "ann", "works", Second(0));
        _dispatcher.Use([silence]);
        Fires(0, "a");
        At(0).Should().BeEmpty();
        At(50).Should().BeEmpty();
        At(100).Should().Equal("first: firing a");
        _rounds.SelectMany(r => r.History).Select(Describe).Should().Equal("0 muted: silenced by ann: works (id)", "100 heard");
    }

    [Fact]
    public void That_a_mute_alert_ended_is_no_news_of_its_muting()
    {
        _dispatcher.Use([new Silence("id", MatcherText.Parse("host=a"), Second(0), Second(100), "ann", "works", Second(0))]);
        Fires(0, "a");
        At(0).Should().BeEmpty();
        Ends(5, "a");
        At(50).Should().BeEmpty();
        _rounds.SelectMany(r => r.History).Select(Describe).Should().Equal("0 muted: silenced by ann: works (id)");
    }

    [Theory]
    [InlineData("while it fires")]
    [InlineData("after a time without data")]
    public void An_alert_whose_labels_changed_mutes_nothing_once_it_is_over(string when)
    {
        var inhibit = new InhibitRule(MatcherText.Parse("severity=critical"), MatcherText.Parse("alertname=Down"), []);
        _dispatcher = new Dispatcher(Plan(s_route with { GroupBy = null }, o => o with { Inhibits = [inhibit] }));
        var firing = new AlertState.Firing(0, 0);
        RoutedAlert source = Alert("a", 0, firing, new AlertState.Inactive(), "Broken");
        RoutedAlert As(string severity, int at, AlertState state, AlertState before) => source with
        {
            Alert = source.Alert with
            {
                Labels = Labels.Of(new Label("alertname", "Broken"), new Label("severity", severity)), State = state,
            },
            Before = before,
            At = Second(at),
        };
        _dispatcher.Take(As("critical", 0, firing, new AlertState.Inactive()));
        Fires(0, "b");
        At(0).Should().Equal("first: firing a");
        if (when == "while it fires")
        {
            _dispatcher.Take(As("warning", 20, new AlertState.Inactive(EndReason.Resolved), firing));
        }
        else
        {
            _dispatcher.Take(As("critical", 15, new AlertState.NoData(firing, 15_000), firing));
            _dispatcher.Take(As("warning", 20, firing, new AlertState.NoData(firing, 15_000)));
        }
        At(100).Should().Contain("first: firing b");
    }

    [Fact]
    public void An_alert_that_flapped_and_stays_on_is_told_again_when_it_was_quiet()
    {
        var flapping = new FlapPolicy(3, TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(50));
        _dispatcher = new Dispatcher(Plan(s_route with { GroupInterval = TimeSpan.Zero }, o => o with { Flapping = flapping }));
        Fires(0, "a");
        Ends(1, "a");
        Fires(2, "a");
        At(2).Should().Equal("first: flapping a");
        At(40).Should().BeEmpty("it was not quiet for long enough");
        At(60).Should().Equal("first: firing a");
        At(70).Should().BeEmpty("it is said once");
        Ends(80, "a");
        At(80).Should().Equal("first: resolved a");
    }

    [Fact]
    public void That_an_alert_is_quiet_and_stays_on_is_told_also_when_a_restart_lies_between()
    {
        var flapping = new FlapPolicy(3, TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(50));
        DispatchPlan plan = Plan(s_route with { GroupInterval = TimeSpan.FromSeconds(30) }, o => o with { Flapping = flapping });
        _dispatcher = new Dispatcher(plan);
        Fires(0, "a");
        Ends(1, "a");
        Fires(2, "a");
        At(40).Should().Equal("first: flapping a");
        Dispatch quiet = _dispatcher.Collect(Second(55));
        quiet.Notifications.Should().BeEmpty("the group's interval is not over");
        quiet.GoneFlaps.Should().ContainSingle("it is quiet");
        GroupState group = _rounds.SelectMany(r => r.Groups).Concat(quiet.Groups).Last();

        _dispatcher = new Dispatcher(plan);
        _dispatcher.Restore([group], []);
        _dispatcher.Take(Alert("a", 56, new AlertState.Firing(2000, 2000), new AlertState.Firing(2000, 2000)));
        At(90).Should().Equal("first: firing a");
        At(200).Should().BeEmpty("it is said once");
    }

    [Fact]
    public void What_came_and_went_is_forgotten_when_it_has_been_quiet()
    {
        var flapping = new FlapPolicy(3, TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(50));
        _dispatcher = new Dispatcher(Plan(s_route, o => o with { Flapping = flapping }));
        Fires(0, "a");
        Ends(1, "a");
        for (int change = 0; change < 4; change++)
            (change % 2 == 0 ? at => Fires(at, "b") : (Action<int>)(at => Ends(at, "b")))(change);
        At(1);
        AlertKey[] remembered = [.. _rounds.SelectMany(r => r.Flaps).Select(f => f.Alert).Distinct()];
        remembered.Select(k => k.Series["host"]).Should().BeEquivalentTo("a", "b");
        At(300);
        _rounds.SelectMany(r => r.GoneFlaps).Should().BeEquivalentTo(remembered);
    }

    [Fact]
    public void An_alert_that_came_with_a_step_says_where_it_goes_and_one_that_was_there_says_nothing()
    {
        _dispatcher.Take(Alert("a", 0, new AlertState.Firing(0, 0), new AlertState.Inactive()))!.Text
            .Should().Be("goes to first by route {}, together with alerts of {alertname=\"Down\"}");
        var firing = new AlertState.Firing(0, 0);
        _dispatcher.Take(Alert("a", 1, new AlertState.NoData(firing, 1), firing)).Should().BeNull();
        _dispatcher.Take(Alert("b", 1, new AlertState.Pending(1), new AlertState.Inactive())).Should().BeNull("it does not fire");
    }

    [Fact]
    public void Without_a_receiver_it_is_said_that_nobody_is_notified()
    {
        _dispatcher = new Dispatcher(new DispatchPlan(RoutingOptions.None, []));
        _dispatcher.Take(Alert("a", 0, new AlertState.Firing(0, 0), new AlertState.Inactive()))!.Text
            .Should().Be("no receiver is configured: nobody is notified");
        At(0).Should().BeEmpty();
    }

    [Fact]
    public void What_is_remembered_is_enough_to_go_on_after_a_restart()
    {
        var flapping = new FlapPolicy(3, TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(50));
        DispatchPlan plan = Plan(s_route, o => o with { Flapping = flapping });
        _dispatcher = new Dispatcher(plan);
        Fires(0, "a");
        Fires(0, "b");
        At(0).Should().Equal("first: firing a, firing b");
        Ends(1, "a");
        Ends(2, "b");
        Fires(3, "b");
        Dispatch last = _dispatcher.Collect(Second(3));
        last.Notifications.Should().BeEmpty("the group's interval is not over");

        _dispatcher = new Dispatcher(plan);
        _dispatcher.Restore(last.Groups, last.Flaps);
        _dispatcher.Take(Alert("b", 4, new AlertState.Firing(3000, 3000), new AlertState.Firing(3000, 3000)));
        At(10).Should().Equal("first: flapping b, resolved a");
        Ends(11, "b");
        At(60).Should().BeEmpty("it is held open until it is quiet");
        At(80).Should().Equal("first: resolved b");
    }

    [Fact]
    public void A_reload_between_its_changes_does_not_begin_to_count_the_flapping_anew()
    {
        var flapping = new FlapPolicy(5, TimeSpan.FromSeconds(1000), TimeSpan.FromSeconds(500));
        DispatchPlan plan = Plan(s_route with { GroupInterval = TimeSpan.Zero }, o => o with { Flapping = flapping });
        _dispatcher = new Dispatcher(plan);
        var sent = new List<string>();
        for (int change = 0; change < 6; change++)
        {
            if (change % 2 == 0)
                Fires(change, "a");
            else
                Ends(change, "a");
            sent.AddRange(At(change));
            _dispatcher.Use(plan, Second(change));
        }
        sent.Should().Equal(
            "first: firing a", "first: resolved a", "first: firing a", "first: resolved a", "first: flapping a");
        _dispatcher.Use(Plan(s_route with { GroupInterval = TimeSpan.Zero }), Second(6));
        At(6).Should().Equal("first: resolved a");
    }

    [Fact]
    public void Other_routes_leave_known_what_was_sent_and_forget_what_was_written()
    {
        Fires(0, "a");
        At(0).Should().Equal("first: firing a");
        _dispatcher.Use(Plan(s_route with { GroupInterval = TimeSpan.FromSeconds(20) }), Second(1));
        _dispatcher.IsDue(Second(1)).Should().BeTrue();
        At(1).Should().BeEmpty();
        _rounds[^1].ForgetsGroups.Should().BeTrue();
        _rounds[^1].Groups.Should().ContainSingle();
        At(100).Should().BeEmpty();
        _dispatcher.Use(Plan(s_route with { Id = "{}/other", Receiver = "rest" }), Second(101));
        At(101).Should().Equal("rest: firing a");
        _rounds[^1].History.Select(Describe).Should().Equal(
            "101 grouped: goes to rest by route {}/other, together with alerts of {alertname=\"Down\"}");
    }

    [Fact]
    public void A_round_is_bounded_and_what_is_due_still_comes_with_the_next()
    {
        _dispatcher = new Dispatcher(Plan(s_route with { GroupBy = null }));
        for (int i = 0; i < 50_000; i++)
            Fires(0, $"h{i}");
        var notified = new HashSet<AlertId>();
        int rounds = 0;
        for (; _dispatcher.IsDue(Second(0)); rounds++)
        {
            Dispatch dispatch = _dispatcher.Collect(Second(0));
            dispatch.Notifications.Count.Should().BeLessThanOrEqualTo(500);
            notified.UnionWith(dispatch.Notifications.SelectMany(n => n.Alerts).Select(a => a.Id));
        }
        (notified.Count, rounds).Should().Be((50_000, 100));
    }

    private static DispatchPlan Plan(Route route, Func<RoutingOptions, RoutingOptions>? change = null)
    {
        var options = new RoutingOptions(route, [], new Dictionary<string, IReadOnlyList<TimeInterval>>());
        return new DispatchPlan(change?.Invoke(options) ?? options, [.. new[] { "first", "boss", "rest" }.Select(name =>
            new Receiver(name, [new Integration(new IntegrationId(name, "email", 0), true) { IsForPeople = true }]))]);
    }

    private static Timestamp Second(int second) => new(second * 1000L);

    private static EscalationStep Step(int after, string receiver) => new(TimeSpan.FromSeconds(after), receiver);

    private static string Describe(HistoryLine line)
    {
        string text = line switch
        {
            HistoryLine.Grouped grouped => $"grouped: {grouped.Placement.Text}",
            HistoryLine.Muted muted => $"muted: {muted.Reason}",
            _ => "heard",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{line.At.Milliseconds / 1000} {text}");
    }

    private RoutedAlert Fires(int at, string host) =>
        Take(host, at, new AlertState.Firing(at * 1000L, at * 1000L), new AlertState.Inactive());

    private void Ends(int at, string host) => Take(host, at, new AlertState.Inactive(EndReason.Resolved), new AlertState.Firing(0, 0));

    private RoutedAlert Take(string host, int at, AlertState state, AlertState before, string name = "Down")
    {
        RoutedAlert alert = Alert(host, at, state, before, name);
        _dispatcher.Take(alert);
        return alert;
    }

    private static RoutedAlert Alert(string host, int at, AlertState state, AlertState before, string name = "Down")
    {
        Label label = new(name == "Down" ? "host" : "receiver", host);
        return new RoutedAlert(
            RuleId.Parse("f;g;r"),
            new AlertInstance { Series = Labels.Of(label), Labels = Labels.Of(label, new Label("alertname", name)), State = state },
            before,
            Second(at));
    }

    /// <summary>Everything that is due up to a moment, each at its own time.</summary>
    private List<string> At(int at)
    {
        var sent = new List<string>();
        while (_dispatcher.IsDue(Second(at)))
        {
            Dispatch dispatch = _dispatcher.Collect(Timestamp.Min(_dispatcher.NextDue, Second(at)));
            _rounds.Add(dispatch);
            sent.AddRange(dispatch.Notifications.Select(Describe));
        }
        return sent;
    }

    private static string Describe(Notification notification)
    {
        IEnumerable<string> alerts = notification.Alerts.Select(a => $"{StateOf(a)} {a.Alert.Series["host"]}{a.Alert.Series["receiver"]}");
        string text = $"{notification.Integration.Id.Receiver}: {string.Join(", ", alerts.Order(StringComparer.Ordinal))}";
        return notification.Digest is null ? text : $"{text} (in a digest)";

        static string StateOf(RoutedAlert alert) => alert.IsFlapping ? "flapping" : alert.IsOver ? "resolved" : alert.Alert.State.Name;
    }
}
