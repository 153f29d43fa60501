using System.Text.Json;
using Metrics.Tests.Access;

namespace Metrics.Tests.Api.Events;

/// <summary>Whether a line is missing is a question that a script can ask.</summary>
public sealed class LedgerApiTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledger").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("all", 2, 0)]
    [InlineData("parsed", 1, 1)]
    [InlineData("counts", 0, 2)]
    public async Task Every_record_is_stored_or_left_out_and_a_file_that_waits_for_its_end_is_not_complete(
        string store, int stored, int leftOut)
    {
        string file = Path.Combine(_folder, "a.log");
        await File.WriteAllTextAsync(file,
            "2026-11-20T14:10:00Z ctl-1 a: plain\n2026-11-20T14:20:00Z ctl-1 sshd[8]: Failed password for ann from 10.0.0.9 port 22 ssh2\n");
        await using RunningDaemon daemon = await StartAsync($"events: {{ store: {store}, retention: 3650d }}\n");
        JsonElement hour = default;
        await Eventually.Async(
            async () => (hour = await LedgerAsync(daemon, "")).GetProperty("complete").GetBoolean(), "all is read and stored");
        JsonElement source = hour.GetProperty("sources")[0];
        (Number(source, "lines"), Number(source, "records"), Number(source, "stored"), Number(source, "notStored"),
            Number(source, "unaccounted"), Number(source, "recordsOfHours")).Should().Be((2, 2, stored, leftOut, 0, 2));
        hour.GetProperty("rows")[0].GetProperty("firstTime").GetString().Should().Be("2026-11-20T14:10:00.000000000Z");
        (await LedgerAsync(daemon, "&by=arrival")).GetProperty("rows").GetArrayLength().Should().Be(0, "it was read later");

        await File.AppendAllTextAsync(file, "2026-11-20T14:30:00Z ctl-1 a: half a li");
        await Eventually.Async(
            async () => !(hour = await LedgerAsync(daemon, "")).GetProperty("complete").GetBoolean(), "the rest is seen");
        JsonElement waiting = hour.GetProperty("waiting")[0];
        (waiting.GetProperty("path").GetString(), Number(waiting, "bytes"), waiting.GetProperty("reason").GetString()).Should().Be(
            (file, 39, "not stored yet"));
        (await LedgerAsync(daemon, "&file=*/b.log")).GetProperty("complete").GetBoolean().Should().BeTrue("that is another file's");
        (await daemon.OwnAsync("metricsd_log_unread_bytes", "logs/test", "")).Should().Be(39);
    }

    [Theory]
    [InlineData("by=line", "invalid parameter \\\"by\\\": \\\"line\\\" is neither time nor arrival")]
    [InlineData("from=10&to=5", "invalid parameter \\\"from\\\": lies behind")]
    [InlineData("from=yesterday", "cannot parse")]
    [InlineData("source=logs/nova", "logs/nova\\\" is no input")]
    [InlineData("limit=0", "no number from 1 to")]
    public async Task A_question_that_means_nothing_is_refused_and_said_where(string query, string where)
    {
        await using RunningDaemon daemon = await StartAsync("");
        (int status, string text) = await daemon.AskAsync("GET", $"/api/v1/logs/ledger?{query}");
        status.Should().Be(400);
        text.Replace("\\u0022", "\\\"", StringComparison.Ordinal).Should().Contain(where);
    }

    private Task<RunningDaemon> StartAsync(string configuration) => RunningDaemon.StartAsync(
        $"{configuration}inputs: {{ logs: [ {{ name: test, paths: ['{_folder}/*.log'], start: beginning }} ] }}");

    private static async Task<JsonElement> LedgerAsync(RunningDaemon daemon, string more)
    {
        (int status, string text) =
            await daemon.AskAsync("GET", $"/api/v1/logs/ledger?from=2026-11-20T14:00:00Z&to=2026-11-20T15:00:00Z{more}");
        status.Should().Be(200, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("data");
    }

    private static long Number(JsonElement of, string name) => of.GetProperty(name).GetInt64();
}
