using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Events in the real daemon: sent, read back, followed, kept over kill -9, let go, copied.</summary>
public sealed class EventTests
{
    [Fact]
    public async Task Events_that_were_sent_are_read_back_by_matchers_text_and_pages()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        (await SendAsync(daemon,
            """{"kind":"identity.authenticate","severity_number":17,"body":"Failed password","host":"a","source_ip":"10.0.0.1","event.outcome":"failure"}""",
            """{"kind":"identity.authenticate","body":"Accepted password","host":"b","source_ip":"10.0.0.2","event.outcome":"success"}""",
            """{"body":"a line","host":{"name":"a"}}""")).StatusCode.Should().Be(HttpStatusCode.NoContent);
        (await BodiesAsync(daemon, "")).Should().Equal("a line", "Accepted password", "Failed password");
        (await BodiesAsync(daemon, Match("{kind=\"identity.authenticate\", event.outcome=\"failure\"}"))).Should().Equal("Failed password");
        (await BodiesAsync(daemon, Match("source_ip=~\"10[.].*\"") + "&order=oldest")).Should()
            .Equal("Failed password", "Accepted password");
        (await BodiesAsync(daemon, Match("host=a") + "&text=PASSWORD&from=1h")).Should().Equal("Failed password");
        JsonElement page = await GetAsync(daemon, "?limit=2");
        (await BodiesAsync(daemon, $"?limit=2&after={page.GetProperty("next").GetInt64()}")).Should().Equal("Failed password");
        JsonElement one = (await GetAsync(daemon, Match("host=b"))).GetProperty("events")[0];
        one.GetProperty("source.ip").GetString().Should().Be("10.0.0.2");
        one.GetProperty("time").GetString().Should().Be(one.GetProperty("observed_time").GetString()).And.EndWith("Z");
        (await daemon.OwnAsync("metricsd_event_log_events_written_total")).Should().Be(3);
    }

    [Theory]
    [InlineData("?match[]=kind")]
    [InlineData("?match[]=kind=~\"(\"")]
    [InlineData("?from=yesterday")]
    [InlineData("?limit=0")]
    [InlineData("?limit=100000")]
    [InlineData("?after=x")]
    [InlineData("?order=random")]
    public async Task A_question_that_is_none_is_answered_400_with_its_reason(string query)
    {
        await using Daemon daemon = await Daemon.StartAsync();
        HttpResponseMessage answer = await daemon.Http.GetAsync(daemon.Url("/api/v1/events" + query));
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).Should().Contain("\"status\":\"error\"").And.Contain("bad_data");
    }

    [Fact]
    public async Task Bad_lines_are_named_one_by_one_and_the_good_ones_kept()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        HttpResponseMessage answer = await SendAsync(daemon, """{"body":"one"}""", "nonsense", """{"body":"two"}""", """{"host":"a"}""");
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        JsonElement error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        error.GetProperty("accepted").GetInt32().Should().Be(2);
        error.GetProperty("refused").GetInt32().Should().Be(2);
        error.GetProperty("error").GetString().Should().Contain("line 2 is no JSON").And.Contain("line 4 has neither kind nor body");
        (await BodiesAsync(daemon, "?order=oldest")).Should().Equal("one", "two");
    }

    [Fact]
    public async Task A_follower_gets_the_backlog_and_then_what_comes()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        await SendAsync(daemon, """{"body":"before"}""", """{"body":"behind"}""");
        long first = (await GetAsync(daemon, "?order=oldest&limit=1")).GetProperty("next").GetInt64();
        using var request = new HttpRequestMessage(HttpMethod.Get, daemon.Url("/api/v1/events"));
        request.Headers.Add("Accept", "text/event-stream");
        request.Headers.Add("Last-Event-ID", first.ToString(CultureInfo.InvariantCulture));
        using HttpResponseMessage answer = await daemon.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        (await NextAsync(reader)).Should().Contain("behind");
        await SendAsync(daemon, """{"body":"later"}""");
        (await NextAsync(reader)).Should().Contain("later");
        (await daemon.OwnAsync("metricsd_event_stream_clients")).Should().Be(1);
    }

    [Fact]
    public async Task What_was_committed_is_there_once_after_kill_9()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        const int Lines = 50;
        int sent = 0;
        var answered = new HashSet<int>();
        for (int kills = 0; kills < 3; kills++)
        {
            Task killer = Task.Run(async () =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500 + (kills * 250)), TimeProvider.System);
                daemon.Kill();
            });
            try
            {
                while (true)
                {
                    int[] numbers = [.. Enumerable.Range(sent, Lines)];
                    sent += Lines;
                    string[] lines = [.. numbers.Select(i => $$"""{"body":"{{i}}"}""")];
                    (await SendAsync(daemon, lines)).StatusCode.Should().Be(HttpStatusCode.NoContent);
                    answered.UnionWith(numbers);
                }
            }
            catch (HttpRequestException)
            {
                // It is dead; what was not answered may be there or not.
            }
            await killer;
            await daemon.StartAgainAsync();
            List<int> kept = [.. (await AllAsync(daemon)).Select(b => int.Parse(b, CultureInfo.InvariantCulture))];
            kept.Should().OnlyHaveUniqueItems("after kill {0}", kills);
            answered.Except(kept).Should().BeEmpty("after kill {0}", kills);
        }
        answered.Should().HaveCountGreaterThan(3 * Lines);
    }

    [Fact]
    public async Task The_log_stays_within_its_bytes()
    {
        await using Daemon daemon = await Daemon.StartAsync("host: { enabled: false }\nevents: { max_bytes: 64MiB }");
        var random = new Random(1);
        string file = Path.Combine(daemon.Folder, "data", "events.duckdb");
        byte[] noise = new byte[3000];
        for (int sent = 0; sent < 60_000; sent += 2_000)
        {
            string[] lines = [.. Enumerable.Range(sent, 2_000).Select(i =>
            {
                random.NextBytes(noise);
                return $$"""{"body":"{{i}} {{Convert.ToBase64String(noise)}}"}""";
            })];
            (await SendAsync(daemon, lines)).StatusCode.Should().Be(HttpStatusCode.NoContent);
        }
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_event_log_tables_expired_total") > 0
            && new FileInfo(file).Length < 160L << 20, "what is too much has gone");
        (await BodiesAsync(daemon, "?limit=1")).Single().Should().StartWith("59999 ");
    }

    [Fact]
    public async Task Copies_reach_a_real_InfluxDB_also_after_an_outage()
    {
        await using Influxd influxd = await Influxd.StartAsync();
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            events: { influx: true }
            storage: { influx: { url: '{{influxd.Url}}', database: metrics } }
            """);
        string[] lines = [.. Enumerable.Range(0, 500)
            .Select(i => $$"""{"time":"2026-01-31T12:00:00Z","kind":"host.login","host":"a","body":"{{i}}"}""")];
        await SendAsync(daemon, lines);
        await Eventually.Async(async () => await CopiesAsync(influxd) == 500, "all copies are there, of one time as they are");
        influxd.Stop();
        await SendAsync(daemon, lines);
        (await daemon.OwnAsync("metricsd_spool_records")).Should().BeGreaterThan(0);
        await influxd.StartAgainAsync();
        await Eventually.Async(async () => await CopiesAsync(influxd) == 1000, "what waited on disk has followed");
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_is_set_aside_and_the_daemon_watches()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        await SendAsync(daemon, """{"body":"lost"}""");
        daemon.Kill();
        string folder = Path.Combine(daemon.Folder, "data");
        await File.WriteAllTextAsync(Path.Combine(folder, "events.duckdb"), new string('x', 65_536));
        await daemon.StartAgainAsync();
        await SendAsync(daemon, """{"body":"new"}""");
        (await BodiesAsync(daemon, "")).Should().Equal("new");
        (await daemon.OwnAsync("metricsd_event_log_set_aside_total")).Should().Be(1);
        Directory.GetFiles(folder, "events.duckdb.unreadable-*").Should().NotBeEmpty();
    }

    [Fact]
    public async Task A_full_disk_costs_no_event_that_was_answered_also_over_a_kill_and_the_log_goes_on()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(mebibytes: 24);
        await using Daemon daemon = await Daemon.StartAsync();
        await disk.MoveToAsync(daemon);
        await disk.FillAsync(leavingMebibytes: 8);
        var answered = new List<string>();
        await SendUntilRefusedAsync(daemon, answered);
        await disk.FillAsync();
        disk.MakeRoom();
        await SendUntilAnsweredAsync(daemon, answered);
        await disk.FillAsync(leavingMebibytes: 4);
        await SendUntilRefusedAsync(daemon, answered);
        await disk.FillAsync();
        // What is logged is written a moment later than what is answered.
        await Eventually.Async(
            () => Task.FromResult(daemon.Log.Split('\n').Count(l => l.Contains("events are kept and it is tried again")) == 2),
            "each time that the disk was full is said once");
        (await daemon.OwnAsync("metricsd_event_log_up")).Should().Be(0);
        daemon.Kill();
        (int code, string output) = await Daemon.RunAsync(daemon.Folder, "run");
        output.Should().NotContain("set aside", "a full disk makes no file unreadable; it ended with {0}", code);
        disk.MakeRoom();
        await daemon.StartAgainAsync();
        (await AllAsync(daemon)).Intersect(answered).Should().HaveSameCount(answered);
        Directory.GetFiles(Path.Combine(daemon.Folder, "data"), "*.unreadable-*").Should().BeEmpty();
    }

    /// <summary>Texts that cannot be packed, until the log says that it is full.</summary>
    private static async Task SendUntilRefusedAsync(Daemon daemon, List<string> answered)
    {
        while (await TrySendAsync(daemon, answered))
        {
        }
    }

    private static Task SendUntilAnsweredAsync(Daemon daemon, List<string> answered) =>
        Eventually.Async(() => TrySendAsync(daemon, answered), "it works again once there is room");

    private static async Task<bool> TrySendAsync(Daemon daemon, List<string> answered)
    {
        string[] bodies = [.. Enumerable.Range(0, 100).Select(_ => Convert.ToHexString(RandomNumberGenerator.GetBytes(1000)))];
        HttpResponseMessage answer = await SendAsync(daemon, [.. bodies.Select(b => $$"""{"body":"{{b}}"}""")]);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            return false;
        answer.StatusCode.Should().Be(HttpStatusCode.NoContent);
        answered.AddRange(bodies);
        return true;
    }

    private static Task<HttpResponseMessage> SendAsync(Daemon daemon, params string[] lines) =>
        daemon.Http.PostAsync(
            daemon.Url("/api/v1/events"), new StringContent(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson"));

    private static async Task<JsonElement> GetAsync(Daemon daemon, string query) =>
        JsonDocument.Parse(await daemon.GetAsync("/api/v1/events" + query)).RootElement.GetProperty("data");

    private static async Task<List<string>> BodiesAsync(Daemon daemon, string query) =>
        [.. (await GetAsync(daemon, query)).GetProperty("events").EnumerateArray().Select(e => e.GetProperty("body").GetString()!)];

    private static async Task<List<string>> AllAsync(Daemon daemon)
    {
        var all = new List<string>();
        string after = "";
        while (true)
        {
            JsonElement page = await GetAsync(daemon, $"?order=oldest&limit=10000{after}");
            all.AddRange(page.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("body").GetString()!));
            if (page.GetProperty("events").GetArrayLength() == 0)
                return all;
            after = $"&after={page.GetProperty("next").GetInt64()}";
        }
    }

    /// <summary>The next line of data.</summary>
    private static async Task<string> NextAsync(StreamReader reader)
    {
        using var patience = new CancellationTokenSource(Eventually.Patience, TimeProvider.System);
        while (true)
        {
            string line = await reader.ReadLineAsync(patience.Token) ?? throw new IOException("The stream has ended.");
            if (line.StartsWith("data:", StringComparison.Ordinal))
                return line;
        }
    }

    private static string Match(string matcher) => "?match[]=" + Uri.EscapeDataString(matcher);

    private static Task<double> CopiesAsync(Influxd influxd) => influxd.NumberAsync("SELECT count(body) FROM events");
}
