using Metrics.Model;
using Metrics.Routing;
using Metrics.Rules;

namespace Metrics.Tests.Routing;

/// <summary>Who is notified of what and when; times in seconds.</summary>
public sealed class AlertGroupsTests
{
    private static readonly Integration s_all = new(IntegrationId.Parse("ops/webhook/0"), true);
    private static readonly Integration s_noResolved = new(IntegrationId.Parse("ops/email/0"), false);

    private readonly HashSet<string> _muted = [];
    private bool _routeIsMute;
    private AlertGroups _groups = new(new Route
    {
        Id = "{}", Receiver = "ops", GroupBy = new HashSet<string> { "alertname" }, GroupWait = TimeSpan.FromSeconds(30),
            GroupInterval = TimeSpan.FromMinutes(5), RepeatInterval = TimeSpan.FromHours(4),
    });

    [Fact]
    public void The_first_message_waits_for_others_and_the_next_for_the_interval()
    {
        Fires(0, "a");
        Fires(20, "b");
        At(29).Should().BeEmpty();
        At(30).Should().Equal("firing a, firing b");
        Fires(40, "c");
        At(329).Should().BeEmpty();
        At(330).Should().Equal("firing a, firing b, firing c");
        At(630).Should().BeEmpty("nothing is new");
    }

    [Fact]
    public void What_does_not_change_is_told_again_after_the_repeat_interval()
    {
        Fires(0, "a");
        At(30).Should().HaveCount(1);
        int notified = 0;
        for (int at = 330; at <= 30 + (4 * 3600); at += 300)
            notified += At(at).Count;
        notified.Should().Be(1);
        At(30 + (4 * 3600) + 300).Should().BeEmpty();
    }

    [Fact]
    public void News_says_what_was_known_and_a_repetition_begins_the_trace_anew()
    {
        Fires(0, "a");
        Flushed(30).Single().Known.Should().BeEmpty();
        Fires(100, "b");
        Flushed(330).Single().Known.Should().ContainSingle("b is new to it, a is not");
        Notification repeated = Enumerable.Range(2, 60).SelectMany(i => Flushed(30 + (i * 300))).First();
        (repeated.Known.Count, repeated.Alerts.Count).Should().Be((0, 2));
    }

    [Fact]
    public void What_is_over_before_anybody_was_told_is_not_told_at_all()
    {
        Fires(0, "a");
        IsOver(10, "a");
        At(30).Should().BeEmpty();
        _groups.All.Should().BeEmpty();
    }

    [Fact]
    public void The_end_is_told_once_to_those_who_want_it()
    {
        Fires(0, "a");
        Fires(0, "b");
        Notified(30, s_all, s_noResolved).Should().Equal("firing a, firing b", "firing a, firing b");
        IsOver(60, "a");
        Notified(330, s_all, s_noResolved).Should().Equal("firing b, resolved a");
        IsOver(400, "b");
        Notified(630, s_all, s_noResolved).Should().Equal("resolved b");
        _groups.All.Should().BeEmpty();
    }

    [Fact]
    public void What_comes_back_before_its_end_was_told_is_no_news()
    {
        Fires(0, "a");
        At(30).Should().HaveCount(1);
        IsOver(60, "a");
        Fires(90, "a");
        At(330).Should().BeEmpty();
    }

