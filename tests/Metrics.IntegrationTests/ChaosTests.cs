using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Metrics.IntegrationTests;

/// <summary>kill -9 at random moments, with a receiver that fails at random: nothing is lost, nothing comes twice.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Fact]
    public Task Every_alert_is_delivered_and_none_twice_however_often_the_daemon_is_killed() =>
        new ChaosRun(output).RunAsync(ChaosRun.Kills, "");
}

/// <summary>The same with the state in PostgreSQL; a class of its own, so that it runs beside.</summary>
public sealed class PostgresChaosTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_alert_is_delivered_and_none_twice_with_the_state_in_PostgreSQL_too()
    {
        await using Postgres postgres = await Postgres.StartAsync();
        await new ChaosRun(output).RunAsync(Math.Max(10, ChaosRun.Kills / 5), postgres.Configuration);
    }
}

/// <summary>A daemon that is killed again and again.</summary>
internal sealed partial class ChaosRun(ITestOutputHelper output)
{
    private const int Hosts = 6;
    private const int LongestLife = 700;

    /// <summary>By <c>METRICS_CHAOS</c>.</summary>
    public static readonly int Kills =
        int.Parse(Environment.GetEnvironmentVariable("METRICS_CHAOS") ?? "15", CultureInfo.InvariantCulture);

    private readonly Random _random = new(1);

    /// <summary>Runs it.</summary>
    /// <param name="kills">How often it is killed.</param>
    /// <param name="storage">Where the state is, as in the configuration.</param>
    public async Task RunAsync(int kills, string storage)
    {
        using var hook = new WebhookListener();
        (int failed, int lost) = (0, 0);
        hook.Answer = _ => Dice(100) < 25 && Interlocked.Increment(ref failed) > 0 ? 503 : 200;
        // Now and then the message is taken and the answer is lost.
        hook.LosesAnswer = () => Dice(100) < 8 && Interlocked.Increment(ref lost) > 0;
        string folder = Directory.CreateTempSubdirectory("rules").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), """
            groups: [ { name: chaos, interval: 1s, rules: [ { alert: Hot, expr: room_temp, above: "{{ 30 }}" } ] } ]
            """);
        await using Daemon daemon = await Daemon.StartAsync($$"""
            {{storage}}
            host: { enabled: false }
            rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
            receivers: [ { name: ops, webhook_configs: [ { url: '{{hook.Url}}ops' } ] } ]
            route: { receiver: ops, group_by: ['...'], group_wait: 0s, group_interval: 0s }
            flapping: { changes: 0 }
            """);
        double[] temperatures = new double[Hosts];
        ConcurrentDictionary<string, int> fired = [];
        for (int kill = 0; kill < kills; kill++)
        {
            int host = Dice(Hosts);
            temperatures[host] = temperatures[host] > 30 ? 20 : 40;
            string lines =
                string.Join('\n', temperatures.Select((t, i) => $"room,host=h{i} temp={t.ToString(CultureInfo.InvariantCulture)}"));
            try
            {
                await daemon.PushAsync(lines);
                await Task.Delay(TimeSpan.FromMilliseconds(Dice(LongestLife)), TimeProvider.System, TestContext.Current.CancellationToken);
            }
            finally
            {
                daemon.Kill();
            }
            CountFired(daemon.Log, fired);
            await daemon.StartAgainAsync();
        }
        await daemon.PushAsync(
            string.Join('\n', temperatures.Select((t, i) => $"room,host=h{i} temp={t.ToString(CultureInfo.InvariantCulture)}")));
        hook.Answer = null;
        hook.LosesAnswer = null;
        await Eventually.Async(
            () => Task.FromResult(
                Enumerable.Range(0, Hosts)
                .All(h => Story(hook, h) is var story
                && (story.Count == 0 ? temperatures[h] <= 30 : story[^1] == (temperatures[h] > 30 ? "firing" : "resolved")))),
            "the receiver knows how every host is", TimeSpan.FromMinutes(6));
        await Eventually.Async(async () => await daemon.OwnAsync("metricsd_notification_queue") == 0, "the outbox is empty");
        int delivered = 0;
        for (int host = 0; host < Hosts; host++)
        {
            List<string> story = Story(hook, host);
            delivered += story.Count;
            story.Where((_, i) => i % 2 == 0).All(s => s == "firing").Should().BeTrue($"h{host}: {string.Join(' ', story)}");
            story.Where((_, i) => i % 2 == 1).All(s => s == "resolved").Should().BeTrue($"h{host}: {string.Join(' ', story)}");
            story.Count(s => s == "firing").Should()
                .BeGreaterThanOrEqualTo(fired.GetValueOrDefault($"h{host}"), $"h{host}: each alert that fired is told of");
        }
        output.WriteLine($"{kills} kills, {hook.Tries} tries, {failed} refused, {lost} answers lost: {delivered} messages, each once; "
            + $"{fired.Values.Sum()} alerts known to have fired, all delivered");
        fired.Values.Sum().Should().BeGreaterThan(kills / 5);
    }

    private int Dice(int sides)
    {
        lock (_random)
            return _random.Next(sides);
    }

    private static List<string> Story(WebhookListener hook, int host) =>
        [.. hook.AlertsAt("/ops").Where(a => a.EndsWith($" h{host}", StringComparison.Ordinal)).Select(a => a.Split(' ')[0])];

    private static void CountFired(string log, ConcurrentDictionary<string, int> fired)
    {
        foreach (Match line in Fired().Matches(log))
            fired.AddOrUpdate(line.Groups[1].Value, 1, (_, n) => n + 1);
    }

    [GeneratedRegex("Alert Hot \\{host=\"(h\\d)\"\\}: .* → firing")]
    private static partial Regex Fired();
}
