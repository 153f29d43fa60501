namespace Metrics.IntegrationTests.Adversary;

/// <summary>The system's clock is set while the daemon runs.</summary>
public sealed class ClockTests : IDisposable
{
    private const string Rules = """
        groups:
          - name: clock
            interval: 1s
            rules:
              - { alert: High, expr: load, above: 5, for: 2s }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("clock").FullName;

    private string Clock => Path.Combine(_folder, "clock");

    [Fact]
    public async Task Set_back_by_an_hour_nothing_seems_absent_and_thresholds_fire_in_time()
    {
        string? library = Directory.GetDirectories("/usr/lib", "*-linux-gnu*")
            .Select(d => Path.Combine(d, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(library is null, "faketime is missing");
        using var page = new PageServer("load 1\n");
        string rules = Path.Combine(_folder, "rules.yaml");
        await File.WriteAllTextAsync(rules, Rules);
        await File.WriteAllTextAsync(Clock, "+0");
        await using Daemon daemon = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{rules}}'], shipped: false }
            scrape_configs:
              - { job_name: node, scrape_interval: 1s, static_configs: [ { targets: ['127.0.0.1:{{page.Port}}'] } ] }
            """, new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = library,
            ["FAKETIME_TIMESTAMP_FILE"] = Clock,
            ["FAKETIME_NO_CACHE"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        });
        await Eventually.Async(async () => (await daemon.FederateAsync("load")).Count == 1, "all is well");

        await File.WriteAllTextAsync(Clock, "-1h");
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_clock_ahead_seconds") > 3000, "it is noticed");
        for (int before = page.Requests, last = before; last < before + 5; last = page.Requests)
        {
            await Eventually.Async(() => page.Requests > last, "it goes on polling");
            (await daemon.GetAsync("/api/v1/query?query=absent(load)")).Should().Contain("\"result\":[]", "what is polled is there");
        }
        page.Page = "load 9\n";
        await Eventually.Async(async () => (await AlertsAsync(daemon)) is ["High"], "the threshold fires");
        (await daemon.OwnAsync("metricsd_head_samples_not_appended_total{reason=\"out_of_order\"}")).Should().Be(0);
        (await daemon.GetAsync("/")).Should().Contain("clock was set back");
        await Eventually.Async(() => daemon.Log.Contains("clock was set back", StringComparison.Ordinal), "the log says so");

        await File.WriteAllTextAsync(Clock, "+0");
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_clock_ahead_seconds") == 0, "it is well again");
        page.Page = "load 1\n";
        await Eventually.Async(async () => (await AlertsAsync(daemon)) is [], "and the alert ends");
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private static async Task<string[]> AlertsAsync(Daemon daemon)
    {
        List<string> firing = await daemon.FederateAsync("ALERTS{alertstate=\"firing\"}");
        return [.. firing.Select(l => l.Split("alertname=\"")[1].Split('"')[0])];
    }
}
