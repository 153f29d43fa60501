using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Metrics.IntegrationTests;

/// <summary>
/// A node and its centre, each in a network of its own, and the link between them cut while both are killed. METRICS_LINK_CUT_MINUTES sets
/// how long, with the shipped rules as they are; without it the link is cut until the node is missed, by faster rules.
/// </summary>
public sealed partial class ForwardTests(ITestOutputHelper output)
{
    private const string Token = "look";

    private static readonly double s_minutes =
        double.Parse(Environment.GetEnvironmentVariable("METRICS_LINK_CUT_MINUTES") ?? "0", CultureInfo.InvariantCulture);

    private static readonly string s_node = Environment.MachineName;

    [Fact]
    public async Task A_cut_link_and_kills_on_both_sides_lose_and_double_nothing_and_the_silent_node_is_an_alert()
    {
        (NetworkNamespace first, NetworkNamespace second) = NetworkNamespace.CreatePair();
        using NetworkNamespace ofCentre = first, ofNode = second;
        string folder = Directory.CreateTempSubdirectory("forward").FullName;
        string rules = await File.ReadAllTextAsync(Path.Combine(Cases.Repository, "rules", "forward.yaml"));
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.yaml"), s_minutes > 0 ? rules : InSeconds(rules));
        await using Daemon centre = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { files: ['{{folder}}/rules.yaml'], shipped: false }
            auth:
              tokens:
                - { name: node, role: ingest, hosts: ['{{s_node}}'], token: bound }
                - { name: test, role: admin, token: {{Token}} }
            """, network: ofCentre, token: Token);
        await using Daemon node = await Daemon.StartAsync($$"""
            host: { enabled: false }
            rules: { shipped: false }
            auth: { tokens: [ { name: test, role: admin, token: {{Token}} } ] }
            inputs: { logs: [ { name: numbers, paths: ['{{folder}}/numbers.log'], start: beginning } ] }
            forward: { url: 'http://{{ofCentre.LinkAddress}}:{{centre.Port}}', token: bound }
            """, network: ofNode, token: Token);

        using var numbers = new Numbers(Path.Combine(folder, "numbers.log"), node);
        await Eventually.Async(async () => await SentAsync(centre) > 100, "events come");
        long began = TimeProvider.System.GetTimestamp();
        ofNode.SetLink(up: false);
        int before = numbers.Written;
        node.Kill();
        await node.StartAgainAsync();
        await Eventually.Async(() => numbers.Written > before + 200, "more is written");
        centre.Kill();
        await centre.StartAgainAsync();
        await Eventually.Async(
            async () => (await centre.FiringAsync()).SequenceEqual(["NodeSilent"])
                && TimeProvider.System.GetElapsedTime(began).TotalMinutes >= s_minutes,
            "the node is missed", TimeSpan.FromMinutes(3 + s_minutes));
        TimeSpan cut = TimeProvider.System.GetElapsedTime(began);
        // In the middle of catching up, both once more.
        ofNode.SetLink(up: true);
        double sent = await SentAsync(centre);
        await Eventually.Async(async () => await SentAsync(centre) > sent, "it catches up");
        centre.Kill();
        node.Kill();
        await Task.WhenAll(centre.StartAgainAsync(), node.StartAgainAsync());
        await Eventually.Async(async () => (await centre.FiringAsync()).Count == 0, "the node is heard of again", TimeSpan.FromMinutes(3));
        await numbers.StopAsync();

        List<string> bodies = [];
        await Eventually.Async(
            async () => (bodies = [.. (await centre.EventsAsync()).Select(e => e.Text("body"))]).Count >= numbers.Written,
            $"all {numbers.Written} are there: {node.Log}");
        bodies.Should().Equal(Enumerable.Range(0, numbers.Written).Select(n => $"number {n}"), "each comes once, in order");
        List<long> samples = [];
        await Eventually.Async(
            async () => !numbers.Pushed.Except(samples = await SamplesAsync(centre)).Any(), "each sample that was taken is there");
        samples.Should().OnlyHaveUniqueItems().And.BeInAscendingOrder().And.BeSubsetOf(numbers.Tried);
        output.WriteLine($"cut for {cut.TotalSeconds:0} s: {bodies.Count} events, {samples.Count} samples, each once");
        Directory.Delete(folder, true);
    }

    /// <summary>The shipped rules, with seconds for their minutes: the centre's own metrics are looked at each 15 s.</summary>
    private static string InSeconds(string shipped) => Times().Replace(shipped, time => time.Value switch
    {
        "interval: 15s" => "interval: 1s",
        "above: 60" => "above: 17",
        _ => "for: 1s",
    });

    [GeneratedRegex("interval: 15s|above: 60|for: 90s")]
    private static partial Regex Times();

    private static Task<double> SentAsync(Daemon centre) => centre.OwnAsync("metricsd_forward_node_events_total");

    /// <summary>The times of the samples, milliseconds.</summary>
    private static async Task<List<long>> SamplesAsync(Daemon centre)
    {
        string query = Uri.EscapeDataString($"numbers_value{{node=\"{s_node}\"}}[1h]");
        using JsonDocument answer = JsonDocument.Parse(await centre.GetAsync($"/api/v1/query?query={query}"));
        return
        [
            .. answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
                .SelectMany(s => s.GetProperty("values").EnumerateArray()).Select(v => (long)Math.Round(v[0].GetDouble() * 1000)),
        ];
    }

    /// <summary>Numbered lines, appended to a log whatever happens, and samples that are pushed while the node answers.</summary>
    private sealed class Numbers : IDisposable
    {
        private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;
        private int _written;

        public Numbers(string file, Daemon node) => _running = Task.WhenAll(WriteAsync(file), PushAsync(node));

        /// <summary>Lines that are written.</summary>
        public int Written => Volatile.Read(ref _written);

        /// <summary>Times of the samples that the node has taken, milliseconds.</summary>
        public List<long> Pushed { get; } = [];

        /// <summary>Times of these, and of those whose answer was lost with the node.</summary>
        public List<long> Tried { get; } = [];

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _running;
        }

        public void Dispose() => _stop.Cancel();

        private async Task WriteAsync(string file)
        {
            while (!_stop.IsCancellationRequested)
            {
                await File.AppendAllTextAsync(file, $"number {_written}\n");
                Interlocked.Increment(ref _written);
                await Task.Delay(s_pause, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        private async Task PushAsync(Daemon node)
        {
            while (!_stop.IsCancellationRequested)
            {
                long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
                Tried.Add(now);
                try
                {
                    if ((await node.PushAsync($"numbers value={Pushed.Count} {now}")).IsSuccessStatusCode)
                        Pushed.Add(now);
                }
                catch (HttpRequestException)
                {
                    // It is killed just now.
                }
                await Task.Delay(s_pause, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
