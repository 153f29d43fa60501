using System.Globalization;
using System.Net;
using System.Text;

namespace Metrics.IntegrationTests;

/// <summary>
/// Alerts that others have judged: sent by a real Prometheus, by <c>amtool</c>, by a script, as they are to an Alertmanager.
/// </summary>
public sealed class SentAlertTests
{
    [Fact]
    public async Task Alerts_of_a_Prometheus_are_routed_silenced_and_explained_and_end_when_it_says_so()
    {
        Component.Need("prometheus");
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync(hook);
        string folder = Directory.CreateTempSubdirectory("sender").FullName;
        int port = Daemon.FreePort();
        void WriteRules(string expression) => File.WriteAllText(Path.Combine(folder, "rules.yml"),
            $"groups: [ {{ name: g, rules: [ {{ alert: DiskFull, expr: '{expression}', labels: {{ severity: page }}, annotations: {{ "
                + $"summary: 'the disk of {{{{ $labels.host }}}} is full' }} }} ] }} ]");
        WriteRules("label_replace(vector(1), \"host\", \"a\", \"\", \"\")");
        await File.WriteAllTextAsync(
            Path.Combine(folder, "prometheus.yml"),
            $"global: {{ evaluation_interval: 1s }}\nrule_files: [ rules.yml ]\nalerting: {{ alertmanagers: [ {{ static_configs: [ {{ "
                + $"targets: ['127.0.0.1:{daemon.Port}'] }} ] }} ] }}\n");
        using Component prometheus =
            Component.Start(
                folder, "prometheus", "--config.file=prometheus.yml", $"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.path=data",
                "--web.enable-lifecycle", "--rules.alert.resend-delay=15s");
        await hook.UntilAsync("/page", "firing DiskFull a");
        hook.Accepted.First().Body.Should()
            .Contain("the disk of a is full").And.Contain("generatorURL\":\"http", "its link leads to Prometheus");
        (await daemon.CommandAsync("explain", "DiskFull", "--url", daemon.Url(""))).Output.Should()
            .Contain("sent by others").And.Contain("goes to page");
        (await daemon.GetAsync("/")).Should().Contain("DiskFull");

        // It outlives us.
        daemon.Kill();
        await daemon.StartAgainAsync();
        (await daemon.GetAsync("/api/v2/alerts")).Should().Contain("DiskFull");

        WriteRules("vector(1) > 2");
        using var http = new HttpClient();
        (await http.PostAsync($"http://127.0.0.1:{port}/-/reload", null)).EnsureSuccessStatusCode();
        await hook.UntilAsync("/page", "resolved DiskFull a");
        hook.AlertsAt("/page").Should().Equal("firing DiskFull a", "resolved DiskFull a");
        (await daemon.CommandAsync("explain", "DiskFull", "--url", daemon.Url(""))).Output.Should()
            .Contain("its sender says that it is over");
    }

    [Fact]
    public async Task Amtool_adds_an_alert_and_what_is_not_sent_again_in_time_ends_as_expired()
    {
        Component.Need("amtool");
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync(hook);
        (int code, string said) =
            await Component.RunAsync("amtool", "", "--alertmanager.url", daemon.Url(""), "alert", "add", "Late", "severity=page", "host=b",
                "--annotation=summary=too late");
        code.Should().Be(0, said);
        await hook.UntilAsync("/page", "firing Late b");
        foreach (string list in new[] { "/api/v1/alerts", "/api/v2/alerts", "/" })
            (await daemon.GetAsync(list)).Should().Contain("Late", $"{list} lists what others have sent");
        (await Component.RunAsync("amtool", "", "--alertmanager.url", daemon.Url(""), "alert", "query", "host=b")).Output.Should()
            .Contain("Late").And.Contain("too late");

        // So far ahead that it is still to come when a busy machine takes it.
        string soon = TimeProvider.System.GetUtcNow().AddSeconds(15).ToString("O", CultureInfo.InvariantCulture);
        (await PostAsync(daemon, $$"""[{"labels":{"alertname":"Short","host":"c","severity":"page"},"endsAt":"{{soon}}"}]""")).Should()
            .Be((HttpStatusCode.OK, ""));
        await hook.UntilAsync("/page", "firing Short c");
        await hook.UntilAsync("/page", "resolved Short c");
        hook.Accepted.Last().Body.Should().Contain("it was not seen to be over");
        hook.AlertsAt("/page").Should().NotContain("resolved Late b", "it holds for resolve_timeout");
    }

    [Fact]
    public async Task What_is_wrong_with_alerts_is_told_and_counted_and_the_right_ones_are_taken()
    {
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync(hook);
        (await PostAsync(
            daemon, """[{"labels":{}},{"labels":{"alertname":"Good","host":"d","severity":"page"}},{"labels":{"a":5}},{"labels":{"a":"b"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"},7]""")).Should().Be((
            HttpStatusCode.BadRequest,
                "at least one label pair required; labels.a must be a text; {a=\"b\"}: start time must be before end time; an alert is an "
                    + "object with labels, annotations, startsAt, endsAt and generatorURL"));
        await hook.UntilAsync("/page", "firing Good d");
        (await PostAsync(daemon, "no JSON")).Status.Should().Be(HttpStatusCode.BadRequest);
        (await PostAsync(daemon, "{}")).Should().Be((HttpStatusCode.BadRequest, "the body must be a list of alerts"));
        (await daemon.OwnAsync("metricsd_alerts_invalid_total")).Should().Be(4);
        (await daemon.OwnAsync("metricsd_alerts_received_total{status=\"firing\"}")).Should().Be(1);
    }

    private static async Task<(HttpStatusCode Status, string Fault)> PostAsync(Daemon daemon, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await daemon.Http.PostAsync(daemon.Url("/api/v2/alerts"), content);
        string text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.StartsWith('"') ? System.Text.Json.JsonSerializer.Deserialize<string>(text)! : text);
    }

    private static Task<Daemon> StartAsync(WebhookListener hook) => Daemon.StartAsync($$"""
        host: { enabled: false }
        rules: { shipped: false }
        receivers: [ { name: page, webhook_configs: [ { url: '{{hook.Url}}page' } ] }, { name: rest } ]
        route: { receiver: rest, group_wait: 0s, group_interval: 0s, group_by: ['...'], routes: [ { matchers: ['severity="page"'], receiver: page } ] }
        """);
}
