using System.Net;

namespace Metrics.IntegrationTests;

/// <summary>What did not change does not notice a reload; what changed keeps its series.</summary>
public sealed class ReloadTests : IDisposable
{
    private static readonly string[] s_jobs = ["host", "node", "other", "web", "haproxy", "metricsd"];

    private readonly PageServer _node = new("temperature 90\n");
    private readonly PageServer _other = new("temperature 20\n");
    private readonly PageServer _web = new("well\n");
    private readonly PageServer _haproxy = new("# pxname,svname,scur,status,type\nweb,FRONTEND,1,OPEN,0\n");
    private readonly WebhookListener _webhook = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("rules").FullName;

    [Fact]
    public async Task A_reload_of_an_unchanged_file_is_noticed_by_nothing_however_often()
    {
        await using Daemon daemon = await StartAsync();
        (int Node, int Haproxy) connections = (_node.Connections, _haproxy.Connections);

        for (int i = 0; i < 3; i++)
        {
            await ReloadAsync(daemon);
            // A look at the files of targets comes every 5 s; all of them have to pass without a trace.
            await RequestsAsync(_node, 7);
            daemon.Log.Should().NotContain("no longer listed");
        }
        daemon.Log.Should().NotContain("no data");
        _webhook.Accepted.Should().HaveCount(1, "nobody hears of a reload");
        (_node.Connections, _haproxy.Connections).Should().Be(connections, "connections are kept");
        (await AlertsAsync(daemon)).Should().ContainSingle().Which.Should().Contain("alertstate=\"firing\"");
        (await UpAsync(daemon)).Should().Be(s_jobs.Length);
        (await daemon.OwnAsync("metricsd_targets{state=\"up\"}")).Should().Be(s_jobs.Length);
    }

    [Fact]
    public async Task A_section_that_changes_restarts_its_own_targets_and_these_keep_their_series()
    {
        await using Daemon daemon = await StartAsync();
        (int Node, int Other) connections = (_node.Connections, _other.Connections);

        string file = Path.Combine(daemon.Folder, "metrics.yaml");
        await File.WriteAllTextAsync(file, Configuration("700ms"));
        (int code, string output) = await daemon.CommandAsync("check", "--url", daemon.Url(""));
        code.Should().Be(0, output);
        output.Should().Contain("would restart: scrape_configs node (1 target)").And.NotContain("scrape_configs other");
        await ReloadAsync(daemon);
        await Eventually.Async(
            async () => (await daemon.GetAsync("/api/v1/targets")).Contains("700ms", StringComparison.Ordinal), "the new interval holds");
        await RequestsAsync(_node, 10);
        _node.Connections.Should().Be(connections.Node + 1, "its section changed");
        _other.Connections.Should().Be(connections.Other, "its section did not");
        daemon.Log.Should().NotContain("no longer listed").And.NotContain("no data");
        _webhook.Accepted.Should().HaveCount(1, "a target that moves keeps its series");
        (await AlertsAsync(daemon)).Should().ContainSingle().Which.Should().Contain("alertstate=\"firing\"");

        await File.WriteAllTextAsync(file, "host: { enabled: false }");
        await ReloadAsync(daemon);
        const string Rest = "{__name__=~\"temperature|up\",job!=\"metricsd\"}";
        await Eventually.Async(async () => (await daemon.FederateAsync(Rest)).Count == 0, "what is really gone ends");
    }

    public void Dispose()
    {
        foreach (IDisposable server in new IDisposable[] { _node, _other, _web, _haproxy, _webhook })
            server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A daemon all of whose targets are up, and whose one alert is sent.</summary>
    private async Task<Daemon> StartAsync()
    {
        await File.WriteAllTextAsync(
            RuleFile, "groups: [ { name: hot, interval: 1s, rules: [ { alert: Hot, expr: 'temperature > 50' } ] } ]");
        Daemon daemon = await Daemon.StartAsync(Configuration("1s"));
        await Eventually.Async(async () => await UpAsync(daemon) == s_jobs.Length, "every target is up");
        await Eventually.Async(() => Task.FromResult(_webhook.Accepted.Count == 1), "the alert is sent");
        return daemon;
    }

    private string RuleFile => Path.Combine(_folder, "hot.yaml");

    /// <summary>The configuration with an interval of the job node.</summary>
    private string Configuration(string interval) =>
        $$"""
        host: { interval: 1s }
        rules: { files: ['{{RuleFile}}'], shipped: false }
        receivers: [ { name: ops, webhook_configs: [ { url: '{{_webhook.Url}}' } ] } ]
        scrape_configs:
          - { job_name: node, scrape_interval: {{interval}}, static_configs: [ { targets: ['127.0.0.1:{{_node.Port}}'] } ] }
          - { job_name: other, scrape_interval: 1s, static_configs: [ { targets: ['127.0.0.1:{{_other.Port}}'] } ] }
        probes: [ { job_name: web, interval: 1s, targets: ['http://127.0.0.1:{{_web.Port}}/'] } ]
        haproxy: [ { url: 'http://127.0.0.1:{{_haproxy.Port}}/', interval: 1s } ]
        """;

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
