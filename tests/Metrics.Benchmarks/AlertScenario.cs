using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Metrics.Benchmarks;

/// <summary>
/// Many alerts that begin at once, beside Debian's Alertmanager: both get them by Alertmanager's API; and once more we alone get the
/// samples that make them, so that we judge and store them besides. The same routing, the same webhook.
/// </summary>
internal static class AlertScenario
{
    private const int Rounds = 3;
    private const int Clusters = 500;
    private const int WarmUp = 1_000_000;
    private const string Routing = """
        route: { receiver: r, group_by: [alertname, cluster], group_wait: 1s, group_interval: 5s, repeat_interval: 4h }
        receivers: [ { name: r, webhook_configs: [ { url: 'http://127.0.0.1:19721/' } ] } ]
        inhibit_rules: [ { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [host] } ]
        """;

    /// <summary>What one run came to: seconds until the first message and the last alert, processor seconds, memory, messages.</summary>
    public sealed record Outcome(double First, double All, double Cpu, double Mebibytes, int Messages);

    public static async Task<int> RunAsync()
    {
        using var hook = new Hook();
        Console.WriteLine("| alerts | who | first message s | all told s | CPU-s | MiB | messages |\n| --- | --- | --- | --- | --- | --- | "
            + "--- |");
        foreach (int alerts in new[] { 10_000, 50_000 })
        {
            foreach ((string who, Func<Hook, int, Task<Outcome>> run) in new (
                string, Func<Hook, int, Task<Outcome>>)[] { ("metricsd", OursAsync), ("Alertmanager", TheirsAsync),
                ("metricsd, from samples", FromSamplesAsync) })
            {
                var rounds = new List<Outcome>();
                for (int i = 0; i < Rounds; i++)
                    rounds.Add(await run(hook, alerts));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {alerts:#,0} | {who} | {Median(o => o.First):0.00} | {Median(o => o.All):0.00} | {Median(o => o.Cpu):0.00} | "
                        + $"{Median(o => o.Mebibytes):0} | {Median(o => o.Messages):0} |"));

                double Median(Func<Outcome, double> what) => MeasuredProcess.Median(rounds.Select(what));
            }
        }
        return 0;
    }

    /// <summary>One run of a build of the daemon, by Alertmanager's API.</summary>
    /// <param name="dll">The daemon.</param>
    /// <param name="alerts">How many begin at once.</param>
    public static async Task<Outcome> MeasureAsync(string dll, int alerts)
    {
        using var hook = new Hook();
        return await OursAsync(hook, alerts, SendAlertsAsync, dll);
    }

    private static Task<Outcome> OursAsync(Hook hook, int alerts) => OursAsync(hook, alerts, SendAlertsAsync);

    private static Task<Outcome> FromSamplesAsync(Hook hook, int alerts) => OursAsync(hook, alerts, SendSamplesAsync);

    private static async Task<Outcome> OursAsync(Hook hook, int alerts, Func<HttpClient, int, int, Task> send, string? dll = null)
    {
        string folder = Directory.CreateTempSubdirectory("bench-alerts").FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "rules.yaml"),
            "groups: [ { name: g, interval: 1m, rules: [ { alert: Over, expr: load_v, above: 5, labels: { severity: warning }, "
                + "annotations: { summary: '{{ labels.host }} is at {{ value }}' } } ] } ]\n");
        await File.WriteAllTextAsync(
            Path.Combine(folder, "metrics.yaml"),
            $"listen: 127.0.0.1:19722\nhost: {{ enabled: false }}\nrules: {{ files: ['rules.yaml'], shipped: false }}\n{Routing}\n");
        using MeasuredProcess metricsd = MeasuredProcess.StartDaemon(folder, dll);
        using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:19722") };
        return await MeasureAsync(hook, metricsd, http, "/-/ready", alerts, (from, count) => send(http, from, count));
    }

    private static async Task SendSamplesAsync(HttpClient http, int from, int count)
    {
        string lines =
            string.Join('\n',
                Enumerable.Range(from, count)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"load,host=host-{i},cluster={ClusterOf(i)} v=9")));
        (await http.PostAsync("/write", new StringContent(lines))).EnsureSuccessStatusCode();
    }

    /// <summary>As Prometheus sends them: 256 at once.</summary>
    private static async Task SendAlertsAsync(HttpClient http, int from, int count)
    {
        foreach (int[] batch in Enumerable.Range(from, count).Chunk(256))
        {
            object[] body =
                [.. batch.Select(
                    i => new { labels = new { alertname = "Over", host = $"host-{i}", cluster = ClusterOf(i), severity = "warning" },
                    annotations = new { summary = $"host-{i} is at 9" } })];
            using var content =
                new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)) { Headers = { ContentType = new("application/json") } };
            (await http.PostAsync("/api/v2/alerts", content)).EnsureSuccessStatusCode();
        }
    }

    private static async Task<Outcome> TheirsAsync(Hook hook, int alerts)
    {
        string folder = Directory.CreateTempSubdirectory("bench-alerts").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "am.yml"), Routing);
        using MeasuredProcess alertmanager =
            MeasuredProcess.Start(
                folder, "prometheus-alertmanager", "--config.file=am.yml", "--storage.path=data", "--web.listen-address=127.0.0.1:19723",
                "--cluster.listen-address=");
        using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:19723") };
        return await MeasureAsync(hook, alertmanager, http, "/-/ready", alerts, (from, count) => SendAlertsAsync(http, from, count));
    }

    private static async Task<Outcome> MeasureAsync(
        Hook hook, MeasuredProcess process, HttpClient http, string ready, int alerts, Func<int, int, Task> send)
    {
        while (!await IsReadyAsync(http, ready))
            await MeasuredProcess.WaitAsync(0.2);
        // Both have run their code once, and have been up for half a minute.
        hook.Expect(Clusters);
        await send(WarmUp, Clusters);
        await hook.All.Task.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
        await MeasuredProcess.WaitAsync(26);
        double cpu = process.CpuSeconds;
        hook.Expect(alerts);
        long start = TimeProvider.System.GetTimestamp();
        await send(0, alerts);
        double first = TimeProvider.System.GetElapsedTime(
            start, await hook.First.Task.WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System)).TotalSeconds;
        double all = TimeProvider.System.GetElapsedTime(
            start, await hook.All.Task.WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System)).TotalSeconds;
        await MeasuredProcess.WaitAsync(12);
        return new Outcome(first, all, process.CpuSeconds - cpu, process.ResidentMebibytes, hook.Messages);
    }

    /// <summary>The groups of the warm-up are others.</summary>
    private static string ClusterOf(int host) =>
        string.Create(CultureInfo.InvariantCulture, $"{(host >= WarmUp ? 'w' : 'c')}{host % Clusters}");

    private static async Task<bool> IsReadyAsync(HttpClient http, string path)
    {
        try
        {
            return (await http.GetAsync(path)).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Receives webhooks and counts the hosts that they name.</summary>
    private sealed class Hook : IDisposable
    {
        private readonly HttpListener _listener = new();
        private ConcurrentDictionary<string, bool> _hosts = [];
        private int _expected;
        private int _messages;

        public Hook()
        {
            _listener.Prefixes.Add("http://127.0.0.1:19721/");
            _listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public TaskCompletionSource<long> First { get; private set; } = new();

        public TaskCompletionSource<long> All { get; private set; } = new();

        public int Messages => _messages;

        public void Expect(int hosts)
        {
            (_hosts, _expected, _messages, First, All) =
                ([], hosts, 0, new(TaskCreationOptions.RunContinuationsAsynchronously),
                    new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        public void Dispose() => ((IDisposable)_listener).Dispose();

        private async Task ServeAsync()
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                long at = TimeProvider.System.GetTimestamp();
                using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
                string body = await reader.ReadToEndAsync();
                context.Response.StatusCode = 200;
                context.Response.Close();
                Interlocked.Increment(ref _messages);
                using JsonDocument json = JsonDocument.Parse(body);
                foreach (JsonElement alert in json.RootElement.GetProperty("alerts").EnumerateArray())
                {
                    string host = alert.GetProperty("labels").GetProperty("host").GetString()!;
                    _hosts.TryAdd(host, true);
                }
                First.TrySetResult(at);
                if (_hosts.Count >= _expected)
                    All.TrySetResult(TimeProvider.System.GetTimestamp());
            }
        }
    }
}
