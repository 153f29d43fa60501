using System.Globalization;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Rules over samples that are stored: of a running daemon, and of its file when it is gone.</summary>
public sealed class ReplayTests
{
    [Fact]
    public async Task What_rules_would_have_done_is_told_and_compared()
    {
        await using Daemon daemon = await Daemon.StartAsync("""
            host: { enabled: false }
            rules: { shipped: false }
            receivers: [ { name: ops, webhook_configs: [ { url: 'http://127.0.0.1:1/' } ] } ]
            route: { receiver: ops, group_by: [alertname], group_wait: 0s, group_interval: 1m }
            """);
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 60 * 60;
        // Two hours, a sample each 15 s: hot for ten minutes of each half hour, one host a minute more than the other; a third stops.
        List<string> lines = [];
        for (int second = 0; second < 7200; second += 15)
        {
            long at = now - 7200 + second;
            int inHalf = second % 1800;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"room,host=a temp={(inHalf is >= 600 and < 1200 ? 40 : 20)} {at}"));
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"room,host=b temp={(inHalf is >= 600 and < 1260 ? 60 : 20)} {at}"));
            if (second < 3600)
                lines.Add($"room,host=c temp=45 {at}");
        }
        (await daemon.PushAsync(string.Join('\n', lines), "/write?precision=s")).EnsureSuccessStatusCode();
        string rules = Path.Combine(daemon.Folder, "new.yaml"), old = Path.Combine(daemon.Folder, "old.yaml");
        await File.WriteAllTextAsync(old, "groups: [ { name: g, interval: 15s, rules: [ { alert: Hot, expr: room_temp, above: 30 } ] } ]");
        await File.WriteAllTextAsync(
            rules, "groups: [ { name: g, interval: 15s, rules: [ { alert: Hot, expr: room_temp, above: 30, for: 630s }, { alert: VeryHot, "
                + "expr: room_temp, above: 100 } ] } ]");
        string[] span =
            ["--from", $"{DateTimeOffset.FromUnixTimeSeconds(now - 7200):yyyy-MM-ddTHH:mm:ssZ}", "--to",
                $"{DateTimeOffset.FromUnixTimeSeconds(now - 15):yyyy-MM-ddTHH:mm:ssZ}"];

        (int code, string said) = await daemon.CommandAsync(["rules", "replay", old, .. span, "--url", daemon.Url("")]);
        code.Should().Be(0, said);
        // Of a and b four times each, of c once; c stops.
        said.Should().MatchRegex(@"Hot +9 .* 1\n").And.Contain("ops/webhook/0:");
        (code, said) = await daemon.CommandAsync(["rules", "replay", rules, .. span, "--compare", old, "--url", daemon.Url("")]);
        code.Should().Be(0, said);
        // Longer than ten and a half minutes is only b, and c.
        said.Should()
            .MatchRegex(@"Hot +9 → 5 ").And.Contain("1 rules had nothing to say.").And.MatchRegex(@"ops/webhook/0: \d+ → \d+ messages");

        daemon.Kill();
        (code, string offline) = await daemon.CommandAsync(["rules", "replay", rules, .. span]);
        code.Should().Be(0, offline);
        offline.Should().MatchRegex(@"Hot +5 ");
    }

    [Fact]
    public async Task A_replay_gives_the_messages_that_the_daemon_has_sent_by_count_and_by_text_also_of_events()
    {
        using var hook = new WebhookListener();
        string folder = Directory.CreateTempSubdirectory("rules").FullName;
        string rules = Path.Combine(folder, "rules.yaml");
        await File.WriteAllTextAsync(rules, ParityRules);
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{rules}}'], shipped: false }
            receivers:
              - { name: ops, webhook_configs: [ { url: '{{hook.Url}}ops' } ] }
              - { name: boss, webhook_configs: [ { url: '{{hook.Url}}boss' } ] }
            route:
              receiver: ops
              group_by: ['...']
              group_wait: 0s
              group_interval: 0s
              routes: [ { matchers: ['host!="a"'], receiver: ops, escalation: [ { after: 4s, receiver: boss } ] } ]
            """);
        DateTimeOffset from = TimeProvider.System.GetUtcNow();
        await daemon.PushAsync("room,host=a temp=40\nroom,host=b temp=50");
        await hook.UntilAsync("/ops", "firing Hot a");
        await hook.UntilAsync("/ops", "firing Hot b");
        await UntilPassedAsync(2);
        await SendFailuresAsync(daemon, "alice", "bob");
        await SendFailuresAsync(daemon, "alice", "alice", "carol", "alice", "bob");
        await hook.UntilAsync("/ops", "firing BruteForce 192.0.2.1");
        await hook.UntilAsync("/ops", "firing Spraying 192.0.2.1");
        await daemon.PushAsync("room,host=a temp=20");
        await hook.UntilAsync("/ops", "resolved Hot a");
        await UntilPassedAsync(2);
        await daemon.PushAsync("room,host=a temp=60");
        await Eventually.Async(
            () => Task.FromResult(hook.AlertsAt("/ops").Count(a => a == "firing Hot a") == 2), "it fires a second time");
        foreach (string alert in new[] { "Hot b", "BruteForce 192.0.2.1", "Spraying 192.0.2.1" })
            await hook.UntilAsync("/boss", $"firing {alert}");
        await UntilPassedAsync(2);
        List<string> sent = [.. hook.Accepted.Select(m => $"{m.Path[1..]}: {Words(m.Json)}")];
        string[] replay = ["rules", "replay", rules, "--from", $"{from:O}", "--to", $"{TimeProvider.System.GetUtcNow():O}"];

        (int code, string said) = await daemon.CommandAsync([.. replay, "--output", "json", "--url", daemon.Url("")]);
        code.Should().Be(0, said);
        MessagesOf(said).Should().BeEquivalentTo(sent);
        (code, said) = await daemon.CommandAsync([.. replay, "--messages", "--url", daemon.Url("")]);
        code.Should().Be(0, said);
        said.Should().MatchRegex(@"ops/webhook/0  \[FIRING\] BruteForce 192\.0\.2\.1: 7 events in ");
        TestContext.Current.TestOutputHelper?.WriteLine(said);

        // The same of the files, when the daemon is gone.
        daemon.Kill();
        (code, said) = await daemon.CommandAsync([.. replay, "--output", "json"]);
        code.Should().Be(0, said);
        MessagesOf(said).Should().BeEquivalentTo(sent);
        Directory.Delete(folder, true);
    }

    private const string ParityRules = """
        groups:
          - name: g
            interval: 1s
            rules:
              - alert: Hot
                expr: room_temp
                above: 30
                annotations: { summary: '{{ labels.host }} has {{ value }}' }
              - alert: BruteForce
                events: { kind: identity.authenticate, event.outcome: failure }
                window: 30m
                group_by: [source.ip]
                count: { above: 5 }
                annotations: { summary: '{{ value }} failures of {{ labels.source_ip }}' }
              - alert: Spraying
                events: { kind: identity.authenticate, event.outcome: failure }
                window: 30m
                group_by: [source.ip]
                distinct: { field: user.name, above: 2 }
                annotations: { summary: '{{ value }} names' }
        """;

    /// <summary>A message by what its alerts are: state, labels and texts.</summary>
    private static string Words(JsonElement message) => string.Join("; ", message.GetProperty("alerts").EnumerateArray().Select(a =>
        $"{a.GetProperty("status")} {a.GetProperty("labels").GetRawText()} {a.GetProperty("annotations").GetRawText()}"
            .Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal)));

    private static IEnumerable<string> MessagesOf(string replay) =>
        JsonDocument.Parse(replay).RootElement.GetProperty("result").GetProperty("messages").EnumerateArray()
            .Select(m => $"{m.GetProperty("to").GetString()!.Split('/')[0]}: {Words(m.GetProperty("message"))}");

    private static async Task SendFailuresAsync(Daemon daemon, params string[] users)
    {
        using var lines = new StringContent(string.Concat(users.Select(u =>
            $$"""{"kind":"identity.authenticate","event.outcome":"failure","source.ip":"192.0.2.1","user.name":"{{u}}"}""" + "\n")));
        (await daemon.Http.PostAsync(daemon.Url("/api/v1/events"), lines)).EnsureSuccessStatusCode();
    }

    /// <summary>A replay looks at samples at each interval of a second: what shall be seen must last longer.</summary>
    private static Task UntilPassedAsync(int seconds)
    {
        DateTimeOffset end = TimeProvider.System.GetUtcNow().AddSeconds(seconds);
        return Eventually.Async(() => Task.FromResult(TimeProvider.System.GetUtcNow() > end), "time passes");
    }
}
