using System.Text;
using Microsoft.Data.Sqlite;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>
/// The state's file cannot be written while the daemon runs: whoever is on call hears of new alerts all the same, and nothing of it is lost
/// once it can.
/// </summary>
public sealed class DiskTests : IDisposable
{
    private const string Rules = """
        groups: [ { name: test, interval: 200ms, rules: [ { alert: TooHot, expr: room_temp, above: "{{ 30 }}" } ] } ]
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("disk-rules").FullName;

    [Fact]
    public async Task A_full_disk_keeps_no_alert_from_those_on_call()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(mebibytes: 24);
        await HoldsAsync(disk.MoveToAsync, () => disk.FillAsync(), disk.MakeRoom);
    }

    [Fact]
    public async Task A_file_that_another_process_has_locked_keeps_no_alert_from_those_on_call()
    {
        SqliteConnection? other = null;
        await HoldsAsync(
            daemon =>
            {
                other = new SqliteConnection($"Data Source={daemon.Folder}/data/state.db;Pooling=False");
                return Task.CompletedTask;
            },
            async () =>
            {
                await other!.OpenAsync();
                using SqliteCommand begin = other.CreateCommand();
                begin.CommandText = "BEGIN EXCLUSIVE";
                await begin.ExecuteNonQueryAsync();
            },
            () => other!.Dispose());
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private async Task HoldsAsync(Func<Daemon, Task> prepare, Func<Task> spoil, Action mend)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "rules.yaml"), Rules);
        using var hook = new WebhookListener();
        using var page = new PageServer("room_temp{room=\"none\"} 1\n");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{_folder}}/rules.yaml'], shipped: false }
            receivers: [ { name: ops, webhook_configs: [ { url: '{{hook.Url}}ops' } ] } ]
            route: { receiver: ops, group_by: ['...'], group_wait: 0s }
            scrape_configs: [ { job_name: page, scrape_interval: 500ms, static_configs: [ { targets: ['127.0.0.1:{{page.Port}}'] } ] } ]
            """);
        await prepare(daemon);
        // Only now: where its data begin anew, what was told before is forgotten.
        page.Page += "room_temp{room=\"first\"} 31\n";
        await HearsAsync(hook, "first");
        await Eventually.Async(async () => await IsSilencedAsync(daemon, "before"), "a silence");

        await spoil();
        page.Page += "room_temp{room=\"second\"} 31\n";
        await HearsAsync(hook, "second");
        daemon.Log.Should().Contain("the state is kept in memory until it can").And.NotContain("can be used again");
        await Eventually.Async(async () => await IsSilencedAsync(daemon, "meanwhile"), "silences are taken too");

        mend();
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_state_in_memory") == 0, "the file is there again");
        page.Page += "room_temp{room=\"third\"} 31\n";
        await HearsAsync(hook, "third");
        daemon.Kill();
        await daemon.StartAgainAsync();
        (await daemon.GetAsync("/api/v2/silences")).Should().Contain("before").And.Contain("meanwhile");
        await Eventually.Async(
            async () => (await daemon.GetAsync("/api/v1/alerts")).Split("\"firing\"").Length > 3, "the three alerts are open");
        foreach (string room in new[] { "first", "second", "third" })
            hook.AlertsAt("/ops").Count(a => a.StartsWith("firing", StringComparison.Ordinal) && a.Contains(room)).Should().Be(1, room);
    }

    private static Task HearsAsync(WebhookListener hook, string room) =>
        Eventually.Async(() => hook.AlertsAt("/ops").Any(a => a.Contains(room)), $"those on call hear of the {room}");

    private static async Task<bool> IsSilencedAsync(Daemon daemon, string comment)
    {
        using HttpResponseMessage answer = await daemon.Http.PostAsync(daemon.Url("/api/v2/silences"), new StringContent($$"""
            {
              "matchers": [{ "name": "alertname", "value": "X", "isRegex": false }], "createdBy": "ann", "comment": "{{comment}}",
              "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"
            }
            """, Encoding.UTF8, "application/json"));
        return answer.IsSuccessStatusCode;
    }
}
