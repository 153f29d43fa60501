using Metrics.Alerting;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Notifiers;
using Metrics.Query;
using Metrics.Routing;
using Metrics.Rules;
using Metrics.Rules.Conditions;
using MimeKit;

namespace Metrics.Tests.Notifiers;

/// <summary>What somebody reads on a phone at night.</summary>
public sealed class MailTests
{
    private static readonly Timestamp s_now = new(1_700_000_000_000);
    private static readonly AlertState.Firing s_firing = new(s_now.Milliseconds - 360_000, s_now.Milliseconds - 60_000);

    [Fact]
    public void The_subject_says_how_bad_what_where_how_much_and_for_how_long() =>
        SubjectOf(Alert("compute-7:9100", 93)).Should().Be("[CRITICAL] HypervisorMemoryHigh compute-7: 93 % for 6 min");

    [Fact]
    public void The_end_has_the_value_of_now_and_how_long_it_was() =>
        SubjectOf(Alert("compute-7:9100", 41, over: true)).Should().Be("[RESOLVED] HypervisorMemoryHigh compute-7: 41 % after 6 min");

    [Fact]
    public void Where_the_value_says_nothing_the_time_is_said_alone()
    {
        SubjectOf(Alert("compute-7", 0, "InstanceDown"), "up == 0", "").Should().Be("[CRITICAL] InstanceDown compute-7 for 6 min");
        SubjectOf(Alert("compute-7", 360, "Gone"), "beat", "absent_for: 3m").Should()
            .Be("[CRITICAL] Gone compute-7: not heard of for 6 min");
        SubjectOf(Alert("compute-7", 7500, "Filling"), "free_bytes", "forecast: { reaches: 0, within: 9d }").Should()
            .Be("[CRITICAL] Filling compute-7: 0 B in 2 h 5 min, for 6 min");
    }

    [Fact]
    public void What_is_blind_or_flaps_says_so()
    {
        RoutedAlert alert = Alert("compute-7", 93);
        SubjectOf(alert with { Alert = alert.Alert with { State = new AlertState.NoData(s_firing, 1) } }).Should()
            .Be("[CRITICAL] HypervisorMemoryHigh compute-7: no data, last 93 %, for 6 min");
        SubjectOf(alert with { IsFlapping = true }).Should().Be("[CRITICAL] HypervisorMemoryHigh compute-7: flapping, 93 %, for 6 min");
        var expired = new AlertState.Inactive(EndReason.Expired);
        SubjectOf(alert with { Alert = alert.Alert with { State = expired }, Before = s_firing }).Should()
            .Be("[RESOLVED] HypervisorMemoryHigh compute-7: expired, last 93 %, after 6 min");
    }

    [Theory]
    [InlineData("resolved")]
    [InlineData("Re\u202Esol\u200Bved")]
    [InlineData("[OK] x")]
    public void No_severity_says_that_what_fires_is_over(string severity) =>
        SubjectOf(Alert("compute-7", 93, severity: severity)).Should().StartWith("[FIRING] ");

    [Fact]
    public void Signs_that_turn_a_line_around_are_left_out() =>
        SubjectOf(Alert("a\u202Eb\u2066c\U000E0041d", 93, "\u202EHot")).Should().Be("[CRITICAL] Hot abcd: 93 % for 6 min");

    [Fact]
    public void Several_alerts_are_counted_and_the_worst_is_named()
    {
        List<RoutedAlert> alerts =
        [
            .. Enumerable.Range(0, 3).Select(i => Alert($"compute-{i}", 0, "InstanceDown", over: true)),
            .. Enumerable.Range(8, 36).Select(i => Alert($"compute-{i}", 0, "InstanceDown", severity: "warning")),
            Alert("compute-7", 0, "InstanceDown"),
        ];
        SubjectOf(alerts).Should().Be("[CRITICAL] 37 firing, 3 resolved: InstanceDown compute-7 and 36 others");
        SubjectOf(alerts[..2]).Should().Be("[RESOLVED] 2 resolved: InstanceDown compute-0 and 1 other");
        SubjectOf(alerts[2..4]).Should().Be("[WARNING] 1 firing, 1 resolved: InstanceDown compute-8");
        SubjectOf([Alert("compute-7", 1, "DiskFull"), Alert("compute-7", 1, "LoadHigh", severity: "warning")]).Should()
            .Be("[CRITICAL] 2 firing on compute-7: DiskFull and 1 other");
    }

