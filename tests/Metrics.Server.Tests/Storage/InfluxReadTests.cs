using Metrics.Model;
using Metrics.Series;
using Metrics.Storage.Samples.Influx;

namespace Metrics.Tests.Storage;

/// <summary>Questions to InfluxDB 2 and 3, and rows of their answers.</summary>
public sealed class InfluxReadTests
{
    [Fact]
    public void Texts_of_others_stay_texts_in_Flux_and_SQL()
    {
        LabelMatcher[] matchers =
        [
            new(Labels.MetricName, MatchKind.Equal, "node_load1"),
            new("host", MatchKind.Equal, "a\"b\\c${d}'e"),
            new("job", MatchKind.Regex, "x.*"),
        ];
        FluxReader.Query("met\"rics", matchers, 1000, 2000).Should().Be(
            "from(bucket: \"met\\\"rics\") |> range(start: time(v: 1000000000), stop: time(v: 2001000000)) |> filter(fn: (r) => "
            + "r._measurement == \"node_load1\" and r._field == \"node_load1\" and r[\"host\"] == \"a\\\"b\\\\c\\${d}'e\")");
        SqlReader.Query("node\"load1", "node_load1", matchers, 1000, 2000).Should().Be(
            "SELECT * FROM \"node\"\"load1\" WHERE time >= to_timestamp_millis(1000) AND time <= to_timestamp_millis(2000)"
            + " AND \"node_load1\" IS NOT NULL AND \"host\" = 'a\"b\\c${d}''e' ORDER BY time");
    }

    [Theory]
    [InlineData(",a,,b", ",a,,b")]
    [InlineData("\"a,b\",c", "a;b,c")]
    [InlineData("\"say \"\"hi\"\"\",\"\"", "say \"hi\",")]
    [InlineData("\"two\nlines\"", "two\nlines")]
    [InlineData("", "")]
    public void A_row_of_CSV_is_parted(string row, string expected)
    {
        var fields = new List<string>();
        FluxCsv.TrySplit(row, fields).Should().BeTrue();
        string.Join(',', fields.Select(f => f.Replace(',', ';'))).Should().Be(expected);
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("a,\"b")]
    [InlineData("a,\"b\"\"")]
    public void A_row_whose_text_has_not_ended_goes_on(string row) => FluxCsv.TrySplit(row, []).Should().BeFalse();

    [Theory]
    [InlineData("2026-11-26T10:00:00Z", 1795687200000)]
    [InlineData("2026-11-26T10:00:00.123456789Z", 1795687200123)]
    [InlineData("2026-11-26T10:00:00.5", 1795687200500)]
    public void Moments_are_UTC(string text, long expected)
    {
        InfluxTime.TryParse(text, out long at).Should().BeTrue();
        at.Should().Be(expected);
    }
}
