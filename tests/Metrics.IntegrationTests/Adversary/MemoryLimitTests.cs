using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>
/// In a memory cgroup of 512 MiB: whatever is too much is refused or slowed, and what was there before goes on. In full with
/// <c>METRICS_MEMORY_FULL=1</c>.
/// </summary>
public sealed class MemoryLimitTests
{
    private const int LimitMebibytes = 512;
    private static readonly bool s_full = Environment.GetEnvironmentVariable("METRICS_MEMORY_FULL") == "1";
    private static readonly int s_scraped = s_full ? 2_000_000 : 400_000;
    private static readonly int s_pushed = s_full ? 2_000_000 : 300_000;
    private static readonly int s_events = s_full ? 1_000_000 : 200_000;

    private static readonly string[] s_heavy =
    [
        "{__name__=~\".+\"}", "sort(hostile)", "quantile(0.9, {__name__=~\"h.*\"})", "topk(100, hostile)",
        "hostile * on (i) group_left hostile", "label_replace(hostile, \"x\", \"$1$1$1$1\", \"i\", \"(.*)\")",
        "max_over_time(vector(1)[1y:1s])", "count_values(\"v\", hostile)", "max_over_time(sum by (i) (hostile)[1h:1s])",
        "stddev by (i) (hostile)", "hostile or pushed_v", "histogram_quantile(0.9, hostile)",
    ];

    [Fact]
    public async Task What_is_too_much_is_refused_and_nobody_is_killed()
    {
        using var memory = MemoryCgroup.Create(LimitMebibytes);
        using var sane = new PageServer("sane 1\n");
        using var hostile = new PageServer(string.Concat(Enumerable.Range(0, s_scraped).Select(i => $"hostile{{i=\"{i}\"}} {i}\n")));
        using var bomb = new PageServer(new string(' ', 1)) { Packed = Pack("bomb 1\n", 100 << 20) };
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            head: { max_series_per_source: 5000000 }
            scrape_configs:
              - { job_name: sane, scrape_interval: 1s, static_configs: [ { targets: ['127.0.0.1:{{sane.Port}}'] } ] }
              - { job_name: hostile, scrape_interval: 5s, static_configs: [ { targets: ['127.0.0.1:{{hostile.Port}}'] } ] }
              - { job_name: bomb, scrape_interval: 5s, static_configs: [ { targets: ['127.0.0.1:{{bomb.Port}}'] } ] }
            """, memory: memory);
        await Eventually.Async(async () => (await daemon.FederateAsync("sane")).Count == 1, "the sane one is there first");
        (await daemon.OwnAsync("metricsd_memory_limit_bytes")).Should().Be((long)LimitMebibytes << 20);

        List<Task<HttpStatusCode>> all =
        [
            .. Enumerable.Range(0, 8).Select(i => PushManyAsync(daemon, i)),
            PushAsync(daemon, "/write", Pack("a v=1\n", 200 << 20), packed: true),
            PushAsync(daemon, "/api/v1/events", Pack("{\"body\":\"x\"}\n", 200 << 20), packed: true),
            PushAsync(daemon, "/api/v1/forward", Pack("{\"node\":\"n\",\"log\":\"l\",\"session\":\"s\"}\n", 200 << 20), packed: true),
            PushAsync(daemon, "/api/v1/events", Repeat("{\"body\":\"x\"}\n", s_events * 13), packed: false),
            GetAsync(daemon, "/export"),
            .. Enumerable.Range(0, 4).Select(_ => GetAsync(daemon, "/federate?match[]={__name__=~\".%2B\"}")),
            .. Enumerable.Range(0, 2).Select(_ => GetAsync(daemon, "/api/v1/series?match[]={__name__=~\".%2B\"}")),
            .. Enumerable.Range(0, s_full ? 10 : 1).SelectMany(_ => s_heavy).Select(q => QueryAsync(daemon, q)),
        ];
        HttpStatusCode[] statuses = await Task.WhenAll(all);

        statuses.Should().NotContain(HttpStatusCode.InternalServerError);
        daemon.IsRunning.Should().BeTrue(daemon.Log);
        memory.Killed.Should().Be(0);
        double refused = await daemon.OwnAsync("metricsd_memory_refused_total");
        refused.Should().BeGreaterThan(0);
        int before = sane.Requests;
        await Eventually.Async(() => Task.FromResult(sane.Requests > before + 2), "the sane one goes on being scraped");
        await Eventually.Async(
            async () => await AgeAsync(daemon, "sane") < 5 && await AgeAsync(daemon, "up{job=\"sane\"}") < 5,
            "its series go on");
        (await daemon.FederateAsync("up{job=\"sane\"}")).Should().ContainSingle(l => l.Contains("} 1 ", StringComparison.Ordinal));
    }

    private static async Task<double> AgeAsync(Daemon daemon, string series)
    {
        string answer = await daemon.GetAsync($"/api/v1/query?query={Uri.EscapeDataString($"time() - timestamp({series})")}");
        string[] parts = answer.Split("\"value\":[");
        return parts.Length < 2
            ? double.PositiveInfinity
            : double.Parse(parts[1].Split('"')[1], CultureInfo.InvariantCulture);
    }

    private static async Task<HttpStatusCode> PushManyAsync(Daemon daemon, int sender)
    {
        const int Lines = 10_000;
        var status = HttpStatusCode.NoContent;
        for (int first = sender * Lines; first < s_pushed; first += 8 * Lines)
        {
            var lines = new StringBuilder();
            for (int i = first; i < first + Lines; i++)
                lines.Append(CultureInfo.InvariantCulture, $"pushed,i={i},path=/a/path/of/some/length/{i % 100} v={i}\n");
            status = await PushAsync(daemon, "/write", Encoding.UTF8.GetBytes(lines.ToString()), packed: false);
        }
        return status;
    }

    private static Task<HttpStatusCode> QueryAsync(Daemon daemon, string query)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return GetAsync(daemon, $"/api/v1/query_range?query={Uri.EscapeDataString(query)}&start={now - 3600}&end={now}&step=15");
    }

    private static async Task<HttpStatusCode> GetAsync(Daemon daemon, string path)
    {
        using var http = new HttpClient { Timeout = Eventually.Patience };
        using HttpResponseMessage answer = await http.GetAsync(daemon.Url(path));
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> PushAsync(Daemon daemon, string path, byte[] body, bool packed)
    {
        using var http = new HttpClient { Timeout = Eventually.Patience };
        using var content = new ByteArrayContent(body);
        if (packed)
            content.Headers.ContentEncoding.Add("gzip");
        try
        {
            using HttpResponseMessage answer = await http.PostAsync(daemon.Url(path), content);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            // Refused while it is still being sent: the connection goes.
            return HttpStatusCode.RequestEntityTooLarge;
        }
    }

    /// <summary>A small body that becomes a large one.</summary>
    private static byte[] Pack(string line, int bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            byte[] chunk = Repeat(line, 1 << 20);
            for (int sent = 0; sent < bytes; sent += chunk.Length)
                gzip.Write(chunk);
        }
        return packed.ToArray();
    }

    private static byte[] Repeat(string line, int bytes) =>
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(line, bytes / line.Length)));
}
