using System.Diagnostics;
using System.Text.Json;

namespace Metrics.IntegrationTests;

/// <summary>The daemon's own log, from its first line to its last.</summary>
public sealed class DaemonLogTests
{
    [Fact]
    public async Task As_JSON_every_line_is_an_object_from_the_start_to_the_stop()
    {
        await using Daemon daemon = await Daemon.StartAsync("""
            host: { enabled: false }
            logging: { format: json, levels: { Metrics.Pollers: debug } }
            """);
        await Eventually.Async(() => Task.FromResult(daemon.Log.Contains("Polled ", StringComparison.Ordinal)), "a poll is said");
        (await StopAsync(daemon)).Should().Be(0);
        List<JsonElement> lines = [.. daemon.Log.TrimEnd('\n').Split('\n').Select(l => JsonElement.Parse(l))];
        lines.Should().OnlyContain(l => Text(l, "time").EndsWith('Z') && Text(l, "message").Length > 0);
        string[] said = [.. lines.Where(l => Text(l, "category") == "metricsd").Select(l => Text(l, "message"))];
        said.Should().Equal($"metricsd watches; see {daemon.Url("/")}", "metricsd stops", "metricsd has stopped");
        lines.Select(l => Text(l, "level")).Should().Contain("debug").And.Contain("info");
    }

    [Fact]
    public async Task As_text_it_says_that_it_stops_and_has_stopped()
    {
        await using Daemon daemon = await Daemon.StartAsync();
        (await StopAsync(daemon)).Should().Be(0);
        daemon.Log.Should().Contain("\nmetricsd stops\n").And.EndWith("metricsd has stopped\n");
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task A_port_that_is_in_use_is_one_line_and_an_exit_code(string format)
    {
        await using Daemon daemon = await Daemon.StartAsync();
        var taken = new Dictionary<string, string> { ["METRICS__LISTEN"] = $"127.0.0.1:{daemon.Port}" };
        string log = (await FluentActions.Awaiting(() => Daemon.StartAsync($"logging: {{ level: warn, format: {format} }}", taken)).Should()
            .ThrowAsync<InvalidOperationException>()).Which.Message;
        log.Should().StartWith("metricsd ended with 2: ").And.NotContain("   at ").And.Contain(
            $"metricsd cannot listen on 127.0.0.1:{daemon.Port}: Failed to bind to address http://127.0.0.1:{daemon.Port}: address already in use.");
        log.TrimEnd('\n').Should().NotContain("\n");
    }

    private static string Text(JsonElement line, string name) => line.GetProperty(name).GetString()!;

    private static async Task<int> StopAsync(Daemon daemon)
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{daemon.ProcessId}"]);
        return await daemon.EndAsync();
    }
}
