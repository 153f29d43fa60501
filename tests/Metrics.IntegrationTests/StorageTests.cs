using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;

namespace Metrics.IntegrationTests;

/// <summary>Nothing accepted is lost.</summary>
public sealed class StorageTests
{
    [Fact]
    public async Task What_was_answered_204_is_there_after_kill_9()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 20; i++)
            {
                int n = (round * 20) + i;
                (await daemon.PushAsync($"kill,n={n} v={n} {now + n}")).StatusCode.Should().Be(HttpStatusCode.NoContent);
            }
            daemon.Kill();
            await daemon.StartAgainAsync();
            List<string> found = await daemon.FederateAsync("kill_v");
            found.Should().HaveCount((round + 1) * 20);
        }
    }

    [Fact]
    public async Task Polled_samples_survive_kill_9_but_for_the_last_flush_interval()
    {
        await using Daemon daemon = await Daemon.StartAsync("host: { interval: 1s }");
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_store_samples_written_total") > 1000, "some polls are stored");
        // The kill comes when the daemon is on time, which on a busy machine it may not always be: what it owes is one poll, and what came
        // since the last flush.
        await Eventually.Async(async () =>
        {
            string scraped = (await daemon.FederateAsync("scrape_samples_scraped{job=\"host\"}"))[0];
            double polled = double.Parse(scraped.Split(' ')[^2], CultureInfo.InvariantCulture);
            double owed = await daemon.OwnAsync("metricsd_intake_samples_received_total")
                - await daemon.OwnAsync("metricsd_store_samples_written_total");
            long newest = long.Parse((await daemon.FederateAsync("node_load1"))[0].Split(' ')[^1], CultureInfo.InvariantCulture);
            return owed <= 2.5 * polled && TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - newest < 1300;
        }, "the daemon is on time");
        long killed = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        daemon.Kill();
        await daemon.StartAgainAsync();
        string last = (await daemon.GetAsync("/federate?match[]=node_load1")).Split('\n')
            .Single(l => l.StartsWith("node_load1{", StringComparison.Ordinal));
        // At most the flush interval and one poll before the kill.
        (killed - long.Parse(last[(last.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)).Should().BeLessThan(3500);
    }

    [Fact]
    public async Task An_outage_of_a_real_InfluxDB_leaves_no_gap()
    {
        await using Influxd influxd = await Influxd.StartAsync();
        await using Daemon daemon =
            await Daemon.StartAsync($"host: {{ enabled: false }}\nstorage: {{ influx: {{ url: '{influxd.Url}', database: metrics, timeout: "
                + $"1s }} }}");
        long start = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 100_000;
        for (int i = 0; i < 60; i++)
        {
            if (i == 20)
                influxd.Stop();
            if (i == 30)
            {
                daemon.Kill();
                await daemon.StartAgainAsync();
            }
            if (i == 40)
                await influxd.StartAgainAsync();
            (await daemon.PushAsync($"outage_test,host=a v={i} {start + i}")).StatusCode.Should()
                .Be(HttpStatusCode.NoContent, "what cannot be sent is spooled");
        }
        await Eventually.Async(
            async () => await influxd.NumberAsync("SELECT count(\"outage_test_v\") FROM \"outage_test\"") == 60, "every point has arrived");
        (await influxd.NumberAsync("SELECT sum(\"outage_test_v\") FROM \"outage_test\"")).Should().Be(60 * 59 / 2);
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_spool_records") == 0, "the spool is empty");
        (await daemon.OwnAsync("metricsd_store_samples_dropped_total")).Should().Be(0);
        // A restart fills the head from InfluxDB.
        daemon.Kill();
        await daemon.StartAgainAsync();
        (await daemon.FederateAsync("outage_test_v")).Should().ContainSingle().Which.Should().Contain("} 59 ");
    }

    [Fact]
    public async Task A_bad_point_poisons_no_batch_of_a_real_InfluxDB()
    {
        await using Influxd influxd = await Influxd.StartAsync();
        await using Daemon daemon =
            await Daemon.StartAsync($"host: {{ enabled: false }}\nstorage: {{ influx: {{ url: '{influxd.Url}', database: metrics, retention: "
                + "30d } }");
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        (await daemon.PushAsync($"first_thing v=1 {now}")).StatusCode.Should().Be(HttpStatusCode.NoContent);
        using var direct = new HttpClient();
        (await direct.GetStringAsync($"{influxd.Url}/query?q=SHOW+RETENTION+POLICIES+ON+metrics")).Should().Contain("\"720h0m0s\"");
        await direct.PostAsync($"{influxd.Url}/write?db=metrics&precision=ms",
            new StringContent($"type_clash clash_v=\"text\" {now}\ntype_clash type_clash_v=\"text\" {now}"));
        string good = $"type_clash v=5 {now + 1}\ngood,path=C:\\x v=1 {now}\ngood,line=a\\ b,eq=c\\=d v=2 {now}";
        (await daemon.PushAsync(good)).StatusCode.Should().Be(HttpStatusCode.NoContent);
        await Eventually.Async(
            async () => await influxd.NumberAsync("SELECT sum(\"good_v\") FROM \"good_v\"") == 3, "the good points are stored");
        (await daemon.OwnAsync("metricsd_store_samples_dropped_total")).Should().Be(1, "the point of the wrong type is counted");
    }

    [Theory]
    [InlineData(
        2, "version: 2, bucket: metrics, org: ops, token: t0ken, retention: 30d", "POST /api/v2/write?org=ops&bucket=metrics&precision=ms", "Token t0ken")]
    [InlineData(
        3, "version: 3, database: metrics, token: t0ken", "POST /api/v3/write_lp?db=metrics&precision=millisecond",
        "Bearer t0ken")]
    public async Task The_forms_of_versions_2_and_3_are_what_those_servers_ask_for(
        int version, string options, string request, string authorization)
    {
        using var server = new StubInflux(version);
        await using Daemon daemon =
            await Daemon.StartAsync($"host: {{ enabled: false }}\nstorage: {{ influx: {{ url: '{server.Url}', {options}, batch_lines: 4 }} "
                + $"}}");
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        string lines = string.Concat(Enumerable.Range(0, 8).Select(i => $"stub,n={i} v={(i == 5 ? 666 : i)},w={i}.5 {now}\n"));
        server.FailNext(503, "3");
        (await daemon.PushAsync(lines)).StatusCode.Should().Be(HttpStatusCode.NoContent);
        await Eventually.Async(
            () => Task.FromResult(server.Lines.Count(l => l.StartsWith("stub_", StringComparison.Ordinal)) >= 14),
            "all lines but the bad ones have arrived");
        server.Requests.Should()
            .OnlyContain(
            r => r.Request == request
            && r.Authorization == authorization
            && r.Encoding == "gzip"
            && r.ContentType == "text/plain; charset=utf-8");
        server.Lines.Should().Contain($"stub_v,n=0 stub_v=0 {now}").And.NotContain(l => l.Contains("=666 ", StringComparison.Ordinal));
        (await daemon.OwnAsync("metricsd_store_samples_dropped_total")).Should().Be(1);
        if (version == 2)
            server.Bucket.Should().Contain("\"everySeconds\":2592000").And.Contain("\"orgID\":\"0123456789abcdef\"");
        // A restart fills the head from there.
        daemon.Kill();
        await daemon.StartAgainAsync();
        List<string> found = await daemon.FederateAsync("{__name__=~\"stub_.\"}");
        found.Should().HaveCount(server.Lines.Distinct().Count(l => l.StartsWith("stub_", StringComparison.Ordinal)), daemon.Log)
            .And.Contain(l => l.StartsWith("stub_w{", StringComparison.Ordinal) && l.Contains("n=\"3\"", StringComparison.Ordinal)
                && l.Contains("} 3.5 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Samples_are_exported_by_the_running_daemon_and_without_it()
    {
        await using Daemon daemon = await Daemon.StartAsync("host: { enabled: false }\nrules: { shipped: false }");
        (await daemon.PushAsync("planner,host=a cores=8\nplanner,host=b cores=16")).StatusCode.Should().Be(HttpStatusCode.NoContent);
        byte[] running = await daemon.Http.GetByteArrayAsync(daemon.Url("/export?from=1h&metric=planner_cores"));
        Encoding.ASCII.GetString(running[..4]).Should().Be("PAR1", "that is how Parquet begins");
        daemon.Kill();
        string file = Path.Combine(daemon.Folder, "out.parquet");
        (int code, string output) =
            await Daemon.RunAsync(daemon.Folder, "export", "--output", file, "--from", "1h", "--metric", "planner_cores");
        code.Should().Be(0, output);
        output.Should().Contain(": 2 samples");
    }

    [Fact]
    public async Task A_pusher_is_told_which_lines_are_wrong_and_keeps_the_others()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        HttpResponseMessage answer = await daemon.PushAsync("a v=1\nbroken\nb v=2,text=\"x\",ok=true\n");
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).Should().Contain("partial write: unable to parse: line 2:").And.Contain("dropped=1");
        (await daemon.FederateAsync("{__name__=~\"[ab]_.*\"}")).Should().HaveCount(3);
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync("c v=3 1700000000"u8.ToArray());
        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        (await daemon.Http.PostAsync(daemon.Url("/api/v2/write?bucket=b&org=o&precision=s"), content)).StatusCode.Should()
            .Be(HttpStatusCode.NoContent);
        (await daemon.Http.PostAsync(daemon.Url("/write?precision=days"), new StringContent("a v=1"))).StatusCode.Should()
            .Be(HttpStatusCode.BadRequest);
        content = new ByteArrayContent(Encoding.UTF8.GetBytes("no gzip"));
        content.Headers.ContentEncoding.Add("gzip");
        (await daemon.Http.PostAsync(daemon.Url("/write"), content)).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }
}
