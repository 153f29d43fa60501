using System.Net.Http.Json;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Beside real Alertmanagers: they take what we hand over, and receivers get from us what they get from them.</summary>
public sealed class AlertmanagerTests
{
    private const string Rules = """
        groups: [ { name: g, interval: 1s, rules: [ { alert: Hot, expr: room_temp, above: "{{ 30 }}", labels: { severity: critical }, annotations: { summary: "{{ labels.host }} is hot" } } ] } ]
        """;

    [Fact]
    public async Task Two_Alertmanagers_get_every_alert_and_its_end_and_a_heartbeat_stops_when_we_die()
    {
        Component.Need("prometheus-alertmanager");
        string folder = Directory.CreateTempSubdirectory("am").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), Rules);
        using var hook = new WebhookListener();
        await File.WriteAllTextAsync(
            Path.Combine(folder, "am.yml"), "route: { receiver: r, group_wait: 0s }\nreceivers: [ { name: r } ]\n");
        (int one, int two) = (Daemon.FreePort(), Daemon.FreePort());
        using Component first = Start(folder, one, "am.yml"), second = Start(folder, two, "am.yml");
        using var http = new HttpClient();
        foreach (int port in new[] { one, two })
            await Eventually.Async(
                async () => (await http.GetAsync($"http://127.0.0.1:{port}/-/ready")).IsSuccessStatusCode, "Alertmanager is ready");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
            alerting: { alertmanagers: [ { static_configs: [ { targets: ['127.0.0.1:{{one}}', '127.0.0.1:{{two}}'] } ] } ] }
            receivers: [ { name: dead, webhook_configs: [ { url: '{{hook.Url}}alive' } ] } ]
            heartbeat: { receiver: dead, interval: 1s }
            """);
        await daemon.PushAsync("room,host=cellar temp=40");
        foreach (int port in new[] { one, two })
        {
            await Eventually.Async(async () => (await AlertsAsync(http, port)).Count == 1, "it has the alert");
            JsonElement alert = (await AlertsAsync(http, port))[0];
            alert.GetProperty("labels").EnumerateObject().Select(l => $"{l.Name}={l.Value.GetString()}").Should()
                .BeEquivalentTo("alertname=Hot", "host=cellar", "severity=critical");
            alert.GetProperty("annotations").GetProperty("summary").GetString().Should().Be("cellar is hot");
            (alert.GetProperty("endsAt").GetDateTimeOffset() - TimeProvider.System.GetUtcNow()).Should()
                .BeCloseTo(TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(90), "when we die it ends over there");
            // The link leads to the alert's trail.
            (await daemon.GetAsync(new Uri(alert.GetProperty("generatorURL").GetString()!).PathAndQuery)).Should()
                .Contain("value 40 is &gt; 30");
        }
        await daemon.PushAsync("room,host=cellar temp=20");
        foreach (int port in new[] { one, two })
            await Eventually.Async(async () => (await AlertsAsync(http, port)).Count == 0, "it is over there too");
        await Eventually.Async(
            () => Task.FromResult(hook.AlertsAt("/alive").Count(a => a == "firing Watchdog none" || a == "firing Watchdog") > 2),
            "the heart beats");
        daemon.Kill();
        int beats = hook.Accepted.Count;
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, TestContext.Current.CancellationToken);
        hook.Accepted.Should().HaveCount(beats);
    }

    [Fact]
    public async Task A_pasted_global_section_holds_for_those_outside_as_with_Prometheus()
    {
        Component.Need("prometheus-alertmanager");
        string folder = Directory.CreateTempSubdirectory("am").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), """
            groups:
              - name: rooms
                rules:
                  - alert: Hot
                    expr: room_temp > 30
                    labels: { severity: critical }
                    annotations: { summary: 'in {{ $externalLabels.region }}' }
                  - alert: Warm
                    expr: room_temp > 20
                    labels: { severity: none }
            """);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "am.yml"), "route: { receiver: r, group_wait: 0s }\nreceivers: [ { name: r } ]\n");
        int port = Daemon.FreePort();
        using Component alertmanager = Start(folder, port, "am.yml");
        using var http = new HttpClient();
        await Eventually.Async(
            async () => (await http.GetAsync($"http://127.0.0.1:{port}/-/ready")).IsSuccessStatusCode, "Alertmanager is ready");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            global: { evaluation_interval: 1s, external_labels: { region: eu, severity: unknown, replica: a } }
            rules: { shipped: false }
            rule_files: [ '{{folder}}/rules.yaml' ]
            alerting:
              alertmanagers: [ { static_configs: [ { targets: ['127.0.0.1:{{port}}'] } ] } ]
              alert_relabel_configs: [ { source_labels: [severity], regex: none, action: drop }, { regex: replica, action: labeldrop } ]
            """);
        await daemon.PushAsync("room,host=cellar temp=40");
        await Eventually.Async(async () => (await AlertsAsync(http, port)).Count > 0, "it has the alert");
        JsonElement alert = (await AlertsAsync(http, port)).Should().ContainSingle("the other is dropped").Subject;
        alert.GetProperty("labels").EnumerateObject().Select(l => $"{l.Name}={l.Value.GetString()}").Should()
            .BeEquivalentTo("alertname=Hot", "host=cellar", "severity=critical", "region=eu");
        alert.GetProperty("annotations").GetProperty("summary").GetString().Should().Be("in eu");
        (await daemon.GetAsync("/api/v1/alerts")).Should().Contain("\"Warm\"").And.NotContain("\"region\"", "it is for those outside");
        (await daemon.FederateAsync("room_temp")).Should().ContainSingle().Which.Should()
            .StartWith("room_temp{host=\"cellar\",region=\"eu\",replica=\"a\",severity=\"unknown\",instance=\"\"} 40 ");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Receivers_get_from_us_what_they_get_from_Alertmanager()
    {
        Component.Need("prometheus-alertmanager");
        string folder = Directory.CreateTempSubdirectory("am").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), Rules);
        using WebhookListener ours = new(), theirs = new();
        static string Configuration(string url) => $$"""
            route: { receiver: all, group_by: [alertname], group_wait: 0s }
            receivers:
              - name: all
                webhook_configs: [ { url: '{{url}}webhook' } ]
                slack_configs: [ { api_url: '{{url}}slack', channel: '#ops' } ]
                pagerduty_configs: [ { url: '{{url}}pagerduty', routing_key: k } ]
                opsgenie_configs: [ { api_url: '{{url}}opsgenie/', api_key: k, responders: [ { name: db, type: team } ] } ]
            """;
        await File.WriteAllTextAsync(Path.Combine(folder, "am.yml"), Configuration(theirs.Url));
        int port = Daemon.FreePort();
        using Component alertmanager = Start(folder, port, "am.yml");
        using var http = new HttpClient();
        await Eventually.Async(
            async () => (await http.GetAsync($"http://127.0.0.1:{port}/-/ready")).IsSuccessStatusCode, "Alertmanager is ready");
        await using Daemon daemon =
            await Daemon.StartAsync($"host: {{ enabled: false }}\nrules: {{ files: ['{folder}/rules.yaml'], shipped: false }}\nalerting: "
                + $"{{ alertmanagers: [ {{ static_configs: [ {{ targets: ['127.0.0.1:{port}'] }} ] }} ] }}\n{Configuration(ours.Url)}");
        await daemon.PushAsync("room,host=cellar temp=40");
        foreach (WebhookListener listener in new[] { ours, theirs })
            await Eventually.Async(
                () => Task.FromResult(listener.Accepted.Select(m => m.Path).Distinct().Count() == 4),
                $"all four have come; so far {string.Join(", ", listener.Accepted.Select(m => m.Path))}");
        foreach (WebhookListener.Message their in theirs.Accepted)
        {
            WebhookListener.Message our = ours.Accepted.Single(m => m.Path == their.Path);
            // What of theirs we leave out, knowingly: looks that are empty, and the mark of their own fields.
            string[] without =
                ["callback_id", "footer", "pretext", "images", "image_url", "thumb_url", "class", "group", "component", "username",
                    "icon_emoji", "details"];
            Fields(their.Json, "").Except(Fields(our.Json, ""))
                .Where(f => !without.Contains(f.Split('.')[^1]) && !f.Contains("custom_details", StringComparison.Ordinal)).Should()
                .BeEmpty(their.Path);
        }
        (string Ours, string Theirs) Both(string path, Func<JsonElement, JsonElement> part) =>
            (part(ours.Accepted.Single(m => m.Path == path).Json).ToString(),
                part(theirs.Accepted.Single(m => m.Path == path).Json).ToString());
        foreach ((string path, Func<JsonElement, JsonElement> part) in new (string, Func<JsonElement, JsonElement>)[]
        {
            ("/pagerduty", j => j.GetProperty("dedup_key")), ("/pagerduty", j => j.GetProperty("event_action")),
                ("/pagerduty", j => j.GetProperty("routing_key")),
            ("/opsgenie/v2/alerts", j => j.GetProperty("alias")),
                ("/opsgenie/v2/alerts", j => j.GetProperty("responders")[0].GetProperty("name")), ("/slack", j => j.GetProperty("channel")),
            ("/webhook", j => j.GetProperty("groupKey")), ("/webhook", j => j.GetProperty("groupLabels")),
                ("/webhook", j => j.GetProperty("commonLabels")), ("/webhook", j => j.GetProperty("status")),
                ("/webhook", j => j.GetProperty("alerts")[0].GetProperty("fingerprint")),
        })
        {
            (string our, string their) = Both(path, part);
            our.Should().Be(their, path);
        }
    }

    private static IEnumerable<string> Fields(JsonElement json, string path) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(p => Fields(p.Value, $"{path}.{p.Name}").Prepend($"{path}.{p.Name}")),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(e => Fields(e, $"{path}[]")),
        _ => [],
    };

    private static Component Start(string folder, int port, string config) => Component.Start(
        folder, "prometheus-alertmanager", $"--config.file={Path.Combine(folder, config)}",
            $"--storage.path={Path.Combine(folder, $"data{port}")}", $"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=");

    private static async Task<List<JsonElement>> AlertsAsync(HttpClient http, int port) =>
        [.. (await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{port}/api/v2/alerts")).EnumerateArray()];
}
