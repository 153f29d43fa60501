using System.Text.Json;
using DuckDB.NET.Data;
using Metrics.Hosting;
using Metrics.Model;
using Metrics.Storage.Events;
using Metrics.Telemetry;
using Metrics.Tests.Access;
using Metrics.Tests.Cli;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Metrics.Tests.Storage.Events.EventLogFolder;

namespace Metrics.Tests.Api.Events;

/// <summary>A daemon seals the days that it finds, and says when one of them was altered.</summary>
public sealed class EvidenceApiTests
{
    private const string Verify = "/api/v1/evidence/verify";

    private static readonly DateTimeOffset s_begin = TimeProvider.System.GetUtcNow().AddDays(-2);

    private static string DayName(int day) => $"events_{s_begin.AddDays(day):yyyyMMdd}";

    [Fact]
    public async Task What_was_altered_in_a_day_that_ended_is_said_by_the_command_and_by_its_exit_code()
    {
        string data = "";
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("", prepare: folder => WriteTwoDaysAsync(data = folder));
        await Eventually.Async(
            async () => await daemon.OwnAsync("metricsd_event_log_tables_sealed_total", "", "") == 2, "both days are sealed");
        string url = daemon.Address.ToString();
        CliRun sound = await CliRun.Of("evidence", "verify", "--url", url);
        sound.Code.Should().Be(0, sound.Error);
        sound.Output.Split('\n')[0].Should().MatchRegex($"^sound      {DayName(0)}  2 events  head [0-9a-f]{{64}}$");
        sound.Output.Should().EndWith("nothing was altered: 2 looked at, 0 altered or missing\n");

        // In this process, which has the file open; another one would have to wait for the daemon's end.
        using (var connection = new DuckDBConnection($"Data Source={data}/events.duckdb;storage_compatibility_version=v1.4.0"))
        {
            connection.Open();
            using DuckDBCommand command = connection.CreateCommand();
            command.CommandText = $"UPDATE {DayName(1)} SET body = 'nothing' WHERE body = 'b'";
            command.ExecuteNonQuery().Should().Be(1);
        }
        CliRun altered = await CliRun.Of("evidence", "verify", "--url", url);
        altered.Code.Should().Be(1);
        altered.Output.Should().Contain($"altered    {DayName(1)}  2 events  head ").And.Contain("the first that differ are among the ids");
        (await daemon.OwnAsync("metricsd_event_log_altered_tables", "", "")).Should().Be(1);
        CliRun json = await CliRun.Of("evidence", "verify", "--output", "json", "--url", url);
        JsonElement[] lines =
            [.. json.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        lines.Select(l => l.TryGetProperty("state", out JsonElement state) ? state.GetString() : "end").Should()
            .Equal("sound", "altered", "end");
        (await daemon.AskAsync("GET", "/api/v1/audit")).Text.Should().Contain(lines[1].GetProperty("head").GetString());
    }

    [Fact]
    public async Task A_day_that_cannot_be_read_is_said_and_is_no_alteration()
    {
        string data = "";
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("", prepare: folder => WriteTwoDaysAsync(data = folder));
        await Eventually.Async(
            async () => await daemon.OwnAsync("metricsd_event_log_tables_sealed_total", "", "") == 2, "both days are sealed");
        using (var connection = new DuckDBConnection($"Data Source={data}/events.duckdb;storage_compatibility_version=v1.4.0"))
        {
            connection.Open();
            using DuckDBCommand command = connection.CreateCommand();
            command.CommandText = $"DROP VIEW events; ALTER TABLE {DayName(0)} RENAME TO away";
            command.ExecuteNonQuery();
        }
        CliRun run = await CliRun.Of("evidence", "verify", "--url", daemon.Address.ToString());
        run.Code.Should().Be(3, run.Output);
        run.Output.Split('\n')[0].Should().StartWith($"unreadable {DayName(0)}  2 events  head ").And.Contain("cannot be read");
        run.Output.Should().EndWith("not all could be read: 2 looked at, 0 altered or missing, 1 unreadable\n");
    }

    [Fact]
    public async Task What_a_manifest_of_others_says_does_not_move_the_cursor()
    {
        string folder = Directory.CreateTempSubdirectory("evidence").FullName, manifest = Path.Combine(folder, "manifest.json");
        try
        {
            await File.WriteAllTextAsync(manifest, """
                {"version":"1","created":"","daemon":"","from":"\u001b[2Jnoon","to":"\u001b[Hone","about":null,"events":0,"complete":true,
                "cut":[],"head":null,"files":[]}
                """);
            (await CliRun.Of("evidence", "check", folder)).Output.Should().Contain(" [2Jnoon to  [Hone").And.NotContain("\u001b");
            await File.WriteAllTextAsync(manifest, "{\"\\u001b[2J\":1}");
            CliRun wrong = await CliRun.Of("evidence", "check", folder);
            wrong.Code.Should().Be(1);
            wrong.Error.Should().Contain("is no manifest of evidence").And.NotContain("\u001b");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Where_there_are_no_days_nothing_was_altered()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (await daemon.AskAsync("GET", Verify)).Text.Should().Be("{\"done\":true,\"days\":0,\"wrong\":0,\"unreadable\":0}\n");
    }

    [Fact]
    public async Task What_is_exported_is_all_of_the_time_with_its_manifest_and_an_altered_file_is_found()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("", prepare: WriteTwoDaysAsync);
        await Eventually.Async(
            async () => await daemon.OwnAsync("metricsd_event_log_tables_sealed_total", "", "") == 2, "both days are sealed");
        string folder = Directory.CreateTempSubdirectory("evidence").FullName, path = Path.Combine(folder, "case");
        try
        {
            string[] export = ["evidence", "export", "--url", daemon.Address.ToString(), "--out", path];
            CliRun run = await CliRun.Of([.. export, "--from", "3d"]);
            run.Code.Should().Be(0, run.Error);
            run.Output.Should().Contain("4 events from ");
            (await File.ReadAllLinesAsync(Path.Combine(path, "events.ndjson"))).Select(l => Member(l, "body")).Should()
                .Equal("a", "b", "a", "b");
            JsonElement manifest = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(path, "manifest.json"))).RootElement;
            manifest.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("name").GetString()).Should()
                .Equal("ledger.json", "events.ndjson", "seals.json");
            manifest.GetProperty("head").GetString().Should().HaveLength(64);
            (await CliRun.Of([.. export, "--from", "3d"])).Should().BeEquivalentTo(new { Code = 2 }, "nothing is overwritten");
            (await CliRun.Of([.. export[..^1], path + "2", "--from", "yesterday"])).Code.Should().Be(1);
            Directory.GetFileSystemEntries(folder).Should().ContainSingle("what failed leaves nothing");

