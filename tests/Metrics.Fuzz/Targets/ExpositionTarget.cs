using Metrics.Formats.PrometheusText;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Pollers;
using Metrics.Pollers.Scrape;

namespace Metrics.Fuzz;

/// <summary>A scraped page, read as both formats: a second time it gives the same samples, by the shorter way of known series.</summary>
internal static class ExpositionTarget
{
    private static readonly ScrapeJob s_job = MetricsOptions.Parse("""
        scrape_configs:
          - job_name: fuzz
            static_configs: [ { targets: [ 'localhost:1' ] } ]
            metric_relabel_configs: [ { source_labels: [ a, b ], regex: '(.*);x(.*)', target_label: c, replacement: '$2$1' } ]
        """).Targets.OfType<ScrapeJob>().Single();

    public static void Try(ReadOnlyMemory<byte> input)
    {
        foreach (ExpositionFormat format in new[] { ExpositionFormat.Text, ExpositionFormat.OpenMetrics })
        {
            ExpositionValidator.Validate(input.Span, format);
            var series = new TargetSeries([new Label("job", "fuzz")]);
            using var http = new HttpMessageInvoker(new HttpClientHandler());
            var poller = new ScrapePoller(s_job, http, new Uri("http://localhost:1/"), TimeSpan.FromSeconds(1), TimeProvider.System);
            string first = Scrape(poller, series, input, format);
            FuzzException.IfNotEqual(first, Scrape(poller, series, input, format), "the second scrape of a page gives something else");
        }
    }

    private static string Scrape(ScrapePoller poller, TargetSeries series, ReadOnlyMemory<byte> input, ExpositionFormat format)
    {
        series.Begin();
        using var batch = new SampleBatch("fuzz");
        try
        {
            using var body = new MemoryStream(input.ToArray());
            poller.ReadAsync(body, format, new SampleSink(series, batch, 1000), default).GetAwaiter().GetResult();
        }
        catch (FormatException e)
        {
            return e.Message;
        }
        return Samples.Of(batch);
    }
}
