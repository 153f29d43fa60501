using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Metrics.IntegrationTests;

/// <summary>
/// What keeps people from being woken for nothing, or not at all: escalation, acknowledgement, digests, flapping, explanations.
/// </summary>
public sealed partial class OnCallTests
{
    [Fact]
    public async Task What_nobody_acknowledges_goes_to_the_next_and_every_step_is_explained()
    {
        using var hook = new WebhookListener();
        string Escalating(string after) => $$$"""
            external_url: http://127.0.0.1:{port}
            receivers:
              - { name: first, http_configs: [ { url: '{{{hook.Url}}}first', body: '{{ status }} {{ common_labels.host }} {{ ack_url }}' } ] }
              - { name: boss, webhook_configs: [ { url: '{{{hook.Url}}}boss' } ] }
            route:
              { receiver: first, group_by: ['...'], group_wait: 0s, group_interval: 0s, escalation: [ { after: {{{after}}}, receiver: boss } ] }
            """;
        string folder = await RulesAsync();
        await using Daemon daemon = await Daemon.StartAsync(Configuration(folder, Escalating("1s")));
        await daemon.PushAsync("room,host=cellar temp=40");
        await hook.UntilAsync("/boss", "firing Hot cellar");
        // A busy machine takes its time to acknowledge; meanwhile nothing escalates.
        await daemon.ReloadAsync(Configuration(folder, Escalating("1h")));
        await daemon.PushAsync("room,host=attic temp=50");
        await Eventually.Async(
            () => Task.FromResult(First(hook).Exists(m => m.StartsWith("firing attic http", StringComparison.Ordinal))),
            "the first receiver is notified of the attic");
        string link = First(hook).Single(m => m.StartsWith("firing attic", StringComparison.Ordinal)).Split(' ')[2];

        using var http = new HttpClient();
        (await http.GetAsync(link.Replace("sig=", "sig=0", StringComparison.Ordinal))).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await http.PostAsync(link[..^4] + "0000", Form("eve"))).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        string ofBoss = hook.Accepted.First(m => m.Path == "/boss").Json.GetProperty("ack_url").GetString()!;
        (await http.GetStringAsync(ofBoss)).Should().Contain("cellar", "a program can hand it on");
        string page = await http.GetStringAsync(link);
        page.Should().Contain("attic").And.NotContain("cellar");
        (await http.PostAsync(link, Form("<b>ann</b>"))).StatusCode.Should().Be(HttpStatusCode.OK);

        await daemon.ReloadAsync(Configuration(folder, Escalating("1s")));
        await daemon.PushAsync("room,host=cellar temp=20");
        await hook.UntilAsync("/boss", "resolved Hot cellar");
        // What comes later escalates, so that the attic would have too.
        await daemon.PushAsync("room,host=shed temp=60");
        await hook.UntilAsync("/boss", "firing Hot shed");
        hook.AlertsAt("/boss").Should().Equal("firing Hot cellar", "resolved Hot cellar", "firing Hot shed");

        (int code, string said) = await daemon.CommandAsync("explain", "Hot{host=\"attic\"}", "--url", daemon.Url(""));
        code.Should().Be(0, said);
        said.Should()
            .Contain("Hot{host=\"attic\"}: firing").And.Contain("value 50 is > 30")
            .And.Contain("goes to first by route {}").And.Contain("acknowledged by <b>ann</b>");
        said.Should().MatchRegex("(?s)firing .*goes to first by route.*message .*sent .*acknowledged");
        (code, said) = await daemon.CommandAsync("explain", "Hot{host=\"nowhere\"}", "--url", daemon.Url(""));
        (code, said).Should().Be((1, said));
        said.Should().Contain("has been pending or firing");
        string id = IdOf().Match(await daemon.GetAsync("/api/v1/explain?alert=Hot{host=\"attic\"}")).Groups[1].Value;
        (await daemon.GetAsync($"/alerts/{id}")).Should().Contain("&lt;b&gt;ann&lt;/b&gt;").And.NotContain("<b>ann");

