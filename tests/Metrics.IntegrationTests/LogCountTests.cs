using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Lines of logs as they really come are counted, and PromQL sees the counts.</summary>
public sealed class LogCountTests
{
    [Fact]
    public async Task Lines_by_syslog_and_from_a_file_show_up_in_PromQL()
    {
        int port = Daemon.FreePort();
        string folder = Directory.CreateTempSubdirectory("lines").FullName;
        string file = Path.Combine(folder, "keystone.log");
        string Line(int i) => $"2026-11-27 12:00:{i:00}.000 7 {(i < 30 ? "INFO" : "ERROR")} keystone.auth [-] line {i}";
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, 40).Select(Line));
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            inputs:
              syslog: [ { listen: 'tcp://127.0.0.1:{{port}}' } ]
              logs: [ { name: cloud, paths: ['{{file}}'], start: beginning } ]
            """);
        using (var client = new TcpClient("127.0.0.1", port))
        {
            foreach (int i in Enumerable.Range(0, 20))
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"<3>1 2026-11-27T12:00:00Z edge-1 kernel - - - oops {i}\n"));
        }
        await Eventually.Async(
            async () => string.Join(' ', await AskAsync(daemon, "sum by (level) (log_messages_total)")) == "err:30 info:30",
            "all lines are counted by their levels");
        (await AskAsync(daemon, "sum by (level) (log_messages_total{host=\"edge-1\"})")).Should().Equal("err:20");
        // An increase is extrapolated; what counts is that the first lines of a series are in it.
        (await AskAsync(daemon, "sum by (level) (increase(log_messages_total{host=\"edge-1\"}[5m])) > bool 10")).Should().Equal("err:1");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Where_lines_are_only_counted_rules_fire_on_them_kills_read_none_twice_and_a_reload_stores_the_next()
    {
        DateTimeOffset now = TimeProvider.System.GetLocalNow();
        string failed = string.Create(CultureInfo.InvariantCulture,
            $"{now:MMM} {now.Day,2} {now:HH:mm:ss} edge-1 sshd[7]: Failed password for root from 10.0.0.9 port 22 ssh2\n");
        string folder = Directory.CreateTempSubdirectory("lines").FullName;
        string file = Path.Combine(folder, "auth.log");
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat(failed, 5)));
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), """
            groups:
              - name: logins
                interval: 1s
                rules: [ { alert: BruteForce, events: { kind: host.login, event.outcome: failure }, window: 30m, count: { above: 4 } } ]
            """);
        string Configuration(string store) => $$"""
            host: { enabled: false }
            events: { store: {{store}} }
            rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
            inputs: { logs: [ { name: auth, paths: ['{{file}}'], start: beginning } ] }
            """;
        await using Daemon daemon = await Daemon.StartAsync(Configuration("counts"));
        await Eventually.Async(
            async () => (await daemon.GetAsync("/api/v1/alerts")).Contains("BruteForce", StringComparison.Ordinal),
            "the rule has seen the lines");
        await Eventually.Async(
            async () => (await AskAsync(daemon, "sum by (level) (log_messages_total{service=\"sshd\"})")).Contains("unknown:5"),
            "all are counted");
        (await daemon.GetAsync("/api/v1/events")).Should().Contain("\"events\":[]");
        (await daemon.OwnAsync("metricsd_intake_events_not_stored_total")).Should().Be(5);
        await Eventually.Async(
            async () => await daemon.OwnAsync("metricsd_event_log_writes_total") >= 1, "where the file has been read to is committed");

        daemon.Kill();
        await daemon.StartAgainAsync();
        await File.AppendAllTextAsync(file, failed);
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_intake_events_not_stored_total") >= 1, "the new line is read");
        (await daemon.OwnAsync("metricsd_intake_events_received_total")).Should().Be(1, "the others were read before");

        await daemon.ReloadAsync(Configuration("all"));
        await File.AppendAllTextAsync(file, failed);
        await Eventually.Async(
            async () => (await daemon.GetAsync("/api/v1/events")).Contains("host.login", StringComparison.Ordinal),
            "the next line is stored");
        (await daemon.OwnAsync("metricsd_event_log_events_written_total")).Should().Be(1);
        (await daemon.OwnAsync("metricsd_intake_events_not_stored_total")).Should().Be(1);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<List<string>> AskAsync(Daemon daemon, string promql)
    {
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(promql)}"));
        return
        [
            .. answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
                .Select(r => (
                    Level: r.GetProperty("metric").GetProperty("level").GetString(),
                    Lines: double.Parse(r.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)))
                .Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Level}:{r.Lines}")).Order(StringComparer.Ordinal),
        ];
    }
}
