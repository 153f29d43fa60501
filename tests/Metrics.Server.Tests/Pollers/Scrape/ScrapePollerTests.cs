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
    [InlineData("a 1\nb 2\nc 3\n", "line 3: more samples than sample_limit (2)*")]
    [InlineData("long 1\nlooooooooooooooooooooooooooooooooooooooooooooooong 2\n", "the body is larger than body_size_limit (50 bytes)")]
    public async Task One_bad_line_or_a_limit_fails_the_whole_scrape(string page, string message)
    {
        ScrapePoller poller = Poller("sample_limit: 2\n    body_size_limit: 50");
        Func<Task> scrape = () => ScrapeAsync(poller, 0, page);
        await scrape.Should().ThrowAsync<FormatException>().WithMessage(message);
    }

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
        long allocated = 0;
        for (int round = 0; round < 5; round++)
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
        new(MetricsOptions.Parse($"scrape_configs:\n  - job_name: j\n    {more}\n").Targets.OfType<ScrapeJob>().First(), null!,
            new Uri("http://i:1/"), TimeSpan.FromSeconds(5));

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