        daemon.Kill();
        await daemon.StartAgainAsync();
        (await daemon.CommandAsync("explain", "Hot{host=\"attic\"}", "--url", daemon.Url(""))).Output.Should()
            .Contain("acknowledged by", "it outlives kill -9");
    }

    [Fact]
    public async Task Without_a_receiver_it_is_explained_that_nobody_is_notified()
    {
        await using Daemon daemon = await StartAsync("");
        await daemon.PushAsync("room,host=attic temp=50");
        string said = "";
        await Eventually.Async(
            async () =>
            {
                said = (await daemon.CommandAsync("explain", "Hot", "--url", daemon.Url(""))).Output;
                return said.Contains("firing", StringComparison.Ordinal);
            },
            "it fires");
        said.Should().Contain("no receiver is configured: nobody is notified").And.NotContain("goes to");
    }

    [Fact]
    public async Task Of_thousands_of_alerts_that_come_in_waves_each_is_told_and_so_is_its_end()
    {
        const int Alerts = 9_000, Waves = 6;
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync($$"""
            receivers: [ { name: ops, webhook_configs: [ { url: '{{hook.Url}}ops' } ] } ]
            route: { receiver: ops, group_by: [cluster], group_wait: 500ms, group_interval: 1s }
            """);
        foreach ((string status, int temperature) in new[] { ("firing", 40), ("resolved", 20) })
        {
            foreach (int[] wave in Enumerable.Range(0, Alerts).Chunk(Alerts / Waves))
                await daemon.PushAsync(string.Join('\n', wave.Select(i => $"room,host=h{i},cluster=c{i % 300} temp={temperature}")));
            int told = 0;
            await Eventually.Async(
                () => Task.FromResult(
                (told = hook.Accepted.SelectMany(m => m.Alerts).Where(a => a.StartsWith(status, StringComparison.Ordinal)).Distinct()
                .Count()) == Alerts), $"every alert is told as {status}", TimeSpan.FromSeconds(90));
        }
    }

    [Fact]
    public async Task A_storm_becomes_one_digest()
    {
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync($$$"""
            storm: { messages: 3, within: 2s }
            receivers: [ { name: ops, http_configs: [ { url: '{{{hook.Url}}}ops', body: '{{ title }} | {{ text }}' } ], webhook_configs: [ { url: '{{{hook.Url}}}machine' } ] } ]
            route: { receiver: ops, group_by: ['...'], group_wait: 0s, group_interval: 0s }
            """);
        await daemon.PushAsync(string.Join('\n', Enumerable.Range(0, 60).Select(i => $"room,host=h{i} temp=40")));
        await Eventually.Async(() => Task.FromResult(hook.AlertsAt("/machine").Count == 60), "a machine gets every alert");
        await Eventually.Async(
            () => Task.FromResult(hook.Accepted.Any(m => m.Path == "/ops" && m.Body.Contains("A storm: ", StringComparison.Ordinal))),
            "the digest");
        List<string> messages = [.. hook.Accepted.Where(m => m.Path == "/ops").Select(m => m.Body)];
        messages.Should().HaveCount(4);
        messages[^1].Should().StartWith("[FIRING] 57 firing: Hot h").And.Contain(" and 56 others |")
            .And.Contain("57 alerts in 57 more messages within 2s: 57 Hot firing.");
    }

    [Fact]
    public async Task An_alert_that_flaps_is_told_once_until_it_is_quiet_also_over_kill_9()
    {
        using var hook = new WebhookListener();
        string Flapping(string quiet) => $$"""
            flapping: { changes: 4, within: 1h, quiet: {{quiet}} }
            receivers: [ { name: ops, webhook_configs: [ { url: '{{hook.Url}}ops' } ] } ]
            route: { receiver: ops, group_by: ['...'], group_wait: 0s, group_interval: 0s }
            """;
        string folder = await RulesAsync();
        // On a busy machine nothing is quick: it may not count as quiet before all has changed.
        await using Daemon daemon = await Daemon.StartAsync(Configuration(folder, Flapping("1h")));
        const int Changes = 10;
        for (int i = 0; i < Changes; i++)
        {
            await daemon.PushAsync($"room,host=a temp={(i % 2 == 0 ? 40 : 20)}");
            int seen = i + 1;
            await Eventually.Async(async () => await ChangesAsync(daemon) == seen, "the change is in the history, so that it is kept");
            if (i == 5)
            {
                daemon.Kill();
                await daemon.StartAgainAsync();
            }
        }
        await daemon.ReloadAsync(Configuration(folder, Flapping("1s")));
        await Eventually.Async(() => Task.FromResult(hook.AlertsAt("/ops").Count >= 5), "it is quiet, and over");
        hook.AlertsAt("/ops").Should().Equal("firing Hot a", "resolved Hot a", "firing Hot a", "firing Hot a", "resolved Hot a");
        hook.Accepted.ElementAt(3).Body.Should().Contain("flapping: the alert begins and ends again and again");
    }

    [Fact]
    public async Task Of_several_severities_the_highest_is_told_and_the_lower_when_it_is_over()
    {
        using var hook = new WebhookListener();
        string folder = Directory.CreateTempSubdirectory("rules").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), """
            groups: [ { name: g, interval: 1s, rules: [ { alert: Hot, expr: room_temp, warning: { above: 30 }, critical: { above: 50 }, annotations: { level: "{{ labels.severity }}" } } ] } ]
            """);
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
            receivers: [ { name: ops, webhook_configs: [ { url: '{{hook.Url}}ops' } ] } ]
            route: { receiver: ops, group_by: ['...'], group_wait: 0s, group_interval: 0s }
            """);
        await daemon.PushAsync("room,host=a temp=60");
        await hook.UntilAsync("/ops", "firing Hot a");
        hook.Accepted.Single().Json.GetProperty("commonLabels").GetProperty("severity").GetString().Should().Be("critical");
        (await daemon.CommandAsync("explain", "Hot{severity=\"warning\"}", "--url", daemon.Url(""))).Output.Should()
            .Contain("muted").And.Contain("it is critical already");
        await daemon.PushAsync("room,host=a temp=40");
        await Eventually.Async(() => Task.FromResult(hook.Accepted.Count == 3), "critical is over, warning is told");
        hook.Accepted.Skip(1)
            .Select(m =>
            $"{m.Json.GetProperty("status").GetString()} {m.Json.GetProperty("commonLabels").GetProperty("severity").GetString()}").Should()
                .BeEquivalentTo("resolved critical", "firing warning");
    }

    private static List<string> First(WebhookListener hook) => [.. hook.Accepted.Where(m => m.Path == "/first").Select(m => m.Body)];

    private static FormUrlEncodedContent Form(string by) => new(new Dictionary<string, string> { ["by"] = by, ["comment"] = "" });

    private static async Task<Daemon> StartAsync(string configuration) =>
        await Daemon.StartAsync(Configuration(await RulesAsync(), configuration));

    private static string Configuration(string folder, string rest) =>
        $"host: {{ enabled: false }}\nrules: {{ files: ['{folder}/rules.yaml'], shipped: false }}\n{rest}";

    private static async Task<string> RulesAsync()
    {
        string folder = Directory.CreateTempSubdirectory("rules").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), """
            groups: [ { name: g, interval: 1s, rules: [ { alert: Hot, expr: room_temp, above: "{{ 30 }}" } ] } ]
            """);
        return folder;
    }

    /// <summary>How often the alert began and ended, by its history.</summary>
    private static async Task<int> ChangesAsync(Daemon daemon)
    {
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync("/api/v1/explain?alert=Hot"));
        return answer.RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray()
            .SelectMany(a => a.GetProperty("trail").EnumerateArray())
            .Count(l => l.GetProperty("what").GetString() is "firing" or "resolved");
    }

    [GeneratedRegex("\"id\":\"([0-9a-f]{32})\"")]
    private static partial Regex IdOf();
}
