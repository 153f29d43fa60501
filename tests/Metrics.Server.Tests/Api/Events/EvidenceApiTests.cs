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
            async () => await daemon.OwnAsync("metricsd_event_log_days_sealed_total", "", "") == 2, "both days are sealed");
        string url = daemon.Address.ToString();
        CliRun sound = await CliRun.Of("evidence", "verify", "--url", url);
        sound.Code.Should().Be(0, sound.Error);
        sound.Output.Split('\n')[0].Should().MatchRegex($"^sound    {DayName(0)}  2 events  head [0-9a-f]{{64}}$");
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
        altered.Output.Should().Contain($"altered  {DayName(1)}  2 events  head ").And.Contain("the first that differ are among the ids");
        (await daemon.OwnAsync("metricsd_event_log_altered_days", "", "")).Should().Be(1);
        CliRun json = await CliRun.Of("evidence", "verify", "--output", "json", "--url", url);
        JsonElement[] lines =
            [.. json.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        lines.Select(l => l.TryGetProperty("state", out JsonElement state) ? state.GetString() : "end").Should()
            .Equal("sound", "altered", "end");
        (await daemon.AskAsync("GET", "/api/v1/audit")).Text.Should().Contain(lines[1].GetProperty("head").GetString());
    }

    [Fact]
    public async Task Where_there_are_no_days_nothing_was_altered()
    {
        await using RunningDaemon daemon = await RunningDaemon.StartAsync("");
        (await daemon.AskAsync("GET", Verify)).Text.Should().Be("{\"done\":true,\"days\":0,\"wrong\":0}\n");
    }

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
            batch.Add(now, now, "log", 9, "b");
            await WriteAsync(log, batch);
            time.Advance(TimeSpan.FromDays(1));
        }
    }
}