    [Fact]
    public void A_muted_alert_is_told_of_when_it_is_no_longer_muted()
    {
        _muted.Add("a");
        Fires(0, "a");
        At(30).Should().BeEmpty();
        _muted.Clear();
        At(330).Should().Equal("firing a");
        _muted.Add("a");
        At(630).Should().BeEmpty();
        _muted.Clear();
        At(930).Should().BeEmpty("people know of it");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_ended_while_it_was_mute_is_over_for_those_who_heard_of_it_once_it_is_heard_again(bool isByRoute)
    {
        Fires(0, "a");
        At(30).Should().Equal("firing a");
        Mute(true);
        Fires(40, "b");
        IsOver(60, "a");
        IsOver(70, "b");
        At(330).Should().BeEmpty();
        At(930).Should().BeEmpty();
        Mute(false);
        At(1230).Should().Equal(["resolved a"], "of b nobody has heard");
        At(1530).Should().BeEmpty();

        void Mute(bool isMute)
        {
            if (isByRoute)
                _routeIsMute = isMute;
            else if (isMute)
                _muted.UnionWith(["a", "b"]);
            else
                _muted.Clear();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Messages_of_others_meanwhile_do_not_make_it_forgotten_who_is_owed_an_end(bool endsFirst)
    {
        Fires(0, "a");
        At(30).Should().Equal("firing a");
        _muted.Add("a");
        if (endsFirst)
            IsOver(60, "a");
        Fires(100, "b");
        At(330).Should().Equal("firing b");
        if (!endsFirst)
            IsOver(400, "a");
        At(330 + (4 * 3600)).Should().Equal(["firing b"], "its repeat interval is over");
        _muted.Clear();
        At(630 + (4 * 3600)).Should().Equal("firing b, resolved a");
        At(930 + (4 * 3600)).Should().BeEmpty();
    }

    [Fact]
    public void What_was_told_before_it_became_mute_is_no_news_after_it_though_others_came_meanwhile()
    {
        Fires(0, "a");
        At(30).Should().Equal("firing a");
        _muted.Add("a");
        Fires(100, "b");
        At(330).Should().Equal("firing b");
        _muted.Clear();
        At(630).Should().BeEmpty("people know of both");
    }

    [Fact]
    public void An_end_that_is_owed_is_not_told_while_the_alert_fires_in_another_group()
    {
        Take("a", 0, new AlertState.Firing(0, 0), new AlertState.Inactive(), name: "One");
        At(30).Should().Equal("firing a");
        _muted.Add("a");
        Take("a", 60, new AlertState.Inactive(EndReason.Resolved), new AlertState.Firing(0, 0), name: "One");
        At(330).Should().BeEmpty();
        Take("a", 400, new AlertState.Firing(0, 0), new AlertState.Inactive(), name: "Two");
        _muted.Clear();
        At(1000).Should().Equal("firing a");
        At(2000).Should().BeEmpty();
        _groups.All.Select(g => g.Labels["alertname"]).Should().Equal("Two");
    }

    [Fact]
    public void Nor_after_a_restart_and_what_ended_and_came_elsewhere_between_two_looks_is_not_told_as_over()
    {
        Take("a", 0, new AlertState.Firing(0, 0), new AlertState.Inactive(), name: "One");
        At(30).Should().Equal("firing a");
        Take("a", 60, new AlertState.Inactive(EndReason.Resolved), new AlertState.Firing(0, 0), name: "One");
        AlertGroup before = _groups.All.Single();
        _groups = new AlertGroups(_groups.Root);
        _groups.Restore(before.ToState());
        Take("a", 100, new AlertState.Firing(0, 0), new AlertState.Inactive(), name: "Two");
        At(1000).Should().Equal("firing a");
    }

    [Fact]
    public void What_ended_while_it_was_mute_and_fires_again_is_no_news()
    {
        Fires(0, "a");
        At(30).Should().Equal("firing a");
        _muted.Add("a");
        IsOver(60, "a");
        At(330).Should().BeEmpty();
        Fires(400, "a");
        _muted.Clear();
        At(630).Should().BeEmpty("those who heard of it think that it fires, and it does");
    }

    [Fact]
    public void A_mute_route_says_nothing_and_forgets_nothing()
    {
        _routeIsMute = true;
        Fires(0, "a");
        At(30).Should().BeEmpty();
        _routeIsMute = false;
        At(330).Should().Equal("firing a");
    }

    [Fact]
    public void Losing_the_data_is_told_and_getting_it_back_is_not()
    {
        Fires(0, "a");
        At(30).Should().HaveCount(1);
        var firing = new AlertState.Firing(0, 0);
        Take("a", 60, new AlertState.NoData(firing, 60), firing);
        At(330).Should().Equal("no data a");
        Fires(400, "a");
        At(630).Should().BeEmpty();
    }

    [Fact]
    public void Without_waiting_times_everything_is_told_at_once()
    {
        _groups = new AlertGroups(new Route { Id = "{}", Receiver = "ops", GroupWait = TimeSpan.Zero, GroupInterval = TimeSpan.Zero });
        Fires(0, "a");
        At(0).Should().Equal("firing a");
        At(1).Should().BeEmpty();
        Fires(2, "b");
        At(2).Should().Equal("firing a, firing b");
        IsOver(3, "a");
        At(3).Should().Equal("firing b, resolved a");
        At(4 * 3600).Should().BeEmpty();
        At(3 + (4 * 3600)).Should().Equal("firing b");
    }

    [Fact]
    public void After_a_restart_nobody_is_told_twice_and_no_end_is_forgotten()
    {
        Fires(0, "a");
        Fires(0, "b");
        At(30);
        IsOver(60, "b");
        AlertGroup before = _groups.All.Single();
        _groups = new AlertGroups(_groups.Root);
        _groups.Restore(before.ToState());
        Fires(0, "a");
        At(100).Should().BeEmpty();
        At(330).Should().Equal("firing a, resolved b");
    }

    [Fact]
    public void An_alert_whose_labels_change_moves_to_its_new_group()
    {
        Take("a", 0, new AlertState.Firing(0, 0), new AlertState.Inactive(), name: "One");
        Take("a", 10, new AlertState.Firing(0, 0), new AlertState.Firing(0, 0), name: "Two");
        At(30).Should().BeEmpty();
        At(40).Should().Equal("firing a");
        _groups.All.Select(g => g.Labels["alertname"]).Should().Equal("Two");
    }

    [Fact]
    public void Half_a_hundred_thousand_alerts_go_into_their_groups()
    {
        for (int i = 0; i < 50_000; i++)
            Take($"{i}", 0, new AlertState.Firing(0, 0), new AlertState.Inactive(), name: $"Alert{i % 500}");
        At(30).Should().HaveCount(500);
        At(330).Should().BeEmpty();
    }

    private void Fires(int at, string host) => Take(host, at, new AlertState.Firing(at * 1000L, at * 1000L), new AlertState.Inactive());

    private void IsOver(int at, string host) => Take(host, at, new AlertState.Inactive(EndReason.Resolved), new AlertState.Firing(0, 0));

    private void Take(string host, int at, AlertState state, AlertState before, string name = "Down")
    {
        var alert = new AlertInstance
        {
            Series = Labels.Of(new Label("host", host)),
            Labels = Labels.Of(new Label("host", host), new Label("alertname", name)),
            State = state,
        };
        _groups.Take(new RoutedAlert(RuleId.Parse("rule"), alert, before, Second(at)), Second(at));
    }

    private static Timestamp Second(int second) => new(second * 1000L);

    private List<string> At(int at) => Notified(at, s_all);

    private List<string> Notified(int at, params Integration[] integrations)
    {
        return [.. Flushed(at, integrations).Select(n => string.Join(", ", n.Alerts.Select(Describe).Order(StringComparer.Ordinal)))];

        static string Describe(RoutedAlert alert) =>
            $"{(alert.IsOver ? "resolved" : alert.Alert.State.Name)} {alert.Alert.Series["host"]}";
    }

    private List<Notification> Flushed(int at, params Integration[] integrations)
    {
        var notifications = new List<Notification>();
        while (_groups.TakeDue(Second(at)) is { } group)
        {
            notifications.AddRange(group.Flush(
                Second(at), integrations is [] ? [s_all] : integrations, a => _muted.Contains(a.Alert.Series["host"]), _routeIsMute));
            _groups.PutBack(group, Second(at));
        }
        return notifications;
    }
}
