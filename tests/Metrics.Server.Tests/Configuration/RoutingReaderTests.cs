using Metrics.Alerting;
using Metrics.Configuration;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Routing;

namespace Metrics.Tests.Configuration;

public sealed class RoutingReaderTests
{
    private const string Receivers = "receivers: [ { name: ops }, { name: db }, { name: night } ]\n";

    [Fact]
    public void Children_take_over_what_they_do_not_say()
    {
        Route root = Read("""
            route:
              receiver: ops
              group_by: [cluster]
              group_wait: 10s
              routes:
                - matchers: [ team="db" ]
                  receiver: db
                  group_by: ['...']
                  routes: [ { matchers: [ 'severity=~"a|b"' ], repeat_interval: 1h } ]
            """).Root;
        Route child = root.Routes[0], below = child.Routes[0];
        (child.Receiver, child.GroupBy, child.GroupWait, child.GroupInterval).Should()
            .Be(("db", null, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5)));
        (below.Receiver, below.GroupBy, below.RepeatInterval, below.Id).Should()
            .Be(("db", null, TimeSpan.FromHours(1), "{}/{team=\"db\"}/0/{severity=~\"a|b\"}/0"));
        root.GroupOf(Labels.Of(new Label("cluster", "c"), new Label("x", "y"))).ToString().Should().Be("{cluster=\"c\"}");
    }

    [Fact]
    public void Without_a_route_the_only_receiver_is_told_at_once()
    {
        Route root = MetricsOptions.Parse("receivers: [ { name: ops } ]").Notifications.Routing.Root;
        (root.Receiver, root.GroupWait, root.GroupInterval).Should().Be(("ops", TimeSpan.Zero, TimeSpan.Zero));
        root.GroupBy.Should().Equal("alertname");
    }

    [Fact]
    public void Intervals_mean_what_Alertmanager_means()
    {
        RoutingOptions routing = Read("""
            route: { receiver: ops, routes: [ { receiver: night, matchers: [ a=b ], active_time_intervals: [ nights ] } ] }
            time_intervals:
              - name: nights
                time_intervals:
                  - times: [ { start_time: '22:00', end_time: '24:00' }, { start_time: '00:00', end_time: '06:00' } ]
                    weekdays: [ 'monday:friday', Sunday ]
                    days_of_month: [ '1:5', '-3:-1' ]
                    months: [ 'january:3', 'december' ]
                    years: [ '2026:2030' ]
                    location: Europe/Berlin
            """);
        TimeInterval nights = routing.TimeIntervals["nights"].Single();
        nights.Times.Should().Equal(new InclusiveRange(1320, 1440), new InclusiveRange(0, 360));
        nights.Weekdays.Should().Equal(new InclusiveRange(1, 5), new InclusiveRange(0, 0));
        nights.DaysOfMonth.Should().Equal(new InclusiveRange(1, 5), new InclusiveRange(-3, -1));
        nights.Months.Should().Equal(new InclusiveRange(1, 3), new InclusiveRange(12, 12));
        nights.Zone.Id.Should().Be("Europe/Berlin");
    }

    [Theory]
    [InlineData("monday:sunday", "Mon Tue Wed Thu Fri Sat Sun")]
    [InlineData("saturday:sunday", "Sat Sun")]
    [InlineData("friday:monday", "Mon Fri Sat Sun")]
    [InlineData("sunday:monday", "Mon Sun")]
    [InlineData("sunday", "Sun")]
    public void A_week_goes_round(string days, string expected)
    {
        TimeInterval interval = Read($$"""
            route: { receiver: ops }
            time_intervals: [ { name: n, time_intervals: [ { weekdays: [ '{{days}}' ] } ] } ]
            """).TimeIntervals["n"].Single();
        var monday = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
        string.Join(' ', Enumerable.Range(0, 7).Select(d => monday.AddDays(d)).Where(interval.Contains)
            .Select(d => d.ToString("ddd", System.Globalization.CultureInfo.InvariantCulture))).Should().Be(expected);
    }

    [Theory]
    [InlineData("-1:1")]
    [InlineData("-5:31")]
    [InlineData("20:10")]
    [InlineData("-1:-3")]
    [InlineData("20:-20")]
    public void Days_that_are_in_no_month_are_refused(string days)
    {
        Action read = () => Read("route: { receiver: ops }\ntime_intervals: [ { name: n, time_intervals: [ { days_of_month: [ '" + days
            + "' ] } ] } ]");
        read.Should().Throw<ConfigurationException>().WithMessage($"*days_of_month holds '{days}'*");
    }

    [Theory]
    [InlineData("route: { receiver: nobody }", "route.receiver is 'nobody'; known are ops, db, night")]
    [InlineData("route: { group_by: [a] }", "route.receiver is required at the root")]
    [InlineData("inhibit_rules: []", "route is required when there are several receivers")]
    [InlineData("route: { receiver: ops, matchers: [ a=b ] }", "route.matchers must not stand at the root")]
    [InlineData("route: { receiver: ops, routes: [ { matchers: [ 'a' ] } ] }", "route.routes[0].matchers holds 'a': after a name comes")]
    [InlineData("route: { receiver: ops, routes: [ { match_re: { a: '(' } } ] }", "route.routes[0].match_re of a:")]
    [InlineData("route: { receiver: ops, group_by: [ '...', a ] }", "route.group_by holds '...'")]
    [InlineData("route: { receiver: ops, routes: [ { mute_time_intervals: [ x ] } ] }", "holds 'x'; known are none")]
    [InlineData("route: { receiver: ops }\ntime_intervals: [ { name: n, time_intervals: [ { weekdays: [ fishday ] } ] } ]",
        "weekdays holds 'fishday'; it must be a day such as monday")]
    [InlineData("route: { receiver: ops }\ntime_intervals: [ { name: n, time_intervals: [ { days_of_month: [ '0' ] } ] } ]",
        "days_of_month holds '0'")]
    [InlineData("route: { receiver: ops }\ntime_intervals: [ { name: n, time_intervals: [ { months: [ '5:3' ] } ] } ]",
        "months holds '5:3'")]
    [InlineData("route: { receiver: ops }\ntime_intervals: [ { name: n, time_intervals: [ { times: [ { start_time: '9:00', end_time: "
        + "'25:00' } ] } ] } ]", "end_time is '25:00'; it must be a time of the day")]
    [InlineData("route: { receiver: ops }\ntime_intervals: [ { name: n, time_intervals: [ { location: Mars/Base } ] } ]",
        "location is 'Mars/Base', which is no time zone")]
    [InlineData("route: { receiver: ops, group_weight: 3s }", "group_weight is not a known key; did you mean 'group_wait'?")]
    public void What_is_wrong_is_said_with_its_place(string text, string expected)
    {
        Action read = () => Read(text);
        read.Should().Throw<ConfigurationException>().WithMessage($"*{expected}*");
    }

    private static RoutingOptions Read(string text) => MetricsOptions.Parse(Receivers + text).Notifications.Routing;
}
