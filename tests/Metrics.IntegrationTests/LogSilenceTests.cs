using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Metrics.IntegrationTests;

/// <summary>
/// Real services whose logs a daemon reads: one made with oslo.log is switched from INFO to WARNING while it answers, as a whole or one
/// of its loggers, a log is cut, and a rsyslogd stops. The shipped rules, with seconds for their minutes, tell one from the other, and the
/// dashboard shows it.
/// </summary>
public sealed partial class LogSilenceTests
{
    [Fact]
    public async Task A_level_that_was_lowered_is_told_from_a_log_that_has_stopped_and_the_dashboard_shows_both()
    {
        Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/oslo_log"), "python3-oslo.log is not installed");
        await using Daemon daemon = await Daemon.StartAsync();
        string logs = Directory.CreateDirectory(Path.Combine(daemon.Folder, "logs")).FullName;
        await WriteRulesAsync(daemon.Folder);
        using Rsyslogd rsyslog = await Rsyslogd.StartAsync(
            $"action(type=\"omfile\" file=\"{logs}/syslog\" template=\"RSYSLOG_FileFormat\" flushOnTXEnd=\"on\")");
        await File.WriteAllTextAsync(Path.Combine(logs, "other.log"), "a line\n");
        int port = Daemon.FreePort();
        Component service = StartService(daemon.Folder, port, "billing=INFO");
        try
        {
            using var people = new People(port, rsyslog);
            await Eventually.Async(() => people.Answers > 0, "the service answers");
            await daemon.ReloadAsync(Configuration(daemon.Folder));
            await Eventually.Async(async () => await daemon.CountSeriesAsync(Learned) == 2, "a while was learned of both");
            (await FiringAsync(daemon)).Should().BeEmpty();

            // What an intruder would do: lower the level, start again, cut a log, and stop the syslog daemon.
            service.Dispose();
            service = StartService(daemon.Folder, port, "billing=WARNING");
            int before = people.Answers;
            rsyslog.Stop();
            await File.WriteAllTextAsync(Path.Combine(logs, "other.log"), "");
            await Eventually.Async(
                async () => (await FiringAsync(daemon)).SequenceEqual(
                    ["LogConfigLowered billing", "LogCutShort", "LogLevelLowered billing info", "LogSourceSilent numbers"]),
                "each is told for what it is");
            people.Answers.Should().BeGreaterThan(before, "it goes on answering");
            await daemon.AskPanelsAsync("metricsd-log-sources");
        }
        finally
        {
            service.Dispose();
        }
    }

    [Fact]
    public async Task One_logger_that_was_muted_while_others_go_on_is_seen_by_what_is_logged_of_a_request()
    {
        Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/oslo_log"), "python3-oslo.log is not installed");
        await using Daemon daemon = await Daemon.StartAsync();
        Directory.CreateDirectory(Path.Combine(daemon.Folder, "logs"));
        await WriteRulesAsync(daemon.Folder);
        int port = Daemon.FreePort();
        Component service = StartService(daemon.Folder, port, "billing=INFO");
        try
        {
            using var people = new People(port, null);
            await Eventually.Async(() => people.Answers > 0, "the service answers");
            await daemon.ReloadAsync(Configuration(daemon.Folder));
            await Eventually.Async(
                async () => await daemon.CountSeriesAsync("count_over_time(log_source:lines:per_1000_requests[10m]) > 60") == 1,
                "a while was learned of what it logs of a request");
            (await FiringAsync(daemon)).Should().BeEmpty();

            service.Dispose();
            service = StartService(daemon.Folder, port, "billing=INFO,billing.store=WARNING");
            await Eventually.Async(
                async () => (await FiringAsync(daemon)).SequenceEqual(["LogConfigLowered billing", "LogRatioBroken billing info"]),
                "half of its lines are missing");
            (await daemon.GetAsync("/api/v1/alerts")).Should().Contain("answers as ever, but logs");
        }
        finally
        {
            service.Dispose();
        }
    }

    private static async Task WriteRulesAsync(string folder) => await File.WriteAllTextAsync(
        Path.Combine(folder, "rules.yaml"),
        InSeconds(await File.ReadAllTextAsync(Path.Combine(Cases.Repository, "rules", "logs.yaml"))));

    private static string Configuration(string folder) => $$"""
        host: { enabled: false }
        rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
        inputs:
          logs:
            - name: cloud
              paths: ['{{folder}}/logs/*.log', '{{folder}}/logs/syslog']
              start: beginning
              config: '{{folder}}/billing.conf'
        """;

    /// <summary>Three samples of each that is to be judged, and so half a minute of it.</summary>
    private const string Learned = "count_over_time(log_messages_total{service=~\"billing|numbers\", level=~\"info|unknown\"}[10m]) > 3";

    /// <summary>The same rules, faster: samples come each 15 s, so that half a minute is the least that can be looked at.</summary>
    private static string InSeconds(string shipped) => Times().Replace(shipped, time => time.Value switch
    {
        "[5m]" => "[31s]",
        "[6m]" => "[31s]",
        "window: 5m" => "window: 5s",
        "interval: 1m" => "interval: 1s",
        "min_history: 1d" or "min_history: 2h" => "min_history: 25s",
        // Longer than the time that is looked at, as it is: what has stopped altogether is over before it.
        "for: 5m" => "for: 35s",
        _ => "for: 1s",
    });

    [GeneratedRegex(@"\[[56]m\]|window: 5m|interval: 1m|min_history: \w+|\bfor: \d+m")]
    private static partial Regex Times();

    private static Component StartService(string folder, int port, string levels)
    {
        File.WriteAllText(Path.Combine(folder, "billing.conf"), $"[DEFAULT]\ndefault_log_levels = {levels}\n");
        return Component.Start(
            folder, "/usr/bin/python3", Path.Combine(Cases.Repository, "tests/Metrics.IntegrationTests/testdata/billing.py"), $"{port}",
            "logs/billing_access.log", "--config-file", "billing.conf", "--log-file", "logs/billing.log");
    }

    /// <summary>What fires: <c>LogLevelLowered billing info</c>.</summary>
    private static Task<List<string>> FiringAsync(Daemon daemon) => daemon.FiringAsync("service", "level", "input");

    /// <summary>Whoever uses the service, ten times a second, and gives the syslog daemon something to write.</summary>
    private sealed class People : IDisposable
    {
        private static readonly string[] s_paths = ["v1/bills", "v1/bills", "v1/nothing", "v1/broken"];

        private readonly HttpClient _http = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _run;
        private int _answers;

        public People(int port, Rsyslogd? rsyslog) => _run = RunAsync($"http://127.0.0.1:{port}", rsyslog);

        /// <summary>How often the service has answered.</summary>
        public int Answers => Volatile.Read(ref _answers);

        public void Dispose()
        {
            _stop.Cancel();
            _run.Wait();
            _stop.Dispose();
            _http.Dispose();
        }

        private async Task RunAsync(string url, Rsyslogd? rsyslog)
        {
            using var each = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            for (int i = 0; !_stop.IsCancellationRequested; i++)
            {
                await each.WaitForNextTickAsync();
                if (rsyslog is not null)
                    await rsyslog.WriteAsync([$"line number {i}"]);
                try
                {
                    using HttpResponseMessage answer = await _http.GetAsync($"{url}/{s_paths[i % s_paths.Length]}");
                    Interlocked.Increment(ref _answers);
                }
                catch (HttpRequestException)
                {
                    // It is being started.
                }
            }
        }
    }
}