    [Theory]
    [InlineData("[fe80::1]:9100", "[fe80::1]")]
    [InlineData("fe80::1", "fe80::1")]
    [InlineData("10.0.0.7:9100", "10.0.0.7")]
    [InlineData("a\r\nBcc: b\u2028c", "a Bcc: b c")]
    public void A_place_is_without_its_port_and_in_one_line(string instance, string place) =>
        SubjectOf(Alert(instance, 93)).Should().Contain($"High {place}: 93 %").And.NotContainAny("\n", "\r", "\u2028");

    [Fact]
    public void What_is_long_is_cut_before_the_value_is()
    {
        string subject = SubjectOf(Alert(string.Concat(Enumerable.Repeat("😀", 200)), 93, new string('n', 300)));
        subject.Should().EndWith("…: 93 % for 6 min");
        subject.Length.Should().BeLessThan(150);
        subject.EnumerateRunes().Should().NotContain(r => r.Value == 0xFFFD, "no sign is cut in half");
    }

    [Fact]
    public void An_own_subject_takes_the_place_of_ours() =>
        Mail([Alert("compute-7", 93)], more: ", headers: { Subject: 'own {{ common_labels.alertname }}' }").Subject.Should()
            .Be("own HypervisorMemoryHigh");

    [Fact]
    public void The_title_leads_to_the_alert_the_runbook_can_be_tapped_and_the_picture_fits()
    {
        RoutedAlert alert = Alert("compute-7", 93);
        string html = Mail([alert], picture: true).HtmlBody!;
        html.Should()
            .Contain($"<a href=\"http://m/alerts/{alert.Id:x32}\"").And.Contain("<a href=\"https://runbooks.example/a?b=1&amp;c=2\"")
            .And.Contain("max-width:640px;height:auto").And.Contain("width=device-width")
            .And.Contain("<a href=\"http://m/acknowledge/key?sig\"").And.Contain("93 % for 6 min");
    }

    [Fact]
    public void What_is_no_address_of_the_web_is_no_link()
    {
        RoutedAlert alert = Alert("compute-7", 93);
        var annotations = new Dictionary<string, string> { ["runbook_url"] = "javascript:alert(1)" };
        Mail([alert with { Alert = alert.Alert with { Annotations = annotations } }]).HtmlBody.Should()
            .Contain("Runbook: javascript:alert(1)").And.NotContain("href=\"javascript");
    }

    [Fact]
    public void Where_an_alert_is_becomes_no_markup_in_an_own_page() =>
        Mail([Alert("<script>alert(1)</script>", 93)], more: ", html: '<p>{{ title }} {{ text }}</p>'").HtmlBody.Should()
            .NotContain("<script>").And.Contain("&lt;script&gt;");

    [Fact]
    public void What_is_said_before_alerts_becomes_no_markup_in_an_own_page() =>
        Mail([Alert("compute-7", 93)], more: ", html: '<p>{{ text }}</p>'", note: "12 alerts: <script>").HtmlBody.Should()
            .NotContain("<script>").And.Contain("12 alerts: &lt;script&gt;");

    [Fact]
    public void Many_alerts_are_a_list_the_worst_first()
    {
        IEnumerable<RoutedAlert> mild = Enumerable.Range(0, 300).Select(i => Alert($"compute-{i}", 93, severity: "warning"));
        List<RoutedAlert> alerts = [.. mild, Alert("worst", 93)];
        string html = Mail(alerts).HtmlBody!;
        html.IndexOf("> worst", StringComparison.Ordinal).Should().BeInRange(0, html.IndexOf("> compute-0", StringComparison.Ordinal));
        html.Should().Contain("301 firing").And.Contain("and 201 more");
        html.Length.Should().BeLessThan(100_000, "from 102 kB on some show half of a mail");
    }

    [Theory]
    [InlineData(0, 100, "disk_used_percent", "0 %,20 %,40 %,60 %,80 %,100 %")]
    [InlineData(0.9301, 0.9304, "pool_used_ratio", "93.01 %,93.02 %,93.03 %,93.04 %")]
    [InlineData(0, 26e9, "free_bytes", "0 GB,10 GB,20 GB")]
    [InlineData(0, 7200, "lag_seconds", "0.0 h,0.5 h,1.0 h,1.5 h,2.0 h")]
    [InlineData(-5, 5, "queue", "-4,-2,0,2,4")]
    [InlineData(-0.7e9, 3.1e9, "free_bytes", "0 GB,1 GB,2 GB,3 GB")]
    public void No_label_of_an_axis_is_there_twice(double least, double greatest, string metric, string labels) =>
        PictureAxis.OfValues(least, greatest, UnitReader.OfName(metric), 5).Labels.Should().Equal(labels.Split(','));

