using System.Globalization;
using System.Text.RegularExpressions;

namespace Metrics.IntegrationTests;

/// <summary>The daemon as a newcomer starts it, beside the tools that people compare it with.</summary>
public sealed partial class DefaultTests
{
    [Fact]
    public async Task Watches_this_machine_with_nothing_configured()
    {
        await using Daemon daemon = await Daemon.StartAsync("");
        await Eventually.Async(async () => (await daemon.FederateAsync("node_load1")).Count == 1, "the host is polled");
        (await daemon.FederateAsync("up")).Should().HaveCountGreaterThanOrEqualTo(1).And.OnlyContain(l => l.Contains("} 1 "));
        (int code, string said) = await Component.RunAsync("promtool", await daemon.GetAsync("/metrics"), "check", "metrics");
        code.Should().Be(0, said);
        string page = await daemon.GetAsync("/");
        page.Should().Contain("targets up").And.Contain("host");
    }

    [Fact]
    public async Task Federation_is_as_clean_as_node_exporters_own_page_and_has_its_names_and_values()
    {
        Component.Need("promtool");
        string folder = Directory.CreateTempSubdirectory("ne").FullName;
        int port = Daemon.FreePort();
        using Component exporter = Component.Start(folder, "prometheus-node-exporter", $"--web.listen-address=127.0.0.1:{port}");
        await using Daemon daemon = await Daemon.StartAsync("host: { interval: 1s }");
        await Eventually.Async(async () => (await daemon.FederateAsync("node_load1")).Count == 1, "the host is polled");
        string theirs = "";
        await Eventually.Async(
            async () =>
            (theirs = await daemon.Http.GetStringAsync($"http://127.0.0.1:{port}/metrics")).Length > 0, "node_exporter answers");
        string ours = await daemon.GetAsync("/federate?match[]={__name__=~\"node_.*\"}");

        // promtool finds node_exporter's own names wrong too (camelCase): what it says of ours must be no more than that.
        (int code, string findings) = await Component.RunAsync("promtool", ours, "check", "metrics");
        code.Should().BeOneOf(0, 3);
        (_, string theirFindings) = await Component.RunAsync("promtool", theirs, "check", "metrics");
        findings.Split('\n').Except(theirFindings.Split('\n')).Where(f => !f.Contains("camelCase", StringComparison.Ordinal)).Should()
            .BeEmpty();

        Dictionary<string, double> our = Values(ours), their = Values(theirs);
        string[] notOurs = ["node_exporter_build_info", "node_textfile_scrape_error", "node_scrape_collector", "node_network_speed_bytes"];
        string[] missing = [.. their.Keys.Select(Name).Distinct().Where(n => !notOurs.Any(n.StartsWith)).Except(our.Keys.Select(Name))];
        missing.Should().BeEmpty();
        string[] steady =
            ["node_memory_MemTotal_bytes", "node_boot_time_seconds", "node_uname_info", "node_os_info", "node_filesystem_size_bytes",
                "node_network_mtu_bytes", "node_filefd_maximum", "node_disk_info", "node_network_info", "node_entropy_pool_size_bits",
                "node_timex_tick_seconds", "node_memory_SwapTotal_bytes"];
        foreach (string key in their.Keys.Where(k => steady.Contains(Name(k))))
            our.Should().Contain(key, their[key]);
        // These change at any moment, so that two readings may differ.
        await Eventually.Async(
            async () =>
            Values(await daemon.GetAsync("/federate?match[]=node_sockstat_TCP_orphan"))["node_sockstat_TCP_orphan{}"] == Values(
                await daemon.Http.GetStringAsync($"http://127.0.0.1:{port}/metrics"))["node_sockstat_TCP_orphan{}"],
                "both count the same orphaned sockets");
        string[] growing =
            ["node_cpu_seconds_total", "node_intr_total", "node_context_switches_total", "node_forks_total", "node_disk_read_bytes_total"];
        foreach (string key in their.Keys.Where(k => growing.Contains(Name(k))))
            our[key].Should().BeApproximately(their[key], Math.Max(5, Math.Abs(their[key]) * 0.05), key);
    }

