using System.Net;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Every query of the dashboard Host, asked of the daemon and of a real Prometheus that federates from it.</summary>
public sealed class DashboardTests
{
    /// <summary>What this machine may really not have.</summary>
    private static readonly string[] s_mayBeEmpty = ["Pressure", "Tracked connections"];

    [Fact]
    public async Task Every_panel_has_an_answer()
    {
        await using Daemon daemon = await Daemon.StartAsync("host: { interval: 1s }");
        string folder = Directory.CreateTempSubdirectory("prometheus").FullName;
        int port = Daemon.FreePort();
        await File.WriteAllTextAsync(Path.Combine(folder, "p.yml"), $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s }
            scrape_configs:
            - { job_name: federate, honor_labels: true, metrics_path: /federate, params: { 'match[]': ['{__name__=~".+"}'] }, static_configs: [ { targets: ['127.0.0.1:{{daemon.Port}}'] } ] }
            """);
        using Component prometheus = Component.Start(
            folder, "prometheus", "--config.file=p.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}");
        async Task<int> CountAsync(string query, int server)
        {
            string url = $"http://127.0.0.1:{server}/api/v1/query?query={Uri.EscapeDataString(query)}";
            HttpResponseMessage answer = await daemon.Http.GetAsync(url);
            // A Prometheus that is not ready yet says so in plain text.
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                throw new HttpRequestException($"{url} is not ready");
            JsonElement body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            body.GetProperty("status").GetString().Should().Be("success", $"{query}: {body}");
            return body.GetProperty("data").GetProperty("result").GetArrayLength();
        }

        foreach (int server in new[] { port, daemon.Port })
            await Eventually.Async(
                async () => await CountAsync("rate(node_cpu_seconds_total[20s])", server) > 0, "there is enough to compute rates");
        int asked = 0;
        foreach (string file in Directory.GetFiles(Path.Combine(Cases.Repository, "grafana/dashboards"), "metricsd-host.json"))
        {
            var panels = new List<JsonElement>();
            Collect(JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement, panels);
            foreach (JsonElement panel in panels)
            {
                foreach (JsonElement target in panel.GetProperty("targets").EnumerateArray())
                {
                    string query = target.GetProperty("expr").GetString()!
                        .Replace("$__rate_interval", "20s", StringComparison.Ordinal).Replace("$job", "host", StringComparison.Ordinal)
                            .Replace("$instance", ".+", StringComparison.Ordinal);
                    string title = panel.GetProperty("title").GetString()!;
                    foreach (int server in new[] { port, daemon.Port })
                    {
                        // A busy machine may miss scrapes.
                        string whose = server == port ? "Prometheus" : "metricsd";
                        if (!s_mayBeEmpty.Contains(title))
                            await Eventually.Async(
                                async () => await CountAsync(query, server) > 0,
                                $"{Path.GetFileName(file)}, '{title}': something comes of {query} from {whose}");
                    }
                    asked++;
                }
            }
        }
        asked.Should().BeGreaterThan(20);
    }

    private static void Collect(JsonElement owner, List<JsonElement> panels)
    {
        foreach (JsonElement panel in owner.GetProperty("panels").EnumerateArray())
        {
            if (panel.TryGetProperty("targets", out _))
                panels.Add(panel);
            if (panel.TryGetProperty("panels", out _))
                Collect(panel, panels);
        }
    }
}
