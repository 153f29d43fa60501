using System.Globalization;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>Files that a real rsyslogd writes and a real logrotate rotates, read by a daemon that is killed again and again.</summary>
public sealed class LogFileTests(ITestOutputHelper output)
{
    /// <summary>Twice, unless <c>METRICS_CHAOS</c> asks for more.</summary>
    private static readonly int s_kills = Math.Max(2, ChaosRun.Kills / 100);

    private static readonly int s_parts = 4 * s_kills;
    private static readonly int s_lines = (1000 * s_parts) + 1;

    [Theory]
    [InlineData("create 0644", true)]
    [InlineData("copytruncate", false)]
    public async Task Whatever_logrotate_and_kills_do_each_line_comes_once(string way, bool isWrittenMeanwhile)
    {
        Component.Need("logrotate");
        await using Daemon daemon = await Daemon.StartAsync();
        string log = Path.Combine(daemon.Folder, "logs", "numbers.log");
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        await daemon.ReloadAsync($$"""
            host: { enabled: false }
            inputs: { logs: [ { name: numbers, paths: ['{{daemon.Folder}}/logs/*.log'], start: beginning } ] }
            """);
        using Rsyslogd rsyslog = await Rsyslogd.StartAsync(
            $"action(type=\"omfile\" file=\"{log}\" template=\"RSYSLOG_FileFormat\" flushOnTXEnd=\"on\")");
        string rotation = Path.Combine(daemon.Folder, "logrotate.conf");
        await File.WriteAllTextAsync(rotation, $$"""
            {{log}} {
              {{way}}
              rotate {{s_parts}}
              compress
              delaycompress
              postrotate
                kill -HUP {{rsyslog.Id}}
              endscript
            }
            """);
        // From its first line on the daemon knows the log.
        await rsyslog.WriteAsync(Numbers(0, 1));
        await Eventually.Async(async () => (await NumbersAsync(daemon)).Count == 1, "the first line is there");
        for (int part = 0; part < s_parts; part++)
        {
            await rsyslog.WriteAsync(Numbers((part * 1000) + 1, 1000));
            int last = (part + 1) * 1000;
            // What is written between the copy and the cut of copytruncate is lost by logrotate itself.
            await Eventually.Async(() => isWrittenMeanwhile ? File.Exists(log) : EndsWith(log, last), "the last line is written");
            (int code, string said) = await Component.RunAsync(
                "logrotate", "", "--force", "--state", rotation + ".state", rotation);
            code.Should().Be(0, said);
            // rsyslogd writes into the moved file until it has heard of it, and logrotate packs that one the next time.
            await Eventually.Async(() => EndsWith(log, last) || EndsWith(log + ".1", last), "the last line is written");
            await Eventually.Async(() => !IsOpen(rsyslog.Id, log + ".1"), "it has heard of it");
            if (part % 4 == 1)
                daemon.Kill();
            if (part % 4 == 3)
                await daemon.StartAgainAsync();
        }
        List<int> numbers = [];
        await Eventually.Async(async () => (numbers = await NumbersAsync(daemon)).Count >= s_lines, $"all {s_lines} lines are there");
        numbers.Order().Should().Equal(Enumerable.Range(0, s_lines), "each comes once");
        (await daemon.GetAsync("/api/v1/events?match[]=" + Uri.EscapeDataString("{kind=~\"log[.].*\"}"))).Should().NotContain("\"kind\"");
        string ledger = "";
        await Eventually.Async(async () =>
        {
            (int answer, ledger) = await daemon.CommandAsync("logs", "ledger", "--url", daemon.Url(""));
            return answer == 0;
        }, "nothing is missing");
        output.WriteLine(ledger);
        string all = s_lines.ToString("N0", CultureInfo.InvariantCulture);
        ledger.Should().Contain($" {all} lines, {all} records = {all} stored + 0 left out\n").And.Contain("\ncomplete: ");
    }

