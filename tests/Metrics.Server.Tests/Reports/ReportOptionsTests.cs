using Metrics.Hosting;
using Metrics.Reports;

namespace Metrics.Tests.Reports;

public sealed class ReportOptionsTests
{
    private const string Receivers = """
        route: { receiver: mail }
        receivers:
          - name: mail
            email_configs: [ { to: ops@x.example, from: m@x.example, smarthost: '127.0.0.1:25' } ]
          - name: pager
            webhook_configs: [ { url: 'http://127.0.0.1:1/' } ]

        """;

    [Fact]
    public void A_report_is_due_each_morning_of_its_time_zone_unless_it_says_otherwise()
    {
        ReportOptions report = MetricsOptions.Parse(Receivers + "reports: [ { name: daily, receiver: mail, time_zone: Europe/Berlin } ]")
            .Reports.Single();
        (report.Covers, report.Limit).Should().Be((null, 10));
        // In winter Berlin is an hour ahead.
        var morning = new DateTimeOffset(2026, 11, 28, 6, 0, 0, TimeSpan.Zero);
        report.LastDue(morning).Should().Be(morning);
        report.LastDue(morning.AddHours(23)).Should().Be(morning);
        report.LastDue(morning.AddSeconds(-1)).Should().Be(morning.AddDays(-1));
    }

    [Fact]
    public void It_is_about_the_time_since_it_was_due_before_also_on_the_days_on_which_clocks_change()
    {
        ReportOptions daily = MetricsOptions.Parse(Receivers + "reports: [ { name: daily, receiver: mail, time_zone: Europe/Berlin } ]")
            .Reports.Single();
        var due = new DateTimeOffset(2026, 10, 25, 6, 0, 0, TimeSpan.Zero);
        (due - daily.Begin(due)).Should().Be(TimeSpan.FromHours(25));
        ReportOptions weekly = MetricsOptions.Parse(Receivers + "reports: [ { name: weekly, receiver: mail, cron: '0 0 7 ? * MON' } ]")
            .Reports.Single();
        var monday = new DateTimeOffset(2026, 11, 23, 7, 0, 0, TimeSpan.Zero);
        weekly.Begin(monday).Should().Be(monday.AddDays(-7));
        ReportOptions given = MetricsOptions.Parse(Receivers + "reports: [ { name: a, receiver: mail, covers: 3d } ]").Reports.Single();
        given.Begin(monday).Should().Be(monday.AddDays(-3));
    }

    [Fact]
    public void What_was_due_long_ago_is_not_made_up_for()
    {
        ReportOptions report = MetricsOptions.Parse(Receivers + "reports: [ { name: weekly, receiver: mail, cron: '0 0 7 ? * MON' } ]")
            .Reports.Single();
        var monday = new DateTimeOffset(2026, 11, 23, 7, 0, 0, TimeSpan.Zero);
        report.LastDue(monday.AddHours(47)).Should().Be(monday);
        report.LastDue(monday.AddHours(49)).Should().BeNull();
    }

    [Theory]
    [InlineData("{ receiver: mail }", "name is required")]
    [InlineData("{ name: a }", "receiver is required")]
    [InlineData("{ name: a, receiver: nobody }", "receiver is 'nobody'; known are mail, pager")]
    [InlineData("{ name: a, receiver: pager }", "receiver is 'pager', which has no email_configs; reports go by mail")]
    [InlineData("{ name: a, receiver: mail, cron: tomorrow }", "is 'tomorrow', which is no Quartz cron expression such as '0 0 7 * * ?'")]
    [InlineData("{ name: a, receiver: mail, cron: '0 0/30 * * * ?' }", "cron is so more often than once an hour")]
    [InlineData("{ name: a, receiver: mail, time_zone: Mars/Base }", "time_zone is 'Mars/Base', which is no time zone")]
    [InlineData("{ name: a, receiver: mail, covers: 1y }", "covers is 1y; it must be at most 31d")]
    [InlineData("{ name: a, receiver: mail }, { name: a, receiver: mail }", "name is 'a', which another report has already")]
    public void What_is_wrong_is_said(string reports, string expected)
    {
        Action read = () => MetricsOptions.Parse($"{Receivers}reports: [ {reports} ]");
        read.Should().Throw<Metrics.Configuration.ConfigurationException>().Which.Message.Should().Contain(expected);
    }
}
