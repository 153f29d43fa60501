using System.Text;
using System.Text.Json;
using Metrics.Cli;
using Metrics.Cli.Charts;
using Metrics.Model;
using Metrics.Query;

namespace Metrics.Tests.Cli;

/// <summary>Answers of queries, for people and for programs.</summary>
public sealed class QueryTextTests
{
    private const string Vector = """
        { "resultType": "vector", "result": [
          { "metric": { "__name__": "free_bytes", "host": "a" }, "value": [1769860800, "2.3e+10"] },
          { "metric": { "__name__": "free_bytes", "host": "say \"b,c\"" }, "value": [1769860800.25, "NaN"] } ] }
        """;

    private const string Matrix = """
        { "resultType": "matrix", "result": [
          { "metric": { "host": "a", "job": "j" }, "values": [[1769860800, "1000"], [1769860860, "2000"], [1769860920, "NaN"]] },
          { "metric": { "host": "b", "job": "j" }, "values": [[1769860800, "500"], [1769860920, "700"]] },
          { "metric": { "host": "c", "job": "j" }, "values": [[1769860800, "NaN"]] } ] }
        """;

    private static readonly QueryRange s_range =
        new(new Timestamp(1769860800_000), new Timestamp(1769860920_000), TimeSpan.FromMinutes(1));

    [Fact]
    public void Numbers_have_their_units_unless_they_are_wanted_as_they_are()
    {
        Text(t => t.Write(Json(Vector))).Should().Be(
            "free_bytes{host=\"a\"}            23.0 GB\nfree_bytes{host=\"say \\\"b,c\\\"\"}  NaN\n");
        Text(t => t.Write(Json(Vector)), isRaw: true).Should().StartWith("free_bytes{host=\"a\"}            2.3e+10\n");
        Text(t => t.Write(Json("""{ "resultType": "scalar", "result": [1, "1500"] }"""))).Should().Be("1.5 kB\n");
    }

    [Fact]
    public void Without_a_terminal_a_range_is_figures() =>
        Text(t => t.Write(Json(Matrix))).Should().Be("""
            {host="a", job="j"}  min 1.0 kB  max 2.0 kB  last NaN  (3 points)
            {host="b", job="j"}  min 500 B  max 700 B  last 700 B  (2 points)
            {host="c", job="j"}  no number

            """);

    [Fact]
    public void In_a_terminal_it_is_a_chart_with_a_legend_and_what_all_have_in_common_is_said_once()
    {
        string[] lines = Text(t => t.Draw(Json(Matrix), s_range, Screen.OfSize(70, 20, false))).Split('\n');
        lines[0].Should().Be("{job=\"j\"}  2026-01-31 12:00:00 to 12:02:00 UTC");
        lines[1].Should().StartWith("2.0 kB ┤");
        lines.Should().Contain("• {host=\"a\"}  min 1.0 kB  max 2.0 kB  last NaN  (3 points)");
        lines.Should().Contain("+ {host=\"b\"}  min 500 B  max 700 B  last 700 B  (2 points)");
        lines[^2].Should().Be("{host=\"c\", job=\"j\"}  no number");
    }

    [Fact]
    public void Of_many_series_those_that_rise_highest_are_drawn_and_the_others_are_written()
    {
        IEnumerable<string> series = Enumerable.Range(1, 12).Select(
            i => $$"""{ "metric": { "n": "{{i}}" }, "values": [[1769860800, "{{i}}"], [1769860860, "{{i}}"]] }""");
        string text = Text(t => t.Draw(
            Json($$"""{ "resultType": "matrix", "result": [{{string.Join(',', series)}}] }"""), s_range, Screen.OfSize(70, 40, false)));
        text.Should().Contain("• {n=\"12\"}").And.Contain("% {n=\"5\"}").And.Contain("\n{n=\"4\"}  min 4 B").And.Contain("\n{n=\"1\"}");
    }

    [Fact]
    public void Without_a_series_or_a_number_there_is_no_chart()
    {
        var screen = Screen.OfSize(70, 20, false);
        Text(t => t.Draw(Json("""{ "resultType": "matrix", "result": [] }"""), s_range, screen)).Should().Be("no series\n");
        string none = """{ "resultType": "matrix", "result": [{ "metric": {}, "values": [[1769860800, "NaN"]] }] }""";
        Text(t => t.Draw(Json(none), s_range, screen)).Should().Be("{}  no number\n");
    }

    [Fact]
    public void What_others_wrote_into_a_label_cannot_move_the_cursor()
    {
        const string Escape = """{ "resultType": "matrix", "result": [{ "metric": { "a": "x\u001b[2J" }, "values": [[1769860800, "1"]] }] }""";
        string text = Text(t => t.Draw(Json(Escape), s_range, Screen.OfSize(70, 20, false)));
        text.Should().Contain("x [2J").And.NotContain("\e");
    }

    [Fact]
    public void Csv_has_a_line_for_each_point_and_a_column_for_each_label()
    {
        Csv(Vector).Should().Be(
            "time,__name__,host,value\n2026-01-31T12:00:00.000Z,free_bytes,a,2.3e+10\n"
            + "2026-01-31T12:00:00.250Z,free_bytes,\"say \"\"b,c\"\"\",NaN\n");
        Csv(Matrix).Split('\n').Should().HaveCount(8).And.HaveElementAt(2, "2026-01-31T12:01:00.000Z,a,j,2000");
        Csv("""{ "resultType": "scalar", "result": [1769860800, "1"] }""").Should().Be("time,value\n2026-01-31T12:00:00.000Z,1\n");
        Csv("""{ "resultType": "vector", "result": [] }""").Should().Be("time,value\n", "a table without rows has its heads");
    }

    [Fact]
    public async Task Where_the_unit_is_not_known_soon_the_numbers_are_shown_without_it()
    {
        const string Answer = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1500.5"]}]}}""";
        using var daemon = new LocalServer(async context =>
        {
            if (context.Request.Url!.AbsolutePath.EndsWith("/metadata", StringComparison.Ordinal))
                context.Response.StatusCode = 500;
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Answer));
        });
        (await CliRun.Of("query", "temp", "--url", daemon.Url.TrimEnd('/'))).Should().Be(new CliRun(0, "{}  1500.5\n", ""));
    }

    [Theory]
    [InlineData("bytes", "1.5 kB")]
    [InlineData("seconds", "25 min")]
    [InlineData("elephants", "1500.5")]
    [InlineData("", "1500.5")]
    public async Task A_unit_that_the_metric_declares_counts_where_its_name_says_none(string unit, string text)
    {
        const string Answer = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1500.5"]}]}}""";
        string metadata = $$$"""{"status":"success","data":{"temp":[{"type":"gauge","help":"","unit":"{{{unit}}}"}]}}""";
        using var daemon = new LocalServer(async context =>
        {
            bool asksUnit = context.Request.Url!.PathAndQuery == "/api/v1/metadata?metric=temp";
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(asksUnit ? metadata : Answer));
        });
        (await CliRun.Of("query", "max(temp)", "--url", daemon.Url.TrimEnd('/'))).Output.Should().Be($"{{}}  {text}\n");
    }

    private static JsonElement Json(string json) => JsonElement.Parse(json);

    private static string Csv(string json)
    {
        using var to = new StringWriter();
        QueryCsv.Write(Json(json), to);
        return to.ToString();
    }

    private static string Text(Action<QueryText> write, bool isRaw = false)
    {
        using var to = new StringWriter();
        write(new QueryText(to, _ => isRaw ? null : new ValueUnit(UnitKind.Bytes)));
        return to.ToString();
    }
}