            string hash = run.Output.Split("SHA-256 ")[1][..64];
            CliRun sound = await CliRun.Of("evidence", "check", path, "--sha256", hash);
            (sound.Code, sound.Output.Split(':')[0]).Should().Be((0, "nothing was altered"), sound.Error);
            (await CliRun.Of("evidence", "check", path, "--sha256", new string('0', 64))).Output.Should().Contain("is another one");
            CliRun alone = await CliRun.Of("evidence", "check", path);
            (alone.Code, alone.Output.Split(':')[0]).Should().Be((0, "all files are what the manifest says"));
            alone.Output.Should().EndWith(
                "whether the manifest is the one that was written, --sha256 says with what the export has printed\n");
            string seals = await File.ReadAllTextAsync(Path.Combine(path, "seals.json"));
            await File.WriteAllTextAsync(Path.Combine(path, "seals.json"), "no JSON");
            (await CliRun.Of("evidence", "check", path)).Output.Split('\n').Where(l => l.StartsWith("ALTERED", StringComparison.Ordinal))
                .Should().SatisfyRespectively(
                    l => l.Should().Be("ALTERED: seals.json is not what was written"),
                    l => l.Should().StartWith("ALTERED: seals.json: it has another form"));
            await File.WriteAllTextAsync(Path.Combine(path, "seals.json"), seals);
            await File.AppendAllTextAsync(Path.Combine(path, "events.ndjson"), "\n");
            File.Delete(Path.Combine(path, "ledger.json"));
            await File.WriteAllTextAsync(Path.Combine(path, "more.txt"), "");
            CliRun altered = await CliRun.Of("evidence", "check", path);
            altered.Code.Should().Be(1);
            altered.Output.Split('\n').Where(l => l.StartsWith("ALTERED", StringComparison.Ordinal)).Should().Equal(
                "ALTERED: ledger.json is gone", "ALTERED: events.ndjson is not what was written",
                "ALTERED: more.txt was not written by the export");
            await File.WriteAllTextAsync(Path.Combine(path, "manifest.json"), "{}");
            (await CliRun.Of("evidence", "check", path)).Error.Should().Contain("is no manifest of evidence");
            (await CliRun.Of("evidence", "check", folder)).Error.Should().Contain("cannot be checked");

