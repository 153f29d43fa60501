using System.Runtime.Versioning;
using System.Text.Json;
using Metrics.Cli;
using Metrics.Hosting;
using Metrics.Pollers.Probes;
using Metrics.Pollers.Scrape;

namespace Metrics.Tests.Cli;

/// <summary>What <c>metricsd migrate</c> makes of files of others, and what it says of them.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class MigrateCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("migrate").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Three_files_become_one_that_is_valid_and_what_it_lacks_is_said_line_by_line()
    {
        string prometheus = Write("prometheus.yml", """
            global: { external_labels: { cluster: fra1 } }
            rule_files: [ 'rules/*.yml' ]
            alerting: { alertmanagers: [ { static_configs: [ { targets: ['am:9093'] } ] } ] }
            remote_write: [ { url: 'https://mimir.example/push' } ]
            scrape_configs:
              - job_name: node
                basic_auth: { username: u, password_file: secret }
                tls_config: { insecure_skip_verify: true, min_version: TLS12 }
                static_configs: [ { targets: ['a:9100'] } ]
              - job_name: pods
                kubernetes_sd_configs: [ { role: pod } ]
              - job_name: web
                metrics_path: /probe
                params: { module: [site] }
                scrape_interval: 30s
                static_configs:
                  - { targets: ['https://a.example', 'https://b.example'], labels: { team: shop } }
                  - { targets: ['https://c.example'] }
                relabel_configs:
                  - { source_labels: [__address__], target_label: __param_target }
                  - { source_labels: [__param_target], target_label: instance }
                  - { target_label: __address__, replacement: 'blackbox:9115' }
              - job_name: mail
                metrics_path: /probe
                params: { module: [smtp] }
                static_configs: [ { targets: ['mail:25'] } ]
                metric_relabel_configs: [ { source_labels: [__name__], regex: 'probe_dns.*', action: drop } ]
                relabel_configs:
                  - { source_labels: [__address__], target_label: __param_target }
                  - { target_label: __address__, replacement: 'blackbox:9115' }
            """);
        string alertmanager = Write("alertmanager.yml", """
            global: { resolve_timeout: 10m, smtp_smarthost: 'mail:25', smtp_from: a@b.example }
            route: { receiver: ops, routes: [ { matchers: [ team = shop ], receiver: shop } ] }
            receivers:
              - { name: ops, email_configs: [ { to: ops@b.example, threading: { enabled: true } } ] }
              - { name: shop, wechat_configs: [ { corp_id: x } ] }
            """);
        string blackbox = Write("blackbox.yml", """
            modules:
              site: { prober: http, timeout: 7s, http: { preferred_ip_protocol: ip4, valid_status_codes: [200] } }
              smtp: { prober: tcp }
            """);
        Write("secret", "s");
        Write("rules/a.yml", "groups: [ { name: g, rules: [ { alert: Down, expr: up == 0 } ] } ]");
        string to = Path.Combine(_folder, "new", "metrics.yaml");
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);

        CliRun run = await CliRun.Of("migrate", prometheus, alertmanager, blackbox, "--to", to);

        (run.Code, run.Error).Should().Be((ExitCode.No, ""), "something is left out");
        run.Output.Replace(_folder + "/", "", StringComparison.Ordinal).Should().StartWith("""
            Said in another way:
              prometheus.yml:3: alertmanagers: metricsd notifies by itself, by the routes and receivers of alertmanager.yml
              prometheus.yml:12: job 'web' is a probe: module 'site', 3 targets; it needs no blackbox_exporter
              blackbox.yml:2: preferred_ip_protocol: ip4 is ip_protocol: ip4, which does not fall back to the other
            Left out:
              prometheus.yml:4: remote_write is not supported: samples go to storage.influx, and by forward to another metricsd
              prometheus.yml:8: job 'node': min_version is not a known key
              prometheus.yml:11: job 'pods': kubernetes_sd_configs is not supported; targets are found by static, file, http, dns and openstack
              alertmanager.yml:4: 'ops' of receivers: threading is not a known key
              alertmanager.yml:5: 'shop' of receivers: wechat_configs is not supported; http_configs can send what it takes (docs/alerting.md)
            To be looked at:
              prometheus.yml:1: external_labels: routes, inhibitions and messages see alerts without them; look for cluster in alertmanager.yml
              prometheus.yml:23: job 'mail' goes on asking blackbox_exporter: probes have no metric_relabel_configs
              alertmanager.yml:5: receiver 'shop' reaches nobody now
            new/metrics.yaml is written: 2 scrape jobs, 1 probe jobs, 2 receivers, 1 rules.
            """);

        MetricsOptions options = MetricsOptions.Load(to, new Dictionary<string, string>());
        options.Rules.Files.Should().Equal(Path.Combine(_folder, "rules/*.yml"));
        (options.Rules.Shipped, options.Rules.Defaults.Interval).Should().Be((false, TimeSpan.FromMinutes(1)), "Prometheus's default");
        ScrapeJob node = options.Targets.OfType<ScrapeJob>().Single(j => j.Name == "node");
        (node.Interval, node.Timeout).Should().Be((TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10)));
        node.Access.Tls.InsecureSkipVerify.Should().BeTrue("the rest of what it stood with is there");
        ProbeJob web = options.Targets.OfType<ProbeJob>().Single();
        (web.Name, web.Prober, web.IpProtocol, web.Interval, web.Timeout)
            .Should().Be(("web", "http", "ip4", TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(7)));
        web.Targets.Select(t => $"{t.Target} {t.Labels.GetValueOrDefault("team")}")
            .Should().Equal("https://a.example shop", "https://b.example shop", "https://c.example ");
        options.Notifications.Routing.Root.Routes.Single().Receiver.Should().Be("shop");
        File.GetUnixFileMode(to).Should().NotHaveFlag(UnixFileMode.OtherRead, "passwords may stand in it");
    }

    [Fact]
    public async Task What_cannot_be_kept_apart_or_read_is_told_at_once_and_nothing_is_written()
    {
        string one = Write("a.yml", "scrape_configs: []"), two = Write("b.yml", "scrape_configs: []"), other = Write("c.yml", "x: 1");
        string broken = Write("d.yml", "a: [");
        string to = Path.Combine(_folder, "metrics.yaml");
        CliRun run = await CliRun.Of("migrate", one, two, other, broken, $"{_folder}/none.yml", "--to", to);
        run.Code.Should().Be(ExitCode.Misuse);
        run.Error.Should().ContainAll(
            $"{two}: is Prometheus's, as {one} is", $"{other}: is no file of Prometheus", $"{broken}:2:1: broken YAML", "none.yml: cannot be read: ");
        File.Exists(to).Should().BeFalse();

        Write("metrics.yaml", "mine");
        (await CliRun.Of("migrate", one, "--to", to)).Error.Should().Contain($"{to} is there already");
        (await File.ReadAllTextAsync(to)).Should().Be("mine");
    }

    [Fact]
    public async Task What_is_not_there_is_kept_for_a_person()
    {
        string file = Write("alertmanager.yml", """
            route: { receiver: a }
            receivers: [ { name: a, webhook_configs: [ { url_file: hook.url } ] } ]
            """);
        CliRun run = await CliRun.Of("migrate", file, "--to", "-", "--output", "json");
        run.Code.Should().Be(ExitCode.No);
        JsonElement json = JsonElement.Parse(run.Output);
        json.GetProperty("valid").GetBoolean().Should().BeFalse();
        json.GetProperty("yaml").GetString().Should().Contain($"url_file: '{_folder}/hook.url'");
        JsonElement note = json.GetProperty("notes").EnumerateArray().Should().ContainSingle().Which;
        (note.GetProperty("outcome").GetString(), note.GetProperty("line").GetInt32()).Should().Be(("ToDo", 2));
        note.GetProperty("text").GetString().Should().Be($"url_file is '{_folder}/hook.url', which does not exist");
    }

    [Fact]
    public async Task A_probe_is_as_frequent_and_as_patient_as_its_job_and_module_together_were()
    {
        string prometheus = Write("prometheus.yml", """
            global: { scrape_interval: 30s, scrape_timeout: 4s }
            scrape_configs:
              - job_name: a
                metrics_path: /probe
                params: { module: [web] }
                static_configs: [ { targets: ['http://a/'] } ]
                relabel_configs: &asked
                  - { source_labels: [__address__], target_label: __param_target }
                  - { source_labels: [__param_target], target_label: instance }
                  - { target_label: __address__, replacement: 'blackbox:9115' }
              - job_name: b
                metrics_path: /probe
                scrape_interval: 1m
                scrape_timeout: 20s
                params: { module: [web] }
                static_configs: [ { targets: ['http://b/'] } ]
                relabel_configs: *asked
            """);
        string blackbox = Write("blackbox.yml", """
            modules:
              web:
                prober: http
                timeout: 9s
                http:
                  method: HEAD
                  enable_http3: true
            """);
        CliRun run = await CliRun.Of("migrate", prometheus, blackbox, "--to", "-");
        MetricsOptions.Parse(run.Output).Targets.OfType<ProbeJob>()
            .Select(j => $"{j.Name} {j.Interval.TotalSeconds} {j.Timeout.TotalSeconds} {j.Http.Method}")
            .Should().Equal("a 30 4 HEAD", "b 60 9 HEAD");
        run.Error.Should().Contain($"{blackbox}:7: job 'a': enable_http3 is not supported")
            .And.Contain($"{blackbox}:7: job 'b': enable_http3 is not supported");
    }

    [Fact]
    public async Task However_much_is_left_out_all_of_it_is_said()
    {
        string receivers = string.Concat(
            Enumerable.Range(0, 131).Select(i => $"  - {{ name: r{i}, pushover_configs: [ {{ token: x }} ] }}\n"));
        string file = Write("alertmanager.yml", $"route: {{ receiver: r0 }}\nreceivers:\n{receivers}");
        CliRun run = await CliRun.Of("migrate", file, "--to", "-");
        run.Output.Should().NotContain("pushover");
        run.Error.Split('\n').Count(l => l.Contains("pushover_configs is not supported", StringComparison.Ordinal)).Should().Be(131);
    }

    [Fact]
    public async Task What_is_all_carried_over_ends_well_and_is_printed_where_that_is_asked()
    {
        string file = Write("prometheus.yml", "scrape_configs: [ { job_name: a, static_configs: [ { targets: ['a:1'] } ] } ]");
        CliRun run = await CliRun.Of("migrate", file, "--to", "-");
        run.Code.Should().Be(ExitCode.Ok);
        MetricsOptions.Parse(run.Output).Targets.OfType<ScrapeJob>().Should().ContainSingle();
        run.Error.Should().StartWith("Flags are in none of these files");
    }

    private string Write(string name, string text)
    {
        string file = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }
}
