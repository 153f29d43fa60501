using System.Globalization;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Rules over events, from what logger and rsyslogd really send to the message that somebody gets.</summary>
public sealed class EventRuleTests
{
    private const string User = "log.syslog.structured_data.auth@32473.user";

    /// <summary>Windows are long, so that a busy machine cannot push anything out of them.</summary>
    private const string Rules = $$$"""
        groups:
          - name: identity
            interval: 1s
            rules:
              - alert: BruteForce
                events: { kind: log, body: '=~Failed password.*' }
                window: 30m
                group_by: [service.name]
                count: { above: 4 }
                annotations:
                  count: '{{ value }}'
                  newest: '{{ for e in events }}{{ e.body }};{{ end }}'
              - alert: Spraying
                events: { kind: log, body: '=~Failed password.*' }
                window: 30m
                group_by: [service.name]
                distinct: { field: '{{{User}}}', above: 2 }
                annotations: { count: '{{ value }}' }
        """;

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    [InlineData("relp")]
    public async Task What_logger_sends_by_rsyslog_fires_rules_and_is_shown_as_evidence(string way)
    {
        using var hook = new WebhookListener();
        (int from, int to) = (Daemon.FreePort(), Daemon.FreePort());
        await using Daemon daemon = await StartAsync(hook, $"{way}://127.0.0.1:{to}");
        using Rsyslogd rsyslog = await ForwardAsync(from, way, to);
        for (int i = 1; i <= 4; i++)
            await LogAsync(from, "keystone", $"Failed password for root, try {i}", user: "root");
        await LogAsync(from, "keystone", "Accepted password for root", user: "alice");
        await UntilAsync(daemon, "service=\"keystone\"", 5);
        await UntilEvaluatedAsync(daemon);
        hook.Accepted.Should().BeEmpty("four failures are not more than four, nor is one name many");

        await LogAsync(from, "keystone", "Failed password for root, try 5", user: "root");
        await hook.UntilAsync("/ops", "firing BruteForce keystone");
        JsonElement alert = hook.Accepted.Single().Json.GetProperty("alerts")[0];
        alert.GetProperty("annotations").GetProperty("count").GetString().Should().Be("5");
        alert.GetProperty("annotations").GetProperty("newest").GetString().Should().StartWith("Failed password for root, try 5;");

        foreach (string name in new[] { "ann", "ben" })
            await LogAsync(from, "keystone", $"Failed password for {name}", name);
        await hook.UntilAsync("/ops", "firing Spraying keystone");
        hook.AlertsAt("/ops").Should().Equal("firing BruteForce keystone", "firing Spraying keystone");

        (int code, string said) = await daemon.CommandAsync("explain", "BruteForce{service=\"keystone\"}", "--url", daemon.Url(""));
        code.Should().Be(0, said);
        said.Should().Contain("BruteForce{service=\"keystone\"}: firing")
            .And.Contain("firing; the value judged last is 7, its bound 4")
            .And.MatchRegex(@"the newest event: \d\d:\d\d:\d\d UTC log ""Failed password for ben"" \(event \d+\)");
        (_, said) = await daemon.CommandAsync("explain", "Spraying", "--url", daemon.Url(""));
        said.Should().Contain($"3 different {User} in 30m, which is > 2");
    }

    [Fact]
    public async Task Kills_and_reloads_in_the_middle_of_a_window_change_no_count_and_notify_nobody_twice()
    {
        using var hook = new WebhookListener();
        (int from, int to) = (Daemon.FreePort(), Daemon.FreePort());
        await using Daemon daemon = await StartAsync(hook, $"relp://127.0.0.1:{to}");
        using Rsyslogd rsyslog = await ForwardAsync(from, "relp", to);
        for (int i = 1; i <= 3; i++)
            await LogAsync(from, "keystone", $"Failed password, try {i}", "root");
        await UntilAsync(daemon, "service=\"keystone\"", 3);
        // What was acknowledged before this one is not sent again.
        await LogAsync(from, "cron", "the next one", "root");
        await UntilAsync(daemon, "service=\"cron\"", 1);

        daemon.Kill();
        await LogAsync(from, "keystone", "Failed password, while nobody listens", "root");
        await daemon.StartAgainAsync();
        // Rsyslog sees that a connection is broken when it sends again.
        await LogAsync(from, "cron", "one more", "root");
        await UntilAsync(daemon, "service=\"keystone\"", 4);
        for (int i = 0; i < 3; i++)
            (await daemon.Http.PostAsync(daemon.Url("/-/reload"), null)).EnsureSuccessStatusCode();
        await UntilEvaluatedAsync(daemon);
        hook.Accepted.Should().BeEmpty("there were four, each of them once");

        await LogAsync(from, "keystone", "Failed password, the fifth", "root");
        await hook.UntilAsync("/ops", "firing BruteForce keystone");
        hook.Accepted.Single().Json.GetProperty("alerts")[0].GetProperty("annotations").GetProperty("count").GetString().Should().Be("5");

        daemon.Kill();
        await daemon.StartAgainAsync();
        (await daemon.Http.PostAsync(daemon.Url("/-/reload"), null)).EnsureSuccessStatusCode();
        await LogAsync(from, "keystone", "Failed password, the sixth", "root");
        await LogAsync(from, "cron", "one more", "root");
        await UntilAsync(daemon, "service=\"keystone\"", 6);
        await UntilEvaluatedAsync(daemon);
        (_, string said) = await daemon.CommandAsync("explain", "BruteForce", "--url", daemon.Url(""));
        said.Should().Contain("the value judged last is 6, its bound 4");
        // Another group shows that messages go out; of the first there is none any more.
        for (int i = 1; i <= 5; i++)
            await LogAsync(from, "sshd", $"Failed password, try {i}", "root");
        await hook.UntilAsync("/ops", "firing BruteForce sshd");
        hook.AlertsAt("/ops").Should().Equal("firing BruteForce keystone", "firing BruteForce sshd");
    }

