using System.Globalization;
using Metrics.Routing;

namespace Metrics.Tests.Routing;

public sealed class TimeIntervalTests
{
    private static readonly TimeZoneInfo s_berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("2026-03-10T09:00:00Z", true)]
    [InlineData("2026-03-10T16:59:59Z", true)]
    [InlineData("2026-03-10T17:00:00Z", false)]
    [InlineData("2026-03-10T08:59:59Z", false)]
    [InlineData("2026-03-14T12:00:00Z", false)]
    public void Office_hours(string moment, bool expected) =>
        Interval(times: [new(540, 1020)], weekdays: [new(1, 5)]).Contains(Time(moment)).Should().Be(expected);

    [Theory]
    [InlineData("2026-02-28T12:00:00Z", true)]
    [InlineData("2026-02-26T12:00:00Z", true)]
    [InlineData("2026-02-25T12:00:00Z", false)]
    [InlineData("2028-02-29T12:00:00Z", true)]
    [InlineData("2028-02-26T12:00:00Z", false)]
    public void The_last_three_days_of_a_month(string moment, bool expected) =>
        Interval(days: [new(-3, -1)]).Contains(Time(moment)).Should().Be(expected);

    [Fact]
    public void A_range_beyond_the_months_end_is_cut()
    {
        Interval(days: [new(1, 31)]).Contains(Time("2026-02-28T00:00:00Z")).Should().BeTrue();
        Interval(days: [new(30, 31)]).Contains(Time("2026-02-28T00:00:00Z")).Should().BeFalse();
    }

    [Theory]
    [InlineData("2026-03-28T22:30:00Z", false)]
    [InlineData("2026-03-28T23:30:00Z", true)]
    [InlineData("2026-03-29T21:30:00Z", true)]
    [InlineData("2026-03-29T22:30:00Z", false)]
    public void A_Sunday_of_Berlin_is_an_hour_short_in_March(string moment, bool expected) =>
        Interval(weekdays: [new(0, 0)], zone: s_berlin).Contains(Time(moment)).Should().Be(expected);

    [Fact]
    public void All_fields_must_be_met()
    {
        TimeInterval christmas = Interval(days: [new(24, 26)], months: [new(12, 12)], years: [new(2026, 2027)]);
        christmas.Contains(Time("2026-12-25T03:00:00Z")).Should().BeTrue();
        christmas.Contains(Time("2028-12-25T03:00:00Z")).Should().BeFalse();
        christmas.Contains(Time("2026-11-25T03:00:00Z")).Should().BeFalse();
    }

    private static TimeInterval Interval(
        InclusiveRange[]? times = null, InclusiveRange[]? weekdays = null, InclusiveRange[]? days = null, InclusiveRange[]? months = null,
        InclusiveRange[]? years = null, TimeZoneInfo? zone = null) =>
        new(times ?? [], weekdays ?? [], days ?? [], months ?? [], years ?? [], zone ?? TimeZoneInfo.Utc);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