    [Fact]
    public async Task A_log_that_is_removed_unread_is_missing_in_the_ledger_with_its_bytes_and_their_time()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        string log = Path.Combine(daemon.Folder, "numbers.log");
        DateTimeOffset day = TimeProvider.System.GetUtcNow().AddDays(-1);
        await File.WriteAllTextAsync(log, string.Concat(Enumerable.Range(0, 400_000).Select(n =>
            $"{day.AddSeconds(n / 100):yyyy-MM-ddTHH:mm:ssZ} ctl-1 numbers: line number {n}\n")));
        long size = new FileInfo(log).Length;
        await daemon.ReloadAsync($$"""
            host: { enabled: false }
            inputs: { logs: [ { name: numbers, paths: ['{{log}}'], start: beginning } ] }
            """);
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_event_log_events_written_total") > 0, "some of it is stored");
        daemon.Kill();
        File.Delete(log);
        await daemon.StartAgainAsync();
        JsonElement ledger = default;
        await Eventually.Async(
            async () => (ledger = await LedgerAsync(daemon, "from=2d")).GetProperty("gaps").GetArrayLength() > 0, "the gap is found");
        (JsonElement row, JsonElement gap) = (ledger.GetProperty("rows")[0], ledger.GetProperty("gaps")[0]);
        gap.Text("reason").Should().Be("gone");
        (row.GetProperty("bytes").GetInt64() + gap.GetProperty("bytes").GetInt64()).Should().Be(size, "each byte is read or missing");
        row.GetProperty("lines").GetInt64().Should().Be((await NumbersAsync(daemon, "kind=\"log\"")).Count, "as many lines are stored");
        gap.Text("fromTime").Should().Be(row.Text("lastTime"), "later lines are missing");
        (await daemon.OwnAsync("metricsd_log_gaps_total{source=\"logs/numbers\",reason=\"gone\"}")).Should().Be(1);
        (int code, string table) = await daemon.CommandAsync("logs", "ledger", "--from", "2d", "--url", daemon.Url(""));
        output.WriteLine(table);
        code.Should().Be(1);
        table.Should().Contain("missing: ").And.Contain("\nNOT COMPLETE: ");
        string first = row.Text("firstTime");
        (await LedgerAsync(daemon, $"from={first}&to={first}")).GetProperty("complete").GetBoolean().Should().BeTrue("that was read");
    }

    private static async Task<JsonElement> LedgerAsync(Daemon daemon, string query) =>
        JsonDocument.Parse(await daemon.GetAsync($"/api/v1/logs/ledger?{query}")).RootElement.GetProperty("data");

    [Fact]
    public async Task A_full_disk_loses_no_line_doubles_none_and_has_rules_see_them_no_more_than_twice()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(mebibytes: 64);
        await using Daemon daemon = await Daemon.StartAsync();
        await disk.MoveToAsync(daemon);
        string log = Path.Combine(daemon.Folder, "numbers.log");
        await daemon.ReloadAsync($$"""
            host: { enabled: false }
            inputs: { logs: [ { name: numbers, paths: ['{{log}}'], start: beginning } ] }
            """);
        await File.AppendAllLinesAsync(log, Numbers(0, 1000));
        await Eventually.Async(async () => (await NumbersAsync(daemon)).Count == 1000, "the first lines are there");
        await disk.FillAsync();
        // More than fits into what DuckDB has of its file, so that a commit needs the disk.
        await File.AppendAllLinesAsync(log, Numbers(1000, 60_000));
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_event_log_up") == 0, "nothing can be stored");
        await Eventually.Async(
            async () => (await daemon.GetAsync("/api/v1/inputs")).Contains("cannot be written now", StringComparison.Ordinal),
            "the input says so");
        await Eventually.Async(
            async () => await daemon.OwnAsync("metricsd_event_log_writes_total{outcome=\"failure\"}") >= 3, "it is tried again and again");
        disk.MakeRoom();
        List<int> numbers = [];
        await Eventually.Async(async () => (numbers = await NumbersAsync(daemon)).Count >= 61_000, "all lines are there");
        numbers.Order().Should().Equal(Enumerable.Range(0, 61_000), "each comes once");
        (await daemon.OwnAsync("metricsd_intake_events_received_total")).Should().BeLessThanOrEqualTo(2 * 61_000);
    }

    private static bool IsOpen(int process, string path) =>
        Directory.EnumerateFiles($"/proc/{process}/fd").Any(f => File.ResolveLinkTarget(f, false)?.FullName == path);

    private static bool EndsWith(string log, int last) =>
        File.Exists(log) && File.ReadLines(log).LastOrDefault()?.EndsWith($" {last}", StringComparison.Ordinal) == true;

    private static IReadOnlyList<string> Numbers(int start, int count) =>
        [.. Enumerable.Range(start, count).Select(n => $"line number {n}")];

    private static async Task<List<int>> NumbersAsync(Daemon daemon, string matchers = "service=\"numbers\"")
    {
        var numbers = new List<int>();
        for (long? after = 0; after is { } id;)
        {
            string match = Uri.EscapeDataString($"{{{matchers}}}");
            string answer = await daemon.GetAsync($"/api/v1/events?order=oldest&limit=10000&after={id}&match[]={match}");
            JsonElement data = JsonDocument.Parse(answer).RootElement.GetProperty("data");
            foreach (JsonElement one in data.GetProperty("events").EnumerateArray())
                numbers.Add(int.Parse(one.GetProperty("body").GetString()!.Split(' ')[^1], CultureInfo.InvariantCulture));
            after = data.GetProperty("next") is { ValueKind: JsonValueKind.Number } next ? next.GetInt64() : null;
        }
        return numbers;
    }
}
