using System.Globalization;

namespace Metrics.IntegrationTests;

/// <summary>The report of a day, mailed by a real mail server, over restarts.</summary>
public sealed class ReportTests
{
    [Fact]
    public async Task A_report_is_mailed_once_at_its_time_with_what_happened_and_can_be_asked_for()
    {
        string folder = Directory.CreateTempSubdirectory("mail").FullName;
        int smtp = Daemon.FreePort();
        Assert.SkipUnless(File.Exists("/usr/lib/python3/dist-packages/aiosmtpd/__init__.py"), "python3-aiosmtpd is not installed");
        using Component mail = Component.Start(
            folder, "/usr/bin/python3", "-u", "-m", "aiosmtpd", "-n", "-l", $"127.0.0.1:{smtp}", "-c", "aiosmtpd.handlers.Debugging",
            "stdout");
        string MailLog() => File.ReadAllText(Path.Combine(folder, "python3.log"));
        int Mails() => MailLog().Split("Subject: [REPORT] daily").Length - 1;

        // Soon enough for a test, late enough for what it is to tell.
        DateTimeOffset due = TimeProvider.System.GetUtcNow().AddSeconds(20);
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            receivers:
              - name: mail
                email_configs: [ { to: ops@x.example, from: m@x.example, smarthost: '127.0.0.1:{{smtp}}', require_tls: false } ]
            reports:
              - { name: daily, receiver: mail, cron: '{{due.Second}} {{due.Minute}} {{due.Hour}} * * ?' }
            """);
        string now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        const string Who = """user.name":"victim<b>","user.id":"u1","source.ip":"203.0.113.7""";
        string events = string.Join('\n', Enumerable.Range(0, 12).Select(n =>
            $$"""{"time":"{{now}}","kind":"identity.authenticate","body":"{{n}}","event.outcome":"failure","{{Who}}"}"""));
        HttpResponseMessage pushed = await daemon.PushAsync(events, "/api/v1/events");
        pushed.IsSuccessStatusCode.Should().BeTrue(await pushed.Content.ReadAsStringAsync());

        string asked = await daemon.GetAsync("/api/v1/report");
        asked.Should().Contain("12 at the Identity service").And.Contain("203.0.113.7").And.Contain("Left behind by deleted owners");
        await Eventually.Async(() => Task.FromResult(Mails() == 1), "the report has arrived");
        MailLog().Should().Contain("victim<b>").And.Contain("victim&lt;b&gt;", "the page encodes what others have chosen");
        (await daemon.GetAsync("/audit")).Should().Contain("[REPORT] daily");

        daemon.Kill();
        await daemon.StartAgainAsync();
        (int code, string output) = await daemon.CommandAsync("report", "--url", daemon.Url(""));
        (code, output).Should().Match<(int Code, string Output)>(r => r.Code == 0 && r.Output.Contains("203.0.113.7"));
        Mails().Should().Be(1, "it went before the restart");
    }
}
