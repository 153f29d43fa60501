using System.Text.RegularExpressions;
using Metrics.Cli.Charts;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Tests.Cli.Charts;

/// <summary>What a chart shows, in characters.</summary>
public sealed partial class ChartTests
{
    private const long Minute = 60_000;
    private static readonly long s_noon = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Fact]
    public void A_rise_is_a_line_from_the_lower_left_to_the_upper_right_between_two_axes()
    {
        string[] lines = Draw(Screen.OfSize(60, 24, false), new("rise_bytes"), Every(Minute, 61, i => i * 1e8));
        lines.Should().HaveCount(18);
        lines.Max(l => l.Length).Should().BeLessThanOrEqualTo(60);
        lines[0].Should().StartWith("6 GB ┤").And.EndWith("•");
        lines[15].Should().StartWith("0 GB ┤•");
        lines[16].Should().StartWith("     └┬").And.HaveLength(60);
        lines[17].Should().MatchRegex("^ +12:00 +12:15 +12:30 +12:45 +13:00$");
    }

    [Fact]
    public void A_gap_stays_a_gap_and_the_line_goes_on_behind_it()
    {
        List<ChartPoint> all = Every(Minute, 61, _ => 5);
        string[] lines = Draw(Screen.OfSize(73, 24, false), new("x"), [.. all.Where((_, i) => i is < 20 or > 40)]);
        string line = lines.Single(l => l.Contains('•'));
        line.Should().MatchRegex("•{15,} {15,}•{15,}$");
        Draw(Screen.OfSize(73, 24, false), new("x"), [.. all.Select((p, i) => i == 30 ? p with { Value = double.NaN } : p)])
            .Single(l => l.Contains('•')).Should().MatchRegex("•+ +•+$", "what is no number is a gap, too");
    }

    [Fact]
    public void A_coarse_step_is_a_line_and_not_dots()
    {
        string[] lines = Draw(Screen.OfSize(73, 24, false), new("x"), Every(15 * Minute, 5, i => i % 2), 15 * Minute);
        for (int column = 5; column < 73; column++)
            lines[..^2].Should().Contain(l => l.Length > column && l[column] == '•', $"column {column}");
    }

    [Fact]
    public void A_spike_of_one_point_among_many_is_seen()
    {
        string[] lines = Draw(Screen.OfSize(60, 24, false), new("x"), Every(1000, 3601, i => i == 1800 ? 100 : 1), 1000);
        lines[0].Should().Contain("100 ┤").And.Contain("•");
    }

    [Fact]
    public void Series_have_marks_and_in_a_terminal_with_colours_a_colour_each()
    {
        List<ChartPoint> low = Every(Minute, 61, _ => 1), high = Every(Minute, 61, _ => 9);
        string plain = string.Join('\n', Draw(Screen.OfSize(60, 24, false), new("x"), Minute, low, high));
        plain.Should().Contain("••••").And.Contain("++++").And.NotContain("\e");
        string colours = string.Join('\n', Draw(Screen.OfSize(60, 24, true), new("x"), Minute, low, high));
        colours.Should().Contain("\e[36m•").And.Contain("\e[33m+").And.EndWith(plain.Split('\n')[^1]);
        Colours().Replace(colours, "").Should().Be(plain, "colours only colour");
    }

    [Theory]
    [InlineData(15, "12:00:00 12:00:05 12:00:10 12:00:15")]
    [InlineData(3600 * 24, "12:00 18:00 02-01 06:00 12:00")]
    [InlineData(3600 * 24 * 7, "02-01 02-02 02-03 02-04 02-05 02-06 02-07")]
    [InlineData(3600 * 24 * 365 * 2, "2026-04-23 2026-10-22 2027-04-22 2027-10-21")]
    public void Times_are_round_and_as_fine_as_the_range(int seconds, string texts)
    {
        var axis = new TimeAxis(new Timestamp(s_noon), new Timestamp(s_noon + (seconds * 1000L)), 79);
        string.Join(' ', axis.Lines().Labels.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Should().Be(texts);
    }

    [Theory]
    [InlineData("probe_seconds", 0.001, 0.009, "10 ms|8 ms|6 ms|4 ms|2 ms|0 ms")]
    [InlineData("age_seconds", 0, 7000, "2.0 h|1.5 h|1.0 h|0.5 h|0.0 h")]
    [InlineData("used_ratio", 0.1, 0.9, "100 %|80 %|60 %|40 %|20 %|0 %")]
    [InlineData("used_bytes", 4.01e9, 4.02e9, "4.020 GB|4.018 GB|4.016 GB|4.014 GB|4.012 GB|4.010 GB")]
    [InlineData("connections", 0, 90000, "100 k|80 k|60 k|40 k|20 k|0 k")]
    [InlineData("temperature", -3, 5, "6|4|2|0|-2|-4")]
    [InlineData("flat", 5, 5, "5.6|5.4|5.2|5.0|4.8|4.6|4.4")]
    [InlineData("node_boot_time_seconds", 1769860800, 1769860800,
        "2026-01-31T13:00:00Z|2026-01-31T12:30:00Z|2026-01-31T12:00:00Z|2026-01-31T11:30:00Z|2026-01-31T11:00:00Z")]
    [InlineData("nothing", 0, 0, "1.0|0.8|0.6|0.4|0.2|0.0")]
    public void Values_at_the_axis_are_round_and_tell_each_other_apart(string metric, double least, double most, string labels) =>
        string.Join('|', new ValueAxis(least, most, UnitReader.OfName(metric), 16).Labels().Where(l => l is not null)).Should().Be(labels);

    [Theory]
    [InlineData(-1.7e308, 1.7e308)]
    [InlineData(1e-320, 2e-320)]
    [InlineData(1e300, 1e301)]
    [InlineData(9007199254740992, 9007199254740993)]
    [InlineData(1e-15, 3e-15)]
    public void Whatever_numbers_come_they_are_drawn(double least, double most)
    {
        foreach (string metric in new[] { "x", "x_bytes", "x_seconds", "x_ratio", "x_boot_time_seconds", "x_celsius" })
        {
            string[] lines = Draw(Screen.OfSize(80, 24, false), new(metric), Every(Minute, 61, i => i % 2 == 0 ? least : most));
            lines.Should().HaveCount(18);
            lines.Max(l => l.Length).Should().BeLessThanOrEqualTo(80);
        }
    }

    [Fact]
    public void What_a_terminal_does_not_know_of_its_size_is_taken_as_80_by_24()
    {
        Screen.OfSize(0, 0, false).Should().BeEquivalentTo(new { IsTerminal = true, Width = 80, Height = 24 });
        Screen.OfSize(211, 50, false).Width.Should().Be(211);
        Screen.Of(TextWriter.Null).IsTerminal.Should().BeFalse();
    }

    private sealed record Named(string Metric);

    private static List<ChartPoint> Every(long step, int count, Func<int, double> value) =>
        [.. Enumerable.Range(0, count).Select(i => new ChartPoint(s_noon + (i * step), value(i)))];

    private static string[] Draw(Screen screen, Named metric, List<ChartPoint> points, long step = Minute) =>
        Draw(screen, metric, step, points);

    private static string[] Draw(Screen screen, Named metric, long step, params List<ChartPoint>[] series)
    {
        using var to = new StringWriter();
        long last = series[0][^1].At;
        new Chart(screen).Draw(
            [.. series.Select(s => new ChartSeries(s))], UnitReader.OfName(metric.Metric),
            columns => new TimeAxis(new Timestamp(s_noon), new Timestamp(last), columns), step, to);
        return to.ToString().TrimEnd('\n').Split('\n');
    }

    [GeneratedRegex("\e\\[[0-9]+m")]
    private static partial Regex Colours();
}
