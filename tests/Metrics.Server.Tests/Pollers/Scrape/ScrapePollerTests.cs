using System.Text;
using Metrics.Configuration;
using Metrics.Formats.PrometheusText;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.Scrape;

namespace Metrics.Tests.Pollers.Targets;

public sealed class ScrapePollerTests
{
    private const long Now = 1_700_000_000_000;

    private readonly TargetSeries _series = new([new Label("job", "j"), new Label("instance", "i:1")]);

    [Fact]
    public async Task A_series_that_stops_gets_one_stale_marker()
    {
        ScrapePoller poller = Poller();
        await ScrapeAsync(poller, 0, "a 1\nb{x=\"1\"} 2\n");
        (await ScrapeAsync(poller, 1, "a 3\n")).Should()
            .Equal("a{instance=\"i:1\", job=\"j\"} 3", "b{instance=\"i:1\", job=\"j\", x=\"1\"} stale");
        (await ScrapeAsync(poller, 2, "a 4\n")).Should().Equal("a{instance=\"i:1\", job=\"j\"} 4");
        (await ScrapeAsync(poller, 3, "b{x=\"1\"} 5\na 6\n")).Should().HaveCount(2);
    }

    [Fact]
    public async Task A_series_with_times_of_its_own_ends_without_a_marker()
    {
        ScrapePoller poller = Poller();
        (await ScrapeAsync(poller, 0, "a 1 1699999999000\n")).Should().Equal("a{instance=\"i:1\", job=\"j\"} 1 @1699999999000");
        (await ScrapeAsync(poller, 1, "")).Should().BeEmpty();
        (await ScrapeAsync(Poller("honor_timestamps: false"), 2, "a 1 1699999999000\n")).Should()
            .Contain("a{instance=\"i:1\", job=\"j\"} 1");
    }

    [Fact]
    public async Task Labels_that_clash_with_the_targets_are_moved_aside_or_honoured()
    {
        (await ScrapeAsync(Poller(), 0, "a{job=\"x\", exported_job=\"y\"} 1\n")).Should()
            .Equal("a{exported_exported_job=\"x\", exported_job=\"y\", instance=\"i:1\", job=\"j\"} 1");
        (await ScrapeAsync(Poller("honor_labels: true"), 1, "b{job=\"x\"} 1\n")).Should().Contain("b{instance=\"i:1\", job=\"x\"} 1");
    }

    [Fact]
    public async Task Metric_relabelling_drops_and_renames_once_for_all_scrapes()
    {
        ScrapePoller poller =
            Poller("metric_relabel_configs: [ { source_labels: [__name__], regex: 'go_.*', action: drop }, { source_labels: [x], "
                + "target_label: y, replacement: 'was-$1' }, { regex: x, action: labeldrop } ]");
        for (int i = 0; i < 2; i++)
            (await ScrapeAsync(poller, i, "go_threads 7\na{x=\"1\"} 2\n")).Should().Equal("a{instance=\"i:1\", job=\"j\", y=\"was-1\"} 2");
        poller.LastSamples.Should().Be(2);
    }

    [Theory]
    [InlineData("a 1\na{b=\"c\" 2\n", "line 2: expected ',' or '}' after a label at column 9*")]
    [InlineData("a 1\na{b=\"c\", b=\"d\"} 2\n", "line 2: the label 'b' is given twice*")]
    [InlineData("a 1\nb 2\nc 3\nd 4\n", "4 samples, more than sample_limit (2)")]
    [InlineData("a{b=\"1\",c=\"2\",d=\"3\"} 1\n", "line 1: 6 labels, more than label_limit (5)*")]
    [InlineData("a{abcdefghi=\"1\"} 1\n", "line 1: a label's name of 9 bytes, more than label_name_length_limit (8)*")]
    [InlineData("a{b=\"0123456789\"} 1\n", "line 1: the label b of 10 bytes, more than label_value_length_limit (9)*")]
    [InlineData("long 1\nlooooooooooooooooooooooooooooooooooooooooooooooong 2\n", "the body is larger than body_size_limit (50 bytes)")]
    public async Task One_bad_line_or_a_limit_fails_the_whole_scrape(string page, string message)
    {
        ScrapePoller poller = Poller(
            "sample_limit: 2\n    body_size_limit: 50\n    label_limit: 5\n    label_name_length_limit: 8\n    label_value_length_limit: 9");
        Func<Task> scrape = () => ScrapeAsync(poller, 0, page);
        await scrape.Should().ThrowAsync<FormatException>().WithMessage(message);
    }

    [Fact]
    public async Task Limits_hold_for_what_relabelling_leaves_and_what_was_given_is_counted_to_the_end()
    {
        const string Dropping = "\n    metric_relabel_configs: [ { source_labels: [__name__], regex: 'go_.*', action: drop }, "
            + "{ regex: long, action: labeldrop } ]";
        ScrapePoller poller = Poller("sample_limit: 2\n    label_limit: 4" + Dropping);
        const string Page = "go_a{a=\"1\",b=\"2\",c=\"3\"} 1\ngo_b 1\na{b=\"1\",long=\"x\"} 1\nb 2\n";
        for (int round = 0; round < 2; round++)
            (await ScrapeAsync(poller, round, Page)).Should().HaveCount(2);
        for (int round = 2; round < 4; round++)
        {
            using var batch = new SampleBatch("t");
            _series.Begin();
            var sink = new SampleSink(_series, batch, Now);
            Func<Task> scrape = () => poller.ReadAsync(
                new MemoryStream(Encoding.UTF8.GetBytes(Page + "c 3\ngo_c 1\nd 4\ne 5\n")), ExpositionFormat.Text, sink, default);
            await scrape.Should().ThrowAsync<FormatException>().WithMessage("5 samples, more than sample_limit (2)");
            (sink.Given, sink.Kept).Should().Be((8, 5), "scrape_samples_scraped and scrape_samples_post_metric_relabeling say so");
            _series.End(batch, Now, failed: true);
        }
    }

