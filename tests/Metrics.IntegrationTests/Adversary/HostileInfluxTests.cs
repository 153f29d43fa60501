using System.Net;
using System.Text.Json;
using static Metrics.IntegrationTests.Adversary.HostileInflux;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>
/// Whatever an InfluxDB, or what stands in its place, answers or does not: the daemon starts, watches, answers from memory, and keeps what
/// it could not send.
/// </summary>
public sealed class HostileInfluxTests
{
    [Fact]
    public async Task The_daemon_starts_and_alerts_whatever_it_meets()
    {
        await Task.WhenAll(HostileAnswers.AtStart.Select(async name =>
        {
            using var hostile = new HostileInflux(On("/ping /query", HostileAnswers.All[name]));
            long clock = TimeProvider.System.GetTimestamp();
            await using Daemon daemon = await Daemon.StartAsync(Configuration(hostile));
            TimeProvider.System.GetElapsedTime(clock).TotalSeconds.Should().BeLessThan(90, name);
            await PushAsync(daemon, "hostile v=1");
            (await QueryAsync(daemon, "hostile_v")).Value.Should().Be("1", name);
            hostile.Behave = WellAsync;
            await Eventually.Async(async () => await daemon.OwnAsync("metricsd_store_up") == 1, $"after {name} it works again");
        }));
    }

    [Fact]
    public async Task What_was_accepted_arrives_whatever_was_answered_meanwhile()
    {
        using var hostile = new HostileInflux(WellAsync);
        await using Daemon daemon = await Daemon.StartAsync(Configuration(hostile));
        string[] names = ["a web page", "silence", "a cut in the headers"];
        foreach (string name in names)
        {
            hostile.Behave = On("/write /query", HostileAnswers.All[name]);
            await PushAsync(daemon, $"kept,n={Array.IndexOf(names, name)} v=1");
            (string? value, string[] warnings, TimeSpan took) = await QueryAsync(daemon, "kept_v{n=\"0\"} or kept_v offset 2d");
            (value, warnings.Length).Should().Be(("1", 1), name);
            took.TotalSeconds.Should().BeLessThan(10, name);
        }
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_store_up") == 0, "it is said to be down");
        (await daemon.GetAsync("/-/ready")).Should().Contain("store");
        hostile.Lines.Clear();
        hostile.Behave = WellAsync;
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_spool_records") == 0, "the spool is sent");
        hostile.Lines.Count(l => l.StartsWith("kept_v,", StringComparison.Ordinal)).Should().BeGreaterThanOrEqualTo(names.Length);
        (await daemon.OwnAsync("metricsd_store_samples_dropped_total")).Should().Be(0);
        (await daemon.OwnAsync("metricsd_faults_total")).Should().Be(0);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_with_the_password()
    {
        using var thief = new HostileInflux(WellAsync);
        using var hostile = new HostileInflux(Body(307, "text/plain", "", $"Location: {thief.Url}/write\r\n"));
        await using Daemon daemon = await Daemon.StartAsync(Configuration(hostile));
        await PushAsync(daemon, "kept v=1");
        await QueryAsync(daemon, "kept_v offset 2d");
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_store_up") == 0, "it is said to be down");
        (await daemon.OwnAsync("metricsd_spool_records")).Should().BeGreaterThan(0);
        thief.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task An_InfluxDB_that_is_stopped_costs_history_and_nothing_else()
    {
        await using Influxd influxd = await Influxd.StartAsync();
        await using Daemon daemon = await Daemon.StartAsync(
            $"host: {{ enabled: false }}\nstorage: {{ influx: {{ url: '{influxd.Url}', database: metrics }} }}");
        await PushAsync(daemon, "stopped v=1");
        await influxd.SignalAsync("STOP");
        long stopped = TimeProvider.System.GetTimestamp();
        // Questions about history wait for it at first; those about now never do.
        Task<(string?, string[] Warnings, TimeSpan Took)>[] history =
            [.. Enumerable.Range(2, 8).Select(days => QueryAsync(daemon, $"stopped_v or stopped_v offset {days}d"))];
        while (TimeProvider.System.GetElapsedTime(stopped) < TimeSpan.FromSeconds(10))
        {
            (string? value, string[] warnings, TimeSpan took) = await QueryAsync(daemon, "stopped_v");
            (value, warnings.Length).Should().Be(("1", 0));
            took.TotalSeconds.Should().BeLessThan(2);
            if (await daemon.OwnAsync("metricsd_store_up") == 0)
                break;
        }
        TimeProvider.System.GetElapsedTime(stopped).TotalSeconds.Should().BeLessThan(10, "it is down within ten seconds");
        foreach ((_, string[] warnings, TimeSpan took) in await Task.WhenAll(history))
        {
            warnings.Should().ContainSingle();
            took.TotalSeconds.Should().BeLessThan(25);
        }
        (await daemon.GetAsync("/-/ready")).Should().Contain("store");
        (await daemon.GetAsync("/")).Should().Contain("does not work").And.NotContain(">working<");
        (await QueryAsync(daemon, "stopped_v offset 2d")).Took.TotalSeconds.Should().BeLessThan(2, "what is known to be down is not asked");
        (await daemon.PushAsync("stopped v=2")).StatusCode.Should().Be(HttpStatusCode.NoContent);
        daemon.Kill();
        await daemon.StartAgainAsync();
        (await daemon.PushAsync("stopped v=3")).StatusCode.Should().Be(HttpStatusCode.NoContent);
        await influxd.SignalAsync("CONT");
        await Eventually.Async(async () => await influxd.NumberAsync("SELECT sum(stopped_v) FROM stopped_v") == 6, "all has arrived");
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_store_up") == 1, "it works again");
    }

    private static string Configuration(HostileInflux server) => $$"""
        host: { enabled: false }
        storage: { influx: { url: '{{server.Url}}', database: metrics, timeout: 500ms, read_timeout: 500ms, username: u, password: p } }
        """;

    private static async Task PushAsync(Daemon daemon, string line) =>
        (await daemon.PushAsync(line)).StatusCode.Should().Be(HttpStatusCode.NoContent);

    private static async Task<(string? Value, string[] Warnings, TimeSpan Took)> QueryAsync(Daemon daemon, string query)
    {
        long clock = TimeProvider.System.GetTimestamp();
        using JsonDocument answer = JsonDocument.Parse(await daemon.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}"));
        JsonElement result = answer.RootElement.GetProperty("data").GetProperty("result");
        string? value = result.GetArrayLength() == 0 ? null : result[0].GetProperty("value")[1].GetString();
        string[] warnings = answer.RootElement.TryGetProperty("warnings", out JsonElement w)
            ? [.. w.EnumerateArray().Select(t => t.GetString()!)]
            : [];
        return (value, warnings, TimeProvider.System.GetElapsedTime(clock));
    }
}
