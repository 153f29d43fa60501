using System.Globalization;

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
        await File.WriteAllTextAsync(rules, "groups: [ { name: g, interval: 15s, rules: [ { alert: Hot, expr: room_temp, above: 30, for: 630s }, { alert: VeryHot, expr: room_temp, above: 100 } ] } ]");
        string[] span = ["--from", $"{DateTimeOffset.FromUnixTimeSeconds(now - 7200):yyyy-MM-ddTHH:mm:ssZ}", "--to", $"{DateTimeOffset.FromUnixTimeSeconds(now - 15):yyyy-MM-ddTHH:mm:ssZ}"];

        (int code, string said) = await daemon.CommandAsync(["rules", "replay", old, .. span, "--url", daemon.Url("")]);
        code.Should().Be(0, said);
        // Of a and b four times each, of c once; c stops.
        said.Should().MatchRegex(@"Hot +9 .* 1\n").And.Contain("ops/webhook/0:");
        (code, said) = await daemon.CommandAsync(["rules", "replay", rules, .. span, "--compare", old, "--url", daemon.Url("")]);
        code.Should().Be(0, said);
        // Longer than ten and a half minutes is only b, and c.
        said.Should().MatchRegex(@"Hot +9 → 5 ").And.Contain("1 rules had nothing to say.").And.MatchRegex(@"ops/webhook/0: \d+ → \d+ messages");

        daemon.Kill();
        (code, string offline) = await daemon.CommandAsync(["rules", "replay", rules, .. span]);
        code.Should().Be(0, offline);
        offline.Should().MatchRegex(@"Hot +5 ");
    }
}