    [Fact]
    public async Task A_series_with_times_of_its_own_ends_with_a_marker_where_that_is_asked_for()
    {
        ScrapePoller poller = Poller("track_timestamps_staleness: true");
        await ScrapeAsync(poller, 0, "a 1 1699999999000\n");
        (await ScrapeAsync(poller, 1, "")).Should().Equal("a{instance=\"i:1\", job=\"j\"} stale");
    }

    [Theory]
    [InlineData("", "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")]
    [InlineData("scrape_protocols: [PrometheusText0.0.4, OpenMetricsText1.0.0]",
        "text/plain;version=0.0.4;q=0.3,application/openmetrics-text;version=1.0.0;q=0.2,*/*;q=0.1")]
    public void A_target_is_asked_for_the_formats_that_are_wanted(string keys, string accept) =>
        Job(keys).Protocols.Accept.Should().Be(accept);

    [Theory]
    [InlineData("", "text/html", ExpositionFormat.Text)]
    [InlineData("", null, ExpositionFormat.Text)]
    [InlineData("fallback_scrape_protocol: OpenMetricsText1.0.0", "text/html", ExpositionFormat.OpenMetrics)]
    [InlineData("fallback_scrape_protocol: OpenMetricsText1.0.0", "text/plain", ExpositionFormat.Text)]
    [InlineData("fallback_scrape_protocol: PrometheusText0.0.4", "application/openmetrics-text", ExpositionFormat.OpenMetrics)]
    public void An_answer_of_no_known_kind_is_read_as_the_fallback(string keys, string? type, ExpositionFormat format) =>
        Job(keys).Protocols.FormatOf(type).Should().Be(format);

    [Fact]
    public async Task A_page_cut_at_any_byte_is_read_the_same()
    {
        byte[] page = Encoding.UTF8.GetBytes("# HELP a x\n# TYPE a counter\na{l=\"ü \\\" }\"} 1\n a{l=\"2\"} 2 \nb 3\n");
        string[] whole = [.. await ScrapeAsync(Poller(), 0, Encoding.UTF8.GetString(page))];
        for (int cut = 1; cut < page.Length; cut++)
        {
            var target = new TargetSeries(_series.TargetLabels);
            using var batch = new SampleBatch("t");
            target.Begin();
            await Poller().ReadAsync(new TwoPieces(page, cut), ExpositionFormat.Text, new SampleSink(target, batch, Now), default);
            Describe(batch, 0).Should().Equal(whole);
        }
    }

    [Fact]
    public async Task A_known_series_costs_no_allocation()
    {
        ScrapePoller poller = Poller();
        byte[] page = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Range(0, 1000).Select(i => $"metric_total{{host=\"h{i}\", path=\"/a\\\\b\"}} {i * 3}.25\n")));
        using var batch = new SampleBatch("t", 4096);
        var body = new MemoryStream(page);
        // The first rounds make the series, and code of the runtime allocates more until it is optimised.
        long allocated = long.MaxValue;
        for (int round = 0; round < 5 || (allocated >= 1000 && round < 2000); round++)
        {
            body.Position = 0;
            batch.Keep(new bool[batch.Count]);
            _series.Begin();
            var sink = new SampleSink(_series, batch, Now + round);
            long before = GC.GetAllocatedBytesForCurrentThread();
            await poller.ReadAsync(body, ExpositionFormat.Text, sink, default);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        batch.Count.Should().Be(1000);
        allocated.Should().BeLessThan(1000, "what a scrape as a whole allocates, not a byte a series");
    }

    private static ScrapePoller Poller(string more = "") =>
        new(Job(more), null!, new Uri("http://i:1/"), TimeSpan.FromSeconds(5), TimeProvider.System);

    private static ScrapeJob Job(string more) =>
        MetricsOptions.Parse($"scrape_configs:\n  - job_name: j\n    {more}\n").Targets.OfType<ScrapeJob>().First();

    private async Task<IReadOnlyList<string>> ScrapeAsync(ScrapePoller poller, int step, string page)
    {
        using var batch = new SampleBatch("t");
        long at = Now + (step * 15_000);
        _series.Begin();
        await poller.ReadAsync(
            new MemoryStream(Encoding.UTF8.GetBytes(page)), ExpositionFormat.Text, new SampleSink(_series, batch, at), default);
        _series.End(batch, at, failed: false);
        return Describe(batch, at);
    }

    private static List<string> Describe(SampleBatch batch, long at)
    {
        var rows = new List<string>();
        for (int i = 0; i < batch.Count; i++)
        {
            string value = StaleMarker.Is(batch.Values[i]) ? "stale" : Metrics.Formats.FloatText.Format(batch.Values[i]);
            rows.Add($"{batch.Series[i]} {value}{(at == 0 || batch.Times[i] == at ? "" : $" @{batch.Times[i]}")}");
        }
        return rows;
    }

    private sealed class TwoPieces(byte[] bytes, int cut) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(Position < cut ? buffer[..(int)Math.Min(buffer.Length, cut - Position)] : buffer, cancellationToken);
    }
}
