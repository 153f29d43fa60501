using System.Globalization;
using System.Net;
using System.Text;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>Whoever asks for everything holds up nobody who asks for little.</summary>
public sealed class QueryLaneTests
{
    private const int Series = 60_000;

    private static readonly string[] s_heavy =
    [
        "sort(req_v)", "quantile(0.9, req_v)", "req_v * on (i, le) group_left req_v", "count_values(\"v\", req_v)",
        "label_replace(req_v, \"x\", \"$1$1\", \"i\", \"(.*)\")", "max_over_time(sum by (le) (rate(req_v[10m]))[1h:5s])",
    ];

    [Fact]
    public async Task Six_large_queries_do_not_make_a_small_one_wait()
    {
        await using Daemon daemon = await Daemon.StartAsync("""
            host: { enabled: false }
            query: { timeout: 10s }
            scrape_configs:
              - { job_name: self, scrape_interval: 1s, static_configs: [ { targets: ['127.0.0.1:{port}'] } ] }
            """);
        await FillAsync(daemon);
        await Eventually.Async(async () => (await daemon.FederateAsync("up")).Count > 0, "it watches itself");

        Task<HttpStatusCode>[] large = [.. s_heavy.Select(q => LargeAsync(daemon, q))];
        var waits = new List<TimeSpan>();
        while (!Array.TrueForAll(large, t => t.IsCompleted))
        {
            long start = TimeProvider.System.GetTimestamp();
            (await daemon.GetAsync("/api/v1/query?query=up")).Should().Contain("\"1\"]");
            waits.Add(TimeProvider.System.GetElapsedTime(start));
        }
        (await Task.WhenAll(large)).Should().OnlyContain(
            s => s == HttpStatusCode.OK || s == HttpStatusCode.UnprocessableEntity || s == HttpStatusCode.ServiceUnavailable);
        waits.Should().HaveCountGreaterThan(10, "it was answered while they went on");
        waits.Sort();
        waits[waits.Count * 9 / 10].Should().BeLessThan(TimeSpan.FromMilliseconds(500));
        waits[^1].Should().BeLessThan(TimeSpan.FromSeconds(5), "a collection of garbage and a busy machine, and no query");
    }

    [Fact]
    public async Task Who_goes_away_ends_his_query_and_who_comes_when_too_many_wait_is_told_so()
    {
        await using Daemon daemon = await Daemon.StartAsync(
            "host: { enabled: false }\nquery: { max_concurrency: 1, max_waiting: 1, timeout: 1m }");
        // It computes for long and keeps nothing.
        const string Long = "sum(count_over_time(vector(1)[10m:1s] offset 1d) + sum_over_time(vector(time())[20d:1s]))";
        using var gone = new CancellationTokenSource();
        Task[] asked = [.. Enumerable.Range(0, 2).Select(_ => daemon.Http.GetAsync(RangeOf(daemon, Long), gone.Token))];
        await Eventually.Async(
            async () => await daemon.OwnAsync("metricsd_queries_running{lane=\"heavy\"}") == 1
                && await daemon.OwnAsync("metricsd_queries_waiting{lane=\"heavy\"}") == 1,
            "one runs, one waits");
        using HttpResponseMessage third = await daemon.Http.GetAsync(RangeOf(daemon, Long));
        third.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await third.Content.ReadAsStringAsync()).Should().Be(
            "{\"status\":\"error\",\"errorType\":\"unavailable\","
            + "\"error\":\"too many queries wait already (limit: 1); try again later\"}");
        await gone.CancelAsync();
        await Eventually.Async(
            async () => await daemon.OwnAsync("metricsd_queries_running") + await daemon.OwnAsync("metricsd_queries_waiting") == 0,
            "both have ended with those who asked", TimeSpan.FromSeconds(20));
        (await daemon.OwnAsync("metricsd_queries_failed_total{reason=\"canceled\"}")).Should().Be(2);
        foreach (Task task in asked)
            await task.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static string RangeOf(Daemon daemon, string query)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return daemon.Url($"/api/v1/query_range?query={Uri.EscapeDataString(query)}&start={now - 3600}&end={now}&step=5");
    }

    private static async Task<HttpStatusCode> LargeAsync(Daemon daemon, string query)
    {
        using var http = new HttpClient { Timeout = Eventually.Patience };
        using HttpResponseMessage answer = await http.GetAsync(RangeOf(daemon, query), HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode;
    }

    private static async Task FillAsync(Daemon daemon)
    {
        const int Lines = 20_000;
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        for (int minutes = 15; minutes > 0; minutes -= 5)
        {
            for (int first = 0; first < Series; first += Lines)
            {
                var lines = new StringBuilder();
                for (int i = first; i < first + Lines; i++)
                    lines.Append(
                        CultureInfo.InvariantCulture, $"req,i={i},le={i % 20} v={i * minutes} {now - (minutes * 60_000)}\n");
                (await daemon.PushAsync(lines.ToString())).StatusCode.Should().Be(HttpStatusCode.NoContent);
            }
        }
    }
}