            string about = Path.Combine(folder, "about");
            run = await CliRun.Of([.. export[..^1], about, "--from", "3d", "--about", "host=ctl-1"]);
            run.Code.Should().Be(0, run.Error);
            (await File.ReadAllLinesAsync(Path.Combine(about, "about.ndjson"))).Should().HaveCount(2).And.OnlyContain(
                l => Member(l, "belongs").Contains("about"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task An_export_says_of_itself_whether_all_lines_of_the_time_are_there()
    {
        string folder = Directory.CreateTempSubdirectory("evidence").FullName;
        try
        {
            string line = $"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ} ctl-1 a: ";
            await File.WriteAllTextAsync(Path.Combine(folder, "a.log"), $"{line}whole\n{line}half a li");
            await using RunningDaemon daemon = await RunningDaemon.StartAsync(
                $"inputs: {{ logs: [ {{ name: test, paths: ['{folder}/*.log'], start: beginning }} ] }}");
            await Eventually.Async(
                async () => await daemon.OwnAsync("metricsd_log_unread_bytes", "logs/test", "") > 0, "half a line waits for its end");
            (await ExportAsync(daemon, "half")).GetProperty("complete").GetBoolean().Should().BeFalse();
            await File.AppendAllTextAsync(Path.Combine(folder, "a.log"), "ne\n");
            await Eventually.Async(
                async () => (await daemon.AskAsync("GET", "/api/v1/events")).Text.Contains("half a line", StringComparison.Ordinal),
                "it is stored");
            // A line can be read a moment before its input knows that it is stored.
            await Eventually.Async(
                async () => await daemon.OwnAsync("metricsd_log_unread_bytes", "logs/test", "") == 0, "nothing waits any more");
            (await ExportAsync(daemon, "whole")).GetProperty("complete").GetBoolean().Should().BeTrue();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        async Task<JsonElement> ExportAsync(RunningDaemon daemon, string name)
        {
            string path = Path.Combine(folder, name);
            CliRun run = await CliRun.Of("evidence", "export", "--from", "1h", "--url", daemon.Address.ToString(), "--out", path);
            run.Code.Should().Be(0, run.Error);
            return JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(path, "manifest.json"))).RootElement;
        }
    }

    private static string Member(string json, string name) => JsonDocument.Parse(json).RootElement.GetProperty(name).ToString();

    private static async Task WriteTwoDaysAsync(string folder)
    {
        var time = new FakeTimeProvider(s_begin);
        await using var log = new EventLog(
            MetricsOptions.Parse($"storage: {{ path: '{folder}' }}").Storage, new EventLogOptions(),
            new EventLogMetrics(new MetricRegistry()), time, NullLogger<EventLog>.Instance);
        log.Open();
        for (int day = 0; day < 2; day++)
        {
            var batch = new EventBatch("t");
            long now = Timestamp.Of(time.GetUtcNow()).ToNanoseconds();
            batch.Add(now, now, "log", 9, "a");
            batch.AddField(EventFields.Host, "ctl-1");
            batch.Add(now, now, "log", 9, "b");
            await WriteAsync(log, batch);
            time.Advance(TimeSpan.FromDays(1));
        }
    }
}