    [Theory]
    [InlineData(1)]
    [InlineData(24)]
    [InlineData(30)]
    [InlineData(24 * 16)]
    [InlineData(24 * 800)]
    public void No_label_of_time_is_there_twice(int hours)
    {
        PictureAxis axis = PictureAxis.OfTimes(s_now.Milliseconds, s_now.Milliseconds + (hours * 3_600_000L));
        axis.Labels.Should().HaveCountGreaterThan(1).And.HaveCountLessThan(9).And.OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData(1, double.NaN)]
    [InlineData(100, 90)]
    [InlineData(100, 5e-324)]
    [InlineData(100, double.MaxValue)]
    [InlineData(100, 1e300)]
    [InlineData(100, double.PositiveInfinity)]
    public void A_picture_is_drawn_whatever_the_values_are(int count, double bound)
    {
        byte[] png = new AlertPicture
        {
            Title = "x", Times = [.. Enumerable.Range(0, count).Select(i => s_now.Milliseconds + (i * 1000L))],
            Values = [.. Enumerable.Range(0, count).Select(i => i switch
            {
                3 => double.NaN, 4 => double.PositiveInfinity, 5 => double.MaxValue, 6 => double.MinValue, _ => 1e9 + (1e-7 * (i % 2)),
            })],
            Unit = ValueUnit.None, Bound = bound, Since = s_now.Milliseconds, From = s_now.Milliseconds - 1000,
            Until = s_now.Milliseconds + 200_000, Ahead = (s_now.Milliseconds + 400_000, -3),
        }.Draw();
        png.AsSpan(1, 3).SequenceEqual("PNG"u8).Should().BeTrue();
    }

    private static string SubjectOf(RoutedAlert alert, string expression = "100 * a / b", string rest = "above: 90") =>
        Mail([alert], expression, rest).Subject!;

    private static string SubjectOf(List<RoutedAlert> alerts) => Mail(alerts, "up == 0", "").Subject!;

    private static MimeMessage Mail(
        List<RoutedAlert> alerts, string expression = "100 * a / b", string rest = "above: 90", string more = "", bool picture = false,
        string? note = null)
    {
        string rule = $"alert: A, expr: '{expression}'{(rest.Length > 0 ? $", {rest}" : "")}";
        Condition condition =
            RuleFile.Read($"groups: [ {{ name: g, rules: [ {{ {rule} }} ] }} ]", "r.yaml", [])[0].Alerting.Single().Condition;
        var integration = new Integration(new IntegrationId("r", "email", 0), true);
        var notification = new Notification(new Metrics.Routing.GroupKey("{}", Labels.Empty), "r", integration, alerts);
        AlertMessage message = MessageComposer.Compose(notification, new("http://m", _ => null, _ => condition), s_now);
        message = message with { Links = MessageLinks.Of(message, "key", _ => "sig"), Note = note ?? message.Note };
        var notifier = (EmailNotifier)MetricsOptions.Parse(
            $"receivers: [ {{ name: r, email_configs: [ {{ to: o@x.example, from: m@x.example, smarthost: 'h:25'{more} }} ] }} ]")
            .Notifications.Receivers[0].Notifiers[0].Notifier;
        // As it is sent: it is stored before.
        return notifier.Compose(AlertMessage.FromJson(message.ToJson()), "key", picture ? [1] : null, TimeProvider.System);
    }

    private static RoutedAlert Alert(
        string instance, double value, string name = "HypervisorMemoryHigh", bool over = false, string severity = "critical") => new(
        RuleId.Parse("f;g;r"),
        new AlertInstance
        {
            Series = Labels.Of(new Label("instance", instance), new Label("job", "host")),
            Labels = Labels.Of(
                new Label("alertname", name), new Label("instance", instance), new Label("job", "host"), new Label("severity", severity)),
            State = over ? new AlertState.Inactive(EndReason.Resolved) : s_firing,
            Value = value,
            Annotations = new Dictionary<string, string>
            {
                ["summary"] = "<b>memory</b>", ["runbook_url"] = "https://runbooks.example/a?b=1&c=2",
            },
        },
        over ? s_firing : new AlertState.Inactive(), s_now);
}
