using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>A daemon that learns what a service writes, is killed, and tells what the service has never written.</summary>
public sealed class LogTemplateTests
{
    [Fact]
    public async Task A_new_kind_of_line_is_told_once_over_kills_and_what_was_known_stays_known()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        string log = Path.Combine(daemon.Folder, "nova-compute.log");
        int line = 0;
        Task WriteAsync(params string[] texts) => File.AppendAllLinesAsync(log, texts.Select(
            t => $"2026-11-27 12:00:{line++ % 60:00}.000 7 INFO nova.compute.manager [None req-7a{line}b - - - - -] {t}"));
        await WriteAsync("Took 19 seconds to build instance.", "Took 21 seconds to build instance.", "Deleting instance files /var/lib/a");
        await daemon.ReloadAsync($$"""
            host: { enabled: false }
            events: { templates: { learn: 2s } }
            inputs: { logs: [ { name: nova, paths: ['{{log}}'], start: beginning, time_zone: UTC } ] }
            """);
        await Eventually.Async(async () => (await KindsAsync(daemon)).Count == 2, "two kinds of three lines");
        await daemon.EventsAsync(3);

        daemon.Kill();
        await WriteAsync("Took 7 seconds to build instance.");
        await daemon.StartAgainAsync();
        (await daemon.OwnAsync("metricsd_log_templates")).Should().Be(2, "what was learned is there again");
        // Until it is told it is learned: whatever the clock of this machine does, the source is heard for long enough now.
        await Eventually.Async(async () =>
        {
            await WriteAsync($"password=oops{line} is refused by image {string.Concat(Enumerable.Repeat("x ", line))}");
            return (await NewAsync(daemon)).Count > 0;
        }, "a new kind is told");
        List<string> told = await NewAsync(daemon);
        daemon.Kill();
        await daemon.StartAgainAsync();
        await WriteAsync("Took 8 seconds to build instance.", "Deleting instance files /var/lib/b", "The end is new");
        await Eventually.Async(async () => (await NewAsync(daemon)).Contains("The end is new"), "the next new kind is told too");
        List<string> all = await NewAsync(daemon);
        all.Should().StartWith(told).And.NotContain(t => t.StartsWith("Took", StringComparison.Ordinal)
            || t.StartsWith("Deleting", StringComparison.Ordinal));
        told[0].Should().StartWith("password=*** is refused by image", "secrets are masked in kinds, too");
        (await KindsAsync(daemon)).Should().Contain("Took <NUM> seconds to build instance.").And.Contain("Deleting instance files <PATH>");
        (await daemon.GetAsync("/api/v1/logs/templates")).Should().NotContain("oops").And.Contain("\"since\"");
    }

    private static async Task<List<string>> NewAsync(Daemon daemon) =>
        [.. (await daemon.EventsAsync()).Where(e => e.Text("kind") == "log.new_line").Select(e => e.Text("log.template"))];

    private static async Task<List<string>> KindsAsync(Daemon daemon)
    {
        string path = $"/api/v1/logs/templates?source={Environment.MachineName}/nova";
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync(path));
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Select(t => t.GetProperty("template").GetString()!)];
    }
}
