using System.Net;

namespace Metrics.IntegrationTests;

/// <summary>What did not change does not notice a reload; what changed keeps its series.</summary>
public sealed class ReloadTests
{
    private const string HaproxyCsv = "# pxname,svname,scur,status,type\nweb,FRONTEND,1,OPEN,0\n";

    private static readonly string[] s_jobs = ["host", "node", "other", "web", "haproxy", "metricsd"];

    [Fact]
    public async Task A_reload_of_an_unchanged_file_is_noticed_by_nothing_however_often()
    {
        using var node = new PageServer("temperature 90\n");
        using var other = new PageServer("temperature 20\n");
        using var web = new PageServer("well\n");
        using var haproxy = new PageServer(HaproxyCsv);
        using var webhook = new WebhookListener();
        string rules = await RulesAsync();
        await using Daemon daemon = await Daemon.StartAsync(Configuration(node, other, web, haproxy, webhook, rules, "1s"));
        await Eventually.Async(async () => await UpAsync(daemon) == s_jobs.Length, "every target is up");
        await Eventually.Async(() => Task.FromResult(webhook.Accepted.Count == 1), "the alert is sent");
        (int Node, int Haproxy) connections = (node.Connections, haproxy.Connections);

        for (int i = 0; i < 3; i++)
        {
            await ReloadAsync(daemon);
            // A look at the files of targets comes every 5 s; all of them have to pass without a trace.
            await RequestsAsync(node, 7);
            daemon.Log.Should().NotContain("no longer listed");
        }
        daemon.Log.Should().NotContain("no data");
        webhook.Accepted.Should().HaveCount(1, "nobody hears of a reload");
        (node.Connections, haproxy.Connections).Should().Be(connections, "connections are kept");
        (await AlertsAsync(daemon)).Should().ContainSingle().Which.Should().Contain("alertstate=\"firing\"");
        (await UpAsync(daemon)).Should().Be(s_jobs.Length);
        (await daemon.OwnAsync("metricsd_targets{state=\"up\"}")).Should().Be(s_jobs.Length);
    }

    [Fact]
    public async Task A_section_that_changes_restarts_its_own_targets_and_these_keep_their_series()
    {
        using var node = new PageServer("temperature 90\n");
        using var other = new PageServer("temperature 20\n");
        using var web = new PageServer("well\n");
        using var haproxy = new PageServer(HaproxyCsv);
        using var webhook = new WebhookListener();
        string rules = await RulesAsync();
        await using Daemon daemon = await Daemon.StartAsync(Configuration(node, other, web, haproxy, webhook, rules, "1s"));
        await Eventually.Async(async () => await UpAsync(daemon) == s_jobs.Length, "every target is up");
        await Eventually.Async(() => Task.FromResult(webhook.Accepted.Count == 1), "the alert is sent");
        (int Node, int Other) connections = (node.Connections, other.Connections);

        string file = Path.Combine(daemon.Folder, "metrics.yaml");
        await File.WriteAllTextAsync(file, Configuration(node, other, web, haproxy, webhook, rules, "700ms"));
        (int code, string output) = await daemon.CommandAsync("check", "--url", daemon.Url(""));
        code.Should().Be(0, output);
        output.Should().Contain("would restart: scrape_configs node (1 target)").And.NotContain("scrape_configs other");
        await ReloadAsync(daemon);
        await Eventually.Async(
            async () => (await daemon.GetAsync("/api/v1/targets")).Contains("700ms", StringComparison.Ordinal), "the new interval holds");
        await RequestsAsync(node, 10);
        node.Connections.Should().Be(connections.Node + 1, "its section changed");
        other.Connections.Should().Be(connections.Other, "its section did not");
        daemon.Log.Should().NotContain("no longer listed").And.NotContain("no data");
        webhook.Accepted.Should().HaveCount(1, "a target that moves keeps its series");
        (await AlertsAsync(daemon)).Should().ContainSingle().Which.Should().Contain("alertstate=\"firing\"");

        await File.WriteAllTextAsync(file, "host: { enabled: false }");
        await ReloadAsync(daemon);
        const string Rest = "{__name__=~\"temperature|up\",job!=\"metricsd\"}";
        await Eventually.Async(async () => (await daemon.FederateAsync(Rest)).Count == 0, "what is really gone ends");
    }

    private static string Configuration(
        PageServer node, PageServer other, PageServer web, PageServer haproxy, WebhookListener webhook, string rules, string interval) =>
        $$"""
        host: { interval: 1s }
        rules: { files: ['{{rules}}'], shipped: false }
        receivers: [ { name: ops, webhook_configs: [ { url: '{{webhook.Url}}' } ] } ]
        scrape_configs:
          - { job_name: node, scrape_interval: {{interval}}, static_configs: [ { targets: ['127.0.0.1:{{node.Port}}'] } ] }
          - { job_name: other, scrape_interval: 1s, static_configs: [ { targets: ['127.0.0.1:{{other.Port}}'] } ] }
        probes: [ { job_name: web, interval: 1s, targets: ['http://127.0.0.1:{{web.Port}}/'] } ]
        haproxy: [ { url: 'http://127.0.0.1:{{haproxy.Port}}/', interval: 1s } ]
        """;

    private static async Task<string> RulesAsync()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("rules").FullName, "hot.yaml");
        await File.WriteAllTextAsync(file, "groups: [ { name: hot, interval: 1s, rules: [ { alert: Hot, expr: 'temperature > 50' } ] } ]");
        return file;
    }

    private static async Task ReloadAsync(Daemon daemon) =>
        (await daemon.Http.PostAsync(daemon.Url("/-/reload"), null)).StatusCode.Should().Be(HttpStatusCode.OK);

    private static async Task RequestsAsync(PageServer server, int more)
    {
        int before = server.Requests;
        await Eventually.Async(() => Task.FromResult(server.Requests >= before + more), "the target goes on being scraped");
    }

    private static async Task<int> UpAsync(Daemon daemon) =>
        (await daemon.FederateAsync("up")).Count(l => l.Contains("} 1 ", StringComparison.Ordinal));

    private static Task<List<string>> AlertsAsync(Daemon daemon) => daemon.FederateAsync("ALERTS");
}