    [Fact]
    public async Task A_real_Prometheus_scrapes_and_federates_from_it()
    {
        await using Daemon daemon = await Daemon.StartAsync("host: { interval: 1s }");
        string folder = Directory.CreateTempSubdirectory("prometheus").FullName;
        int port = Daemon.FreePort();
        await File.WriteAllTextAsync(Path.Combine(folder, "p.yml"), $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s }
            scrape_configs:
            - { job_name: metricsd, static_configs: [ { targets: ['127.0.0.1:{{daemon.Port}}'] } ] }
            - job_name: federate
              honor_labels: true
              metrics_path: /federate
              params: { 'match[]': ['{__name__=~"node_.*|up"}'] }
              static_configs: [ { targets: ['127.0.0.1:{{daemon.Port}}'] } ]
            """);
        using Component prometheus = Component.Start(
            folder, "prometheus", "--config.file=p.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}");
        async Task<string> AskAsync(string query) =>
            await daemon.Http.GetStringAsync($"http://127.0.0.1:{port}/api/v1/query?query={Uri.EscapeDataString(query)}");
        await Eventually.Async(
            async () =>
            (await AskAsync("count(up{job=~\"metricsd|federate\"} == 1)")).Contains("\"2\"", StringComparison.Ordinal),
                "both targets are up in Prometheus");
        await Eventually.Async(
            async () =>
            (await AskAsync("node_load1{job=\"host\"}")).Contains("\"instance\"", StringComparison.Ordinal),
                "the host's own labels come through");
        await Eventually.Async(
            async () =>
            (await AskAsync("metricsd_head_series > 100")).Contains("metricsd_head_series", StringComparison.Ordinal),
                "its own metrics are read too");
    }

    [Fact]
    public async Task A_signal_reloads_and_a_wrong_file_changes_nothing()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        string file = Path.Combine(daemon.Folder, "metrics.yaml");
        await File.WriteAllTextAsync(file, "host: { enabled: false }\nstorrage: {}");
        HttpResponseMessage refused = await daemon.Http.PostAsync(daemon.Url("/-/reload"), null);
        ((int)refused.StatusCode).Should().Be(422);
        (await refused.Content.ReadAsStringAsync()).Should().Contain("did you mean 'storage'?");
        (await daemon.OwnAsync("metricsd_config_last_reload_successful")).Should().Be(0);
        (await daemon.GetAsync("/api/v1/status/runtimeinfo")).Should().Contain("\"reloadConfigSuccess\":false");
        await File.WriteAllTextAsync(file, "host: { enabled: true, interval: 1s }");
        await Component.RunAsync("kill", "", "-HUP", daemon.ProcessId.ToString(CultureInfo.InvariantCulture));
        await Eventually.Async(async () => (await daemon.FederateAsync("node_load1")).Count == 1, "the host is polled after SIGHUP");
        (await daemon.OwnAsync("metricsd_config_last_reload_successful")).Should().Be(1);
        (await daemon.GetAsync("/api/v1/status/runtimeinfo")).Should()
            .Contain("\"reloadConfigSuccess\":true").And.Contain("\"lastConfigTime\":\"20");
    }

    [Fact]
    public async Task With_tokens_reading_and_pushing_need_their_roles()
    {
        await using Daemon daemon = await Daemon.StartAsync("""
            host: { enabled: false }
            auth:
              tokens:
                - { name: see, role: viewer, token: look }
                - { name: do, roles: [ingest, operator], token: act }
                - { name: all, role: admin, token: rule }
            """);
        async Task<int> StatusAsync(HttpMethod method, string path, string? authorization)
        {
            using var request = new HttpRequestMessage(method, daemon.Url(path));
            if (authorization is not null)
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            if (method == HttpMethod.Post)
                request.Content = new StringContent("m v=1");
            return (int)(await daemon.Http.SendAsync(request)).StatusCode;
        }

        (await StatusAsync(HttpMethod.Get, "/-/ready", null)).Should().Be(200);
        (await StatusAsync(HttpMethod.Get, "/metrics", null)).Should().Be(401);
        (await StatusAsync(HttpMethod.Get, "/metrics", "Bearer look")).Should().Be(200);
        (await StatusAsync(HttpMethod.Post, "/write", "Token look")).Should().Be(403);
        (await StatusAsync(HttpMethod.Post, "/write", "Token act")).Should().Be(204);
        (await StatusAsync(HttpMethod.Post, "/write", "Basic " + Convert.ToBase64String("telegraf:act"u8))).Should().Be(204);
        (await StatusAsync(HttpMethod.Post, "/-/reload", "Bearer act")).Should().Be(403);
        (await StatusAsync(HttpMethod.Post, "/-/RELOAD", "Bearer look")).Should().Be(403);
        (await StatusAsync(HttpMethod.Post, "/-/reload", "Bearer rule")).Should().Be(200);
        daemon.Log.Should().NotContain("look").And.NotContain("act:");
    }

    private static Dictionary<string, double> Values(string page)
    {
        var values = new Dictionary<string, double>();
        foreach (Match line in Line().Matches(page))
        {
            IEnumerable<string> labels = Label().Matches(line.Groups[2].Value).Select(l => l.Value)
                .Where(l => !l.StartsWith("job=", StringComparison.Ordinal)
                && !l.StartsWith("instance=", StringComparison.Ordinal)
                && !l.EndsWith("=\"\"", StringComparison.Ordinal));
            values[$"{line.Groups[1].Value}{{{string.Join(',', labels.Order(StringComparer.Ordinal))}}}"] =
                double.Parse(line.Groups[3].Value, CultureInfo.InvariantCulture);
        }
        return values;
    }

    private static string Name(string key) => key[..key.IndexOf('{', StringComparison.Ordinal)];

    [GeneratedRegex(@"^(node_\w+)(\{.*\})? ([-+0-9.eE]+)", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"\w+=""(?:[^""\\]|\\.)*""")]
    private static partial Regex Label();
}