    private static async Task<Daemon> StartAsync(WebhookListener hook, string listen)
    {
        string folder = Directory.CreateTempSubdirectory("rules").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), Rules);
        return await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
            inputs: { syslog: [ { listen: '{{listen}}' } ] }
            receivers: [ { name: ops, webhook_configs: [ { url: '{{hook.Url}}ops' } ] } ]
            route: { receiver: ops, group_by: ['...'], group_wait: 0s, group_interval: 0s }
            """);
    }

    /// <summary>An rsyslogd that takes what logger sends by TCP, and forwards it.</summary>
    private static async Task<Rsyslogd> ForwardAsync(int from, string way, int to)
    {
        const string Keep = "Template=\"RSYSLOG_SyslogProtocol23Format\" "
            + "action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\" queue.type=\"LinkedList\" queue.size=\"10000\"";
        string action = way == "relp"
            ? $"""action(type="omrelp" Target="127.0.0.1" Port="{to}" {Keep})"""
            : $"""action(type="omfwd" Target="127.0.0.1" Port="{to}" Protocol="{way}" {Keep})""";
        Rsyslogd rsyslog = await Rsyslogd.StartAsync($"""
            {(way == "relp" ? "module(load=\"omrelp\")" : "")}
            module(load="imtcp")
            input(type="imtcp" address="127.0.0.1" port="{from}")
            {action}
            """);
        await Eventually.Async(async () =>
        {
            using var probe = new System.Net.Sockets.TcpClient();
            try
            {
                await probe.ConnectAsync("127.0.0.1", from);
                return true;
            }
            catch (System.Net.Sockets.SocketException)
            {
                return false;
            }
        }, $"rsyslogd listens: {rsyslog.Log}");
        return rsyslog;
    }

    private static async Task LogAsync(int port, string service, string text, string user)
    {
        (int code, string said) = await Component.RunAsync("logger", "",
            "-n", "127.0.0.1", "-T", "-P", $"{port}", "--rfc5424", "--octet-count", "-t", service, "-p", "auth.warning",
            "--sd-id", "auth@32473", "--sd-param", $"user=\"{user}\"", text);
        code.Should().Be(0, said);
    }

    private static async Task UntilAsync(Daemon daemon, string match, int count)
    {
        int there = 0;
        await Eventually.Async(async () => (there = await CountAsync(daemon, match)) >= count, $"{count} events of {match}");
        there.Should().Be(count);
    }

    private static async Task<int> CountAsync(Daemon daemon, string match)
    {
        string answer = await daemon.GetAsync($"/api/v1/events?limit=1000&match[]={Uri.EscapeDataString($"{{{match}}}")}");
        return JsonDocument.Parse(answer).RootElement.GetProperty("data").GetProperty("events").GetArrayLength();
    }

    /// <summary>Waits until a round of the rules has begun after now.</summary>
    private static async Task UntilEvaluatedAsync(Daemon daemon)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await Eventually.Async(async () =>
        {
            using JsonDocument rules = JsonDocument.Parse(await daemon.GetAsync("/api/v1/rules"));
            return rules.RootElement.GetProperty("data").GetProperty("groups").EnumerateArray().All(g =>
                DateTimeOffset.Parse(g.GetProperty("lastEvaluation").GetString()!, CultureInfo.InvariantCulture) > now);
        }, "the rules are evaluated");
    }
}
