using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Metrics.IntegrationTests;

/// <summary>The same samples in a real Prometheus and in us; each request to both.</summary>
public sealed class PrometheusApiTests(ITestOutputHelper output)
{
    private const int Step = 15;
    private const int Steps = 80;

    [Fact]
    public async Task Grafanas_requests_get_Prometheuss_answers()
    {
        await using Pair pair = await Pair.StartAsync();
        string[] lines =
            [.. (await File.ReadAllLinesAsync(
                Path.Combine(Cases.Repository, "tests", "Metrics.IntegrationTests", "testdata", "grafana-requests.txt")))
                .Where(l => l.Length > 0 && l[0] != '#')];
        var different = new List<string>();
        foreach (string line in lines)
        {
            string request = line.Replace("{from}", pair.From.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("{to}", pair.To.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            (HttpStatusCode theirStatus, string? theirType, JsonNode theirs) = await pair.AskAsync(pair.Theirs, request);
            (HttpStatusCode ourStatus, string? ourType, JsonNode ours) = await pair.AskAsync(pair.Ours, request);
            await pair.RemoveOwnAsync(ours, theirs);
            if (theirStatus != ourStatus || theirType != ourType || !Same(theirs, ours))
                different.Add($"{line}\n  they {(int)theirStatus} {theirType} {theirs.ToJsonString()}\n  we   {(int)ourStatus} {ourType} "
                    + $"{ours.ToJsonString()}");
        }
        output.WriteLine($"{lines.Length} requests, {lines.Length - different.Count} answered with Prometheus's answers");
        different.Should().BeEmpty();
    }

    [Fact]
    public async Task Rules_alerts_targets_and_metadata_have_Prometheuss_form()
    {
        await using Pair pair = await Pair.StartAsync();
        foreach (string path in new[] { "/api/v1/rules", "/api/v1/rules?type=alert", "/api/v1/rules?type=record", "/api/v1/alerts" })
        {
            string theirs = "", ours = "";
            await Eventually.Async(async () =>
            {
                theirs = Timeless((await pair.AskAsync(pair.Theirs, $"GET {path}")).Body);
                return !theirs.Contains("unknown", StringComparison.Ordinal)
                    && theirs.Contains("firing", StringComparison.Ordinal) == !path.Contains("record", StringComparison.Ordinal);
            }, "Prometheus has evaluated its rules");
            await Eventually.Async(async () =>
            {
                ours = Timeless((await pair.AskAsync(pair.Ours, $"GET {path}")).Body);
                return !ours.Contains("unknown", StringComparison.Ordinal)
                    && ours.Contains("firing", StringComparison.Ordinal) == !path.Contains("record", StringComparison.Ordinal);
            }, "we have evaluated them");
            ours.Should().Be(theirs, path);
        }
        JsonNode theirTarget = (await pair.AskAsync(pair.Theirs, "GET /api/v1/targets")).Body["data"]!["activeTargets"]![0]!;
        JsonNode ourTarget = (await pair.AskAsync(pair.Ours, "GET /api/v1/targets?scrapePool=node")).Body["data"]!["activeTargets"]![0]!;
        foreach (string property in new[] { "labels", "scrapePool", "scrapeUrl", "lastError", "health", "scrapeInterval", "scrapeTimeout" })
            ourTarget[property]!.ToJsonString().Should().Be(theirTarget[property]!.ToJsonString(), property);
        Names(ourTarget).Should().Equal(Names(theirTarget));
        Names((await pair.AskAsync(pair.Ours, "GET /api/v1/status/buildinfo")).Body["data"]!).Should()
            .Equal(Names((await pair.AskAsync(pair.Theirs, "GET /api/v1/status/buildinfo")).Body["data"]!));
        JsonNode tsdb = (await pair.AskAsync(pair.Ours, "GET /api/v1/status/tsdb")).Body["data"]!;
        Names(tsdb).Should().Equal(Names((await pair.AskAsync(pair.Theirs, "GET /api/v1/status/tsdb")).Body["data"]!));
        Names(tsdb["headStats"]!).Should()
            .Equal(Names((await pair.AskAsync(pair.Theirs, "GET /api/v1/status/tsdb")).Body["data"]!["headStats"]!));
        foreach (string metric in new[] { "node_load1", "node_cpu_seconds_total", "go_gc_duration_seconds" })
        {
            string path = $"GET /api/v1/metadata?metric={metric}";
            (await pair.AskAsync(pair.Ours, path)).Body.ToJsonString().Should()
                .Be((await pair.AskAsync(pair.Theirs, path)).Body.ToJsonString());
        }
    }

    [Fact]
    public async Task Promtool_and_the_query_command_read_us_and_answers_are_packed_on_request()
    {
        await using Pair pair = await Pair.StartAsync();
        foreach (string query in new[] { "sort(api_temp_v)", "1+1", "sum(rate(api_requests_total[2m])) by (host) > 1e9" })
        {
            (int code, string ours) = await Component.RunAsync("promtool", "", "query", "instant", $"--time={pair.To}", pair.Ours, query);
            code.Should().Be(0, ours);
            ours.Should()
                .Be((await Component.RunAsync("promtool", "", "query", "instant", $"--time={pair.To}", pair.Theirs, query)).Output, query);
        }
        string[] range = ["query", "range", $"--start={pair.From}", $"--end={pair.To}", "--step=1m"];
        (await Component.RunAsync("promtool", "", [.. range, pair.Ours, "sum(api_temp_v)"])).Should()
            .Be(await Component.RunAsync("promtool", "", [.. range, pair.Theirs, "sum(api_temp_v)"]));
        string[] series = ["query", "series", $"--start={pair.From}", $"--end={pair.To}", "--match=api_temp_v"];
        (await Component.RunAsync("promtool", "", [.. series, pair.Ours])).Should()
            .Be(await Component.RunAsync("promtool", "", [.. series, pair.Theirs]));

        (int asked, string table) = await Daemon.RunAsync(
            pair.Daemon.Folder, "query", "sort(api_temp_v)", "--url", pair.Ours, "--at", pair.To.ToString(CultureInfo.InvariantCulture));
        asked.Should().Be(0);
        table.Split('\n')[0].Should().MatchRegex("^api_temp_v\\{host=\"a\", zone=\"z0\"\\} +[0-9.]+$");
        (asked, table) = await Daemon.RunAsync(pair.Daemon.Folder, "query", "sum(api_temp_v)", "--range", "10m", "--url", pair.Ours);
        table.Should().Contain("points)");
        (asked, table) = await Daemon.RunAsync(pair.Daemon.Folder, "query", "sum(", "--url", pair.Ours);
        asked.Should().Be(1);
        table.Should().Contain("1:5: parse error");

        // A variable of a dashboard with thousands of values; there is no POST for these.
        string hosts = string.Concat(Enumerable.Range(0, 60_000).Select(n => $"|host-{n}"));
        string selector = Uri.EscapeDataString($"api_temp_v{{host=~\"a{hosts}\"}}");
        (await pair.Daemon.GetAsync($"/federate?match[]={selector}")).Should().Contain("api_temp_v");
        (await pair.Daemon.GetAsync($"/api/v1/label/host/values?match[]={selector}")).Should().Contain("\"a\"");

        using var raw = new HttpClient(new HttpClientHandler { AutomaticDecompression = DecompressionMethods.None });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{pair.Ours}/api/v1/query?query=api_temp_v");
        request.Headers.Add("Accept-Encoding", "gzip");
        using HttpResponseMessage packed = await raw.SendAsync(request);
        packed.Content.Headers.ContentEncoding.Should().Equal("gzip");
        await using var unpacked = new GZipStream(await packed.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        (await new StreamReader(unpacked).ReadToEndAsync()).Should().StartWith("{\"status\":\"success\"");
    }

    private static string[] Names(JsonNode node) => [.. node.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Whether two answers say the same: series come in no promised order, errors are in our own words, and numbers may differ in the last
    /// digit.
    /// </summary>
    private static bool Same(JsonNode? theirs, JsonNode? ours)
    {
        switch (theirs, ours)
        {
            case (JsonObject a, JsonObject b):
                return a.Select(p => p.Key).SequenceEqual(b.Select(p => p.Key)) && a.All(p => p.Key == "error" || Same(p.Value, b[p.Key]));
            case (JsonArray a, JsonArray b):
                return a.Count == b.Count && Sorted(a).Zip(Sorted(b)).All(p => Same(p.First, p.Second));
            default:
                string one = theirs?.ToJsonString() ?? "", other = ours?.ToJsonString() ?? "";
                return one == other
                    || (double.TryParse(one.Trim('"'), CultureInfo.InvariantCulture, out double x)
                    && double.TryParse(other.Trim('"'), CultureInfo.InvariantCulture, out double y)
                    && Math.Abs(x - y) <= 1e-12 * Math.Abs(x));
        }
    }

    private static IEnumerable<JsonNode?> Sorted(JsonArray array) =>
        array is [JsonObject, ..] ? array.OrderBy(e => (e!["metric"] ?? e).ToJsonString(), StringComparer.Ordinal) : array;

    /// <summary>Without what depends on when and where it was asked.</summary>
    private static string Timeless(JsonNode node)
    {
        JsonNode copy = node.DeepClone();
        Strip(copy);
        return copy.ToJsonString(new JsonSerializerOptions { WriteIndented = true });

        static void Strip(JsonNode? at)
        {
            if (at is JsonObject o)
            {
                foreach (string name in new[] { "evaluationTime", "lastEvaluation", "activeAt", "file" }.Where(o.ContainsKey))
                    o[name] = "…";
                // What a group that Prometheus evaluates has not.
                foreach (string name in new[] { "evaluatedOnArrival", "arrivalEvaluationTime" })
                    o.Remove(name);
                foreach ((_, JsonNode? value) in o)
                    Strip(value);
            }
            else if (at is JsonArray a)
            {
                foreach (JsonNode? element in a)
                    Strip(element);
            }
        }
    }

    /// <summary>Prometheus and metricsd, side by side on the same samples, the same target and the same rules.</summary>
    private sealed class Pair : IAsyncDisposable
    {
        private readonly List<Component> _components = [];

        public required Daemon Daemon { get; init; }

        public required string Theirs { get; init; }

        public string Ours => Daemon.Url("");

        public long From { get; private init; }

        public long To { get; private init; }

        public static async Task<Pair> StartAsync()
        {
            string folder = Directory.CreateTempSubdirectory("pair").FullName;
            long to = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 60 * 60;
            long from = to - (Step * Steps);
            (string openMetrics, string lines) = Samples(from);
            await File.WriteAllTextAsync(Path.Combine(folder, "data.om"), openMetrics);
            (int code, string said) =
                await Component.RunAsync("promtool", "", "tsdb", "create-blocks-from", "openmetrics", "-q", $"{folder}/data.om",
                    $"{folder}/data");
            code.Should().Be(0, said);
            await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), """
                groups:
                  - name: first
                    interval: 1s
                    limit: 100
                    rules:
                      - record: api:temp:max
                        expr: max by (host) (last_over_time(api_temp_v[1h]))
                        labels: { kind: max }
                      - alert: Hot
                        expr: vector(42.5) > 1
                        keep_firing_for: 5m
                        labels: { severity: page }
                        annotations: { summary: "{{ $value | humanize }} degrees" }
                      - alert: Waiting
                        expr: vector(1) == 1
                        for: 1h
                      - alert: Never
                        expr: vector(0) > 1
                """);
            int node = Daemon.FreePort(), port = Daemon.FreePort();
            string job =
                $"{{ job_name: node, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [ {{ targets: ['127.0.0.1:{node}'], labels: "
                    + $"{{ rack: r1 }} }} ] }}";
            await File.WriteAllTextAsync(
                Path.Combine(folder, "p.yml"),
                $"global: {{ evaluation_interval: 1s }}\nrule_files: [ rules.yaml ]\nscrape_configs: [ {job} ]\n");
            var components = new List<Component>
            {
                Component.Start(
                    folder, "prometheus-node-exporter", $"--web.listen-address=127.0.0.1:{node}", "--collector.disable-defaults",
                    "--collector.loadavg", "--collector.cpu"),
                Component.Start(
                    folder, "prometheus", "--config.file=p.yml", $"--storage.tsdb.path={folder}/data",
                    $"--web.listen-address=127.0.0.1:{port}"),
            };
            Daemon daemon =
                await Daemon.StartAsync($"host: {{ enabled: false }}\nrules: {{ files: ['{folder}/rules.yaml'], shipped: false "
                    + $"}}\nscrape_configs: [ {job} ]\n");
            (await daemon.PushAsync(lines)).StatusCode.Should().Be(HttpStatusCode.NoContent);
            var pair = new Pair { Daemon = daemon, Theirs = $"http://127.0.0.1:{port}", From = from, To = to };
            pair._components.AddRange(components);
            foreach (string server in new[] { pair.Theirs, pair.Ours })
                await Eventually.Async(
                    async () =>
                    (await daemon.Http.GetStringAsync($"{server}/api/v1/query?query=up")).Contains("\"1\"", StringComparison.Ordinal),
                        $"{server} scrapes");
            return pair;
        }

        public async Task<(HttpStatusCode Status, string? ContentType, JsonNode Body)> AskAsync(string server, string request)
        {
            string[] parts = request.Split(' ');
            using var message = new HttpRequestMessage(new HttpMethod(parts[0]), server + parts[1]);
            if (parts.Length > 2)
                message.Content = new StringContent(parts[2], Encoding.ASCII, "application/x-www-form-urlencoded");
            using HttpResponseMessage answer = await Daemon.Http.SendAsync(message);
            string text = await answer.Content.ReadAsStringAsync();
            return (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType,
                text.StartsWith('{') ? JsonNode.Parse(text)! : new JsonObject { ["text"] = text });
        }

        /// <summary>Takes the names out of a list that only our own metrics have: Prometheus does not scrape itself here.</summary>
        public async Task RemoveOwnAsync(JsonNode ours, JsonNode theirs)
        {
            if (ours["data"] is not JsonArray list || list is not [JsonValue, ..] || theirs["data"] is not JsonArray expected)
                return;
            string[] known = [.. expected.Select(e => e!.ToString())];
            foreach (string path in new[] { "labels", "label/__name__/values" })
            {
                JsonNode own = (await AskAsync(Ours, $"GET /api/v1/{path}?match[]={{job=\"metricsd\"}}")).Body;
                foreach (string name in own["data"]!.AsArray().Select(e => e!.ToString()).Except(known))
                    list.RemoveAll(e => e!.ToString() == name);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Daemon.DisposeAsync();
            foreach (Component component in _components)
                component.Dispose();
        }

        private static (string OpenMetrics, string Lines) Samples(long from)
        {
            (StringBuilder page, StringBuilder lines) = (new(), new());
            Family("api_temp", "v", "abc", (h, i) => Math.Round(20 + (h * 3) + (5 * Math.Sin(i / 7.0)), 3));
            Family("api_requests", "total", "abc", (h, i) => 1000 + (i * (h + 2)) - (i > 50 && h == 1 ? 1000 : 0));
            Family("api_ends", "v", "ab", (h, i) => i < 30 + (h * 20) ? i : null);
            foreach (string bound in new[] { "0.1", "1", "+Inf" })
                Family("api_latency", "bucket", "a", (h, i) => (i + 1) * (bound == "0.1" ? 2.0 : bound == "1" ? 5 : 6), $",le=\"{bound}\"",
                    $",le={bound}");
            page.Append("# EOF\n");
            return (page.ToString(), lines.ToString());

            void Family(string name, string field, string hosts, Func<int, int, double?> value, string label = "", string tag = "")
            {
                for (int h = 0; h < hosts.Length; h++)
                {
                    for (int i = 0; i < Steps; i++)
                    {
                        if (value(h, i) is not { } v)
                            continue;
                        // A little beside whole seconds: samples exactly on the edge of a range count otherwise in Prometheus 3.
                        long at = ((from + (i * Step)) * 1000) + 7;
                        page.Append(
                            CultureInfo.InvariantCulture,
                            $"{name}_{field}{{host=\"{hosts[h]}\",zone=\"z{h}\"{label}}} {v} {at / 1000.0:F3}\n");
                        lines.Append(CultureInfo.InvariantCulture, $"{name},host={hosts[h]},zone=z{h}{tag} {field}={v} {at}\n");
                    }
                }
            }
        }
    }
}
