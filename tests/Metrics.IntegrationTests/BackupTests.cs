using System.Text;

namespace Metrics.IntegrationTests;

/// <summary>A backup of a daemon at work is whole, and a daemon starts from it.</summary>
public sealed class BackupTests
{
    [Fact]
    public async Task A_backup_under_load_is_consistent_and_can_be_restored()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        using var stop = new CancellationTokenSource();
        Task load = LoadAsync(daemon, stop.Token);
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_store_samples_written_total") > 500, "some is written");
        using (HttpResponseMessage silence = await daemon.Http.PostAsync(daemon.Url("/api/v2/silences"), new StringContent("""
            {
              "matchers": [{ "name": "alertname", "value": "X", "isRegex": false }], "createdBy": "ann", "comment": "painting",
              "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"
            }
            """, Encoding.UTF8, "application/json")))
            silence.EnsureSuccessStatusCode();
        string backup = Path.Combine(daemon.Folder, "backup");
        (int code, string said) = await daemon.CommandAsync("backup", backup, "--url", daemon.Url(""));
        code.Should().Be(0, said);
        said.Should().Contain("state.db: ").And.Contain("metrics.duckdb: ").And.Contain("events.duckdb: ");
        (code, said) = await daemon.CommandAsync("backup", backup, "--url", daemon.Url(""));
        (code, said.Contains("is there already", StringComparison.Ordinal)).Should().Be((2, true));
        await stop.CancelAsync();
        await load;

        daemon.Kill();
        Directory.Delete(Path.Combine(daemon.Folder, "data"), true);
        Directory.Move(backup, Path.Combine(daemon.Folder, "data"));
        await daemon.StartAgainAsync();
        (await daemon.GetAsync("/-/ready")).Should().Be("metricsd is ready.\n");
        (await daemon.GetAsync("/api/v2/silences")).Should().Contain("painting");
        (await daemon.GetAsync("/api/v1/audit")).Should().Contain("painting");
        (await daemon.GetAsync("/api/v1/events")).Should().Contain("a line");
        (await daemon.FederateAsync("load_v")).Count.Should().BeGreaterThan(50);
    }

    private static async Task LoadAsync(Daemon daemon, CancellationToken stop)
    {
        for (int round = 0; !stop.IsCancellationRequested; round++)
        {
            (await daemon.PushAsync(string.Join('\n', Enumerable.Range(0, 100).Select(i => $"load,n={i} v={round}")))).Dispose();
            (await daemon.Http.PostAsync(
                daemon.Url("/api/v1/events"), new StringContent("""{"kind":"x.y","body":"a line"}"""), CancellationToken.None)).Dispose();
        }
    }
}
