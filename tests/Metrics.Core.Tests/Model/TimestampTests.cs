using System.Globalization;
using Metrics.Model;

namespace Metrics.Tests.Model;

public sealed class TimestampTests
{
    private static readonly Timestamp s_moment = new(1_700_000_000_250);

    [Theory]
    [InlineData(1_700_000_000_250, "2023-11-14T22:13:20.250Z", "2023-11-14T22:13:20.25Z", "2023-11-14T22:13:20Z")]
    [InlineData(1_700_000_000_000, "2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20Z")]
    [InlineData(0, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z")]
    [InlineData(-1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59Z")]
    [InlineData(long.MaxValue, "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59Z")]
    [InlineData(long.MinValue, "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    public void A_moment_is_written_in_UTC(long milliseconds, string full, string brief, string seconds)
    {
        var moment = new Timestamp(milliseconds);
        (moment.ToString(), moment.ToShortText(), moment.ToSecondsText()).Should().Be((full, brief, seconds));
    }

    [Theory]
    [InlineData(1_700_000_000_250, 1_700_000_000_250_000_000)]
    [InlineData(-1, -1_000_000)]
    [InlineData(-12_000_000_000_000, -9_223_372_036_854_000_000)]
    [InlineData(long.MaxValue, 9_223_372_036_854_000_000)]
    [InlineData(long.MinValue, -9_223_372_036_854_000_000)]
    public void Nanoseconds_end_where_a_number_does(long milliseconds, long nanoseconds) =>
        new Timestamp(milliseconds).ToNanoseconds().Should().Be(nanoseconds);

    [Fact]
    public void No_culture_changes_how_it_is_written()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var dotted = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            dotted.DateTimeFormat.TimeSeparator = ".";
            CultureInfo.CurrentCulture = dotted;
            s_moment.ToString().Should().Be("2023-11-14T22:13:20.250Z");
            s_moment.ToSentenceText().Should().Be("2023-11-14 22:13:20 UTC");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_date_elsewhere_is_the_same_moment()
    {
        var there = new DateTimeOffset(2023, 11, 15, 0, 13, 20, 250, TimeSpan.FromHours(2));
        Timestamp.Of(there).Should().Be(s_moment);
        s_moment.ToDateTimeOffset().Should().Be(there);
    }

    [Fact]
    public void Moments_are_moved_and_compared()
    {
        Timestamp later = s_moment + TimeSpan.FromSeconds(90);
        (later - s_moment).Should().Be(TimeSpan.FromSeconds(90));
        (later - TimeSpan.FromSeconds(90)).Should().Be(s_moment);
        (later > s_moment, later >= s_moment, later < s_moment, later <= s_moment).Should().Be((true, true, false, false));
        new[] { later, s_moment }.Order().Should().Equal(s_moment, later);
    }
}
