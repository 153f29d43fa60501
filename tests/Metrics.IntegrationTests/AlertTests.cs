using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>From a sample to the people: a real SMTP server, a webhook, restarts in between.</summary>
public sealed class AlertTests
{
    private const string Rules = """
        groups:
          - name: test
            interval: 200ms
            rules:
              - alert: TooHot
                expr: room_temp
                above: "{{ 30 }}"
                labels: { severity: critical }
                annotations: { summary: "{{ labels.room }} has {{ value }} degrees" }
              - alert: Silent
                expr: beat_v
                absent_for: 2s
              - alert: Filling
                expr: disk_free_bytes
                forecast: { reaches: 0, within: 1h, from: 10m }
        """;

    [Fact]
    public async Task A_rule_fires_loses_its_data_resolves_goes_absent_and_comes_back_by_mail_and_webhook()
    {
        using var hook = new Hook();
        string folder = Directory.CreateTempSubdirectory("mail").FullName;
        int smtp = Daemon.FreePort();
        Component.Need("openssl");
        Assert.SkipUnless(File.Exists("/usr/lib/python3/dist-packages/aiosmtpd/__init__.py"), "python3-aiosmtpd is not installed");
        using Component mail =
            Component.Start(
                folder, "/usr/bin/python3", "-u", "-m", "aiosmtpd", "-n", "-l", $"127.0.0.1:{smtp}", "-c", "aiosmtpd.handlers.Debugging",
                "stdout");
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), Rules);
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
            receivers:
              - name: ops
                webhook_configs: [ { url: '{{hook.Url}}' } ]
                email_configs: [ { to: ops@x.example, from: metricsd@x.example, smarthost: '127.0.0.1:{{smtp}}', require_tls: false } ]
            """);
        string MailLog() => File.ReadAllText(Path.Combine(folder, "python3.log"));

        await daemon.PushAsync("room,room=cellar temp=31\nbeat,host=a v=1");
        await hook.UntilAsync("firing TooHot cellar has 31 degrees");
        await Eventually.Async(
            () => Task.FromResult(MailLog().Contains("[CRITICAL] TooHot cellar: 31", StringComparison.Ordinal)), "the mail has arrived");
        MailLog().Should()
            .Contain("text/plain").And.Contain("image/png",
            "the metric is drawn").And.Contain("text/html").And.Contain("cellar has 31 degrees");

        await hook.UntilAsync("firing Silent ");
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await daemon.PushAsync($"disk,host=a free_bytes=2e9 {now - 60_000}\ndisk,host=a free_bytes=1e9 {now - 100}");
        await hook.UntilAsync("firing Filling ");
        foreach (string subject in new[] { "[FIRING] Silent a: not heard of for", "[FIRING] Filling a: 0 B in" })
        {
            await Eventually.Async(
                () => Task.FromResult(MailLog().Split("MESSAGE FOLLOWS")
                    .Any(m => m.Contains(subject, StringComparison.Ordinal) && m.Contains("image/png", StringComparison.Ordinal))),
                $"the mail '{subject}' has arrived with its picture");
        }
        hook.Last("Silent").GetProperty("labels").GetProperty("host").GetString().Should()
            .Be("a", "the labels of the vanished series are kept");
        daemon.Kill();
        await daemon.StartAgainAsync();
        await daemon.PushAsync("beat,host=a v=2");
        await hook.UntilAsync("resolved Silent ");

        (await daemon.FederateAsync("ALERTS{alertname=\"TooHot\"}")).Should()
            .ContainSingle(l => l.Contains("alertstate=\"firing\"", StringComparison.Ordinal));
        hook.Count("firing TooHot").Should().Be(1, "a restart tells nobody twice");
        await daemon.PushAsync("room,room=cellar temp=20");
        await hook.UntilAsync("resolved TooHot cellar has 31 degrees");
        await Eventually.Async(
            () => Task.FromResult(MailLog().Contains("[RESOLVED] TooHot cellar: 20 after", StringComparison.Ordinal)),
            "the mail that it is over has arrived");
        await Eventually.Async(
            async () => (await daemon.FederateAsync("ALERTS{alertname=\"TooHot\"}")).Count == 0, "the alert series has ended");
    }

    [Fact]
    public async Task A_receiver_that_fails_gets_the_alert_once_it_works_also_over_kill_9()
    {
        using var hook = new Hook { Status = 503 };
        string folder = Directory.CreateTempSubdirectory("rules").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), Rules);
        await using Daemon daemon =
            await Daemon.StartAsync($"host: {{ enabled: false }}\nrules: {{ files: ['{folder}/rules.yaml'], shipped: false }}\nreceivers: "
                + $"[ {{ name: ops, webhook_configs: [ {{ url: '{hook.Url}' }} ] }} ]");
        await daemon.PushAsync("room,room=roof temp=45");
        await Eventually.Async(() => Task.FromResult(hook.Tries > 0), "the first try");
        daemon.Kill();
        hook.Status = 200;
        await daemon.StartAgainAsync();
        await hook.UntilAsync("firing TooHot roof has 45 degrees");
        hook.Keys.Distinct().Should().ContainSingle("every try of a message bears the same key");
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_notification_queue") == 0, "the outbox is empty");
    }

    /// <summary>Receives webhooks.</summary>
    private sealed class Hook : IDisposable
    {
        private readonly LocalServer _server;
        private readonly ConcurrentQueue<JsonElement> _alerts = new();

        public Hook() => _server = new LocalServer(TakeAsync);

        public string Url => _server.Url;

        public volatile int Status = 200;

        public volatile int Tries;

        public ConcurrentQueue<string> Keys { get; } = new();

        public Task UntilAsync(string expected) =>
            Eventually.Async(
                () => Task.FromResult(_alerts.Any(a => Describe(a) == expected)),
                $"webhook '{expected}'; came: {string.Join(" | ", _alerts.Select(Describe))}");

        public int Count(string prefix) => _alerts.Count(a => Describe(a).StartsWith(prefix, StringComparison.Ordinal));

        public JsonElement Last(string alert) => _alerts.Last(a => Describe(a).Contains(alert, StringComparison.Ordinal));

        public void Dispose() => _server.Dispose();

        private static string Describe(JsonElement alert) => string.Create(CultureInfo.InvariantCulture,
            $"{alert.GetProperty("status").GetString()} {alert.GetProperty("labels").GetProperty("alertname").GetString()} "
                + $"{(alert.GetProperty("annotations").TryGetProperty("summary", out JsonElement s) ? s.GetString() : "")}");

        private async Task TakeAsync(HttpListenerContext context)
        {
            JsonElement message = JsonDocument.Parse(await LocalServer.ReadAsync(context)).RootElement;
            Tries++;
            Keys.Enqueue(context.Request.Headers["Idempotency-Key"] ?? "");
            if (Status == 200)
            {
                foreach (JsonElement alert in message.GetProperty("alerts").EnumerateArray())
                    _alerts.Enqueue(alert);
            }
            context.Response.StatusCode = Status;
        }
    }
}
