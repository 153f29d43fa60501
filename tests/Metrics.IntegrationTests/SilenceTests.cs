using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Routes, silences and inhibition in the running daemon, by <c>amtool</c> and by its own command line.</summary>
public sealed class SilenceTests
{
    private const string Rules = """
        groups:
          - name: test
            interval: 200ms
            rules:
              - alert: TooHot
                expr: room_temp
                above: "{{ 30 }}"
                labels: { severity: warning }
              - alert: Burning
                expr: room_temp
                above: "{{ 90 }}"
                labels: { severity: critical }
        """;

    [Fact]
    public async Task An_alert_goes_where_its_route_says_and_a_silence_or_a_worse_alert_mutes_it()
    {
        Component.Need("amtool");
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync(hook);
        string url = daemon.Url("");
        (int code, string id) =
            await AmtoolAsync(url, "silence", "add", "alertname=TooHot", "room=~cell.*", "-d", "1h", "-c", "known", "-a", "me");
        code.Should().Be(0, id);
        await daemon.PushAsync("room,room=cellar temp=31\nroom,room=attic temp=32\nroom,room=kitchen temp=95");
        await hook.UntilAsync("/warn", "firing TooHot attic");
        await hook.UntilAsync("/page", "firing Burning kitchen");
        string[] open = await AlertsAsync(daemon, "");
        open.Should()
            .BeEquivalentTo("TooHot cellar suppressed", "TooHot attic active", "TooHot kitchen suppressed", "Burning kitchen active");
        (await AlertsAsync(daemon, "?silenced=false&inhibited=false")).Should()
            .BeEquivalentTo("TooHot attic active", "Burning kitchen active");
        (await AmtoolAsync(url, "silence", "query")).Output.Should().Contain("room=~\"cell.*\"").And.Contain("known");
        (await AmtoolAsync(url, "alert", "query", "room=attic")).Output.Should().Contain("TooHot").And.NotContain("cellar");

        // Over a kill -9 the silence stays, and so does what was said.
        daemon.Kill();
        await daemon.StartAgainAsync();
        (int expired, string said) = await AmtoolAsync(url, "silence", "expire", id.Split('\n')[0]);
        expired.Should().Be(0, said);
        await hook.UntilAsync("/warn", "firing TooHot cellar");
        hook.AlertsAt("/warn").Should()
            .NotContain(a => a.Contains("kitchen", StringComparison.Ordinal), "a room that burns is hot of course");
        hook.AlertsAt("/page").Should()
            .Equal(["firing Burning kitchen"],
            string.Join(" | ", hook.Accepted.Select(m => $"{m.Path} {m.Key} {string.Join(", ", m.Alerts)}")));
        await daemon.PushAsync("room,room=kitchen temp=40\nroom,room=attic temp=20");
        await hook.UntilAsync("/page", "resolved Burning kitchen");
        await hook.UntilAsync("/warn", "firing TooHot kitchen");
        await hook.UntilAsync("/warn", "resolved TooHot attic");
        hook.AlertsAt("/warn").Count(a => a == "resolved TooHot attic").Should().Be(1);
        (await daemon.OwnAsync("metricsd_notification_queue")).Should().Be(0);
    }

    [Fact]
    public async Task The_command_line_silences_too_and_wrong_silences_are_refused_with_a_reason()
    {
        using var hook = new WebhookListener();
        await using Daemon daemon = await StartAsync(hook);
        string[] url = ["--url", daemon.Url("")];
        (int code, string id) = await daemon.CommandAsync(
            ["silence", "add", "TooHot", "room=cellar", "--comment", "painting", "--duration", "2h", "--author", "me", .. url]);
        code.Should().Be(0, id);
        (await daemon.CommandAsync(["silence", "list", .. url])).Output.Should()
            .Contain(id.Trim()).And.Contain("alertname=\"TooHot\" room=\"cellar\"  me: painting");
        (await daemon.CommandAsync(["silence", "add", "room=~\".*\"", "--comment", "all", .. url])).Should()
            .Match<(int Code, string Output)>(r => r.Code == 1 && r.Output.Contains("would silence everything", StringComparison.Ordinal));
        (code, string others) = await daemon.CommandAsync(["silence", "add", "severity!=page", "--comment", "the rack moves", .. url]);
        code.Should().Be(0, others);
        (await daemon.CommandAsync(["silence", "expire", others.Trim(), .. url])).Code.Should().Be(0);
        (await daemon.CommandAsync(["silence", "add", "room=x", .. url])).Should()
            .Match<(int Code, string Output)>(r => r.Code == 2 && r.Output.Contains("needs --comment", StringComparison.Ordinal));
        (await daemon.CommandAsync(["silence", "expire", id.Trim(), .. url])).Code.Should().Be(0);
        (await daemon.CommandAsync(["silence", "expire", id.Trim(), .. url])).Should()
            .Match<(int Code, string Output)>(r => r.Code == 1 && r.Output.Contains("has not ended", StringComparison.Ordinal));
        (await daemon.CommandAsync(["silence", "list", .. url])).Output.Trim().Should().BeEmpty();
        (await daemon.CommandAsync(
            ["routes", "test", "severity=critical", "room=x", "--config", Path.Combine(daemon.Folder, "metrics.yaml")])).Output.Should()
            .StartWith("page  group {room=\"x\"}");
    }

    private static async Task<Daemon> StartAsync(WebhookListener hook)
    {
        string folder = Directory.CreateTempSubdirectory("rules").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), Rules);
        return await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
            receivers:
              - { name: page, webhook_configs: [ { url: '{{hook.Url}}page' } ] }
              - { name: warn, webhook_configs: [ { url: '{{hook.Url}}warn' } ] }
            route:
              receiver: warn
              group_by: [room]
              group_wait: 300ms
              group_interval: 300ms
              routes: [ { matchers: [ severity="critical" ], receiver: page } ]
            inhibit_rules: [ { source_matchers: [ severity="critical" ], target_matchers: [ severity="warning" ], equal: [ room ] } ]
            """);
    }

    private static Task<(int Code, string Output)> AmtoolAsync(string url, params string[] words) =>
        Component.RunAsync("amtool", "", [$"--alertmanager.url={url}", .. words]);

    private static async Task<string[]> AlertsAsync(Daemon daemon, string query)
    {
        using JsonDocument alerts = JsonDocument.Parse(await daemon.GetAsync($"/api/v2/alerts{query}"));
        return [.. alerts.RootElement.EnumerateArray()
            .Select(a =>
            $"{a.GetProperty("labels").GetProperty("alertname").GetString()} {a.GetProperty("labels").GetProperty("room").GetString()} "
                + $"{a.GetProperty("status").GetProperty("state").GetString()}")];
    }
}
