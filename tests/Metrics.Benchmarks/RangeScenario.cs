using System.Globalization;
using System.Text.Json;
using Metrics.Model;
using Metrics.Storage;
using Metrics.Storage.Samples.DuckDb;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metrics.Benchmarks;

/// <summary>
/// A day of 10,000 counters at 15 s, the same in us and in Prometheus, asked for <c>sum by (job) (rate(…))</c> over 1 h and 24 h at steps
/// of 15 s. Both answer over HTTP, in turn; the median of several answers, and resident memory afterwards.
/// </summary>
internal static class RangeScenario
{
    private const int Series = 10_000;
    private const int Interval = 15;
    private const int Hours = 24;
    private const int Slab = 120;
    private const int Repeats = 5;

    public static async Task<int> RunAsync()
    {
        string ours = Directory.CreateTempSubdirectory("bench-metricsd").FullName,
            theirs = Directory.CreateTempSubdirectory("bench-prometheus").FullName;
        long end = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / Interval * Interval;
        await File.WriteAllTextAsync(
            Path.Combine(ours, "metrics.yaml"),
            "listen: 127.0.0.1:19702\nhost: { enabled: false }\nrules: { shipped: false }\nhead: { window: 25h }\n");
        await File.WriteAllTextAsync(Path.Combine(theirs, "p.yml"), "global: {}\n");
        await FillOursAsync(ours, end);
        using MeasuredProcess prometheus = MeasuredProcess.Start(
            theirs, "prometheus", "--config.file=p.yml", $"--storage.tsdb.path={theirs}/data", "--web.enable-remote-write-receiver",
            "--query.max-samples=500000000", "--web.listen-address=127.0.0.1:19703");
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        await QueryClient.ReadyAsync(http, 19703);
        await FillTheirsAsync(http, end);
        using MeasuredProcess metricsd = MeasuredProcess.StartDaemon(ours);
        await QueryClient.ReadyAsync(http, 19702);
        Console.WriteLine("| query | metricsd ms | Prometheus ms | times faster | metricsd MiB | Prometheus MiB |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach ((string selector, string name) in new[] { ("{set=\"a\"}", "1,000 series"), ("", "10,000 series") })
        {
            foreach (int hours in new[] { 1, 24 })
            {
                string path =
                    $"/api/v1/query_range?start={end - (hours * 3600)}&end={end}&step=15&query={Uri.EscapeDataString($"sum by (job) (rate(bench_requests_total{selector}[5m]))")}";
                (double our, double their) = await QueryClient.CompareAsync(http, path, Repeats);
                Console.WriteLine(
                    string.Create(
                    CultureInfo.InvariantCulture,
                    $"| sum by (job) (rate[5m]), {name}, {hours} h | {our:0.0} | {their:0.0} | {their / our:0.0} | "
                        + $"{metricsd.ResidentMebibytes:0} | {prometheus.ResidentMebibytes:0} |"));
            }
        }
        return 0;
    }

    private static (string Name, string Value)[] LabelsOf(int series) =>
    [
        ("__name__", "bench_requests_total"), ("instance", string.Create(CultureInfo.InvariantCulture, $"host-{series % 500:000}:9100")),
            ("job", string.Create(CultureInfo.InvariantCulture, $"job-{series % 10}")),
        ("path", string.Create(CultureInfo.InvariantCulture, $"/api/{series / 500}")), ("set", series % 10 == 3 ? "a" : "b"),
    ];

    /// <summary>A counter's value is a function of its place, so that both sides are filled alike.</summary>
    private static double Value(int series, int i) => Math.Round((i * (1.0 + (series % 37))) + (10 * Math.Sin((i / 9.0) + series)) + 1000);

    private static async Task FillOursAsync(string folder, long end)
    {
        var options =
            new StorageOptions { Path = Path.Combine(folder, "data"), FlushInterval = TimeSpan.FromSeconds(1),
                Retention = TimeSpan.FromDays(30), MemoryLimitBytes = 512 << 20 };
        await using var store = new DuckDbStore(options, TimeProvider.System, NullLogger<DuckDbStore>.Instance);
        await store.OpenAsync(CancellationToken.None);
        Labels[] labels = [.. Enumerable.Range(0, Series).Select(s => Labels.Of([.. LabelsOf(s).Select(l => new Label(l.Name, l.Value))]))];
        for (int first = 0; first < Hours * 3600 / Interval; first += Slab)
        {
            var batch = new SampleBatch("bench", Series * Slab);
            for (int i = first; i < first + Slab; i++)
            {
                long time = (end - (Hours * 3600) + ((i + 1) * Interval)) * 1000;
                for (int s = 0; s < Series; s++)
                    batch.Add(labels[s], time, Value(s, i));
            }
            await store.WriteAsync([batch], CancellationToken.None);
            batch.Dispose();
        }
    }

    private static async Task FillTheirsAsync(HttpClient http, long end)
    {
        var write = new RemoteWrite(http, new Uri("http://127.0.0.1:19703/api/v1/write"));
        for (int first = 0; first < Hours * 3600 / Interval; first += Slab)
        {
            for (int s = 0; s < Series; s++)
            {
                int series = s;
                write.Add(
                    LabelsOf(s),
                    Enumerable.Range(first, Slab).Select(i => ((end - (Hours * 3600) + ((i + 1) * Interval)) * 1000, Value(series, i))));
                if (s % 500 == 499)
                    await write.SendAsync();
            }
        }
    }
}

/// <summary>Asks both sides the same, in turn.</summary>
internal static class QueryClient
{
    public static async Task ReadyAsync(HttpClient http, int port)
    {
        for (int i = 0; i < 3000; i++)
        {
            try
            {
                if ((await http.GetAsync(new Uri($"http://127.0.0.1:{port}/-/ready"))).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not yet listening.
            }
            await MeasuredProcess.WaitAsync(0.1);
        }
        throw new InvalidOperationException($"Nothing answers on port {port}.");
    }

    /// <summary>Median milliseconds of each, after one answer that is not counted and must be the same.</summary>
    public static async Task<(double Ours, double Theirs)> CompareAsync(HttpClient http, string path, int repeats)
    {
        (_, JsonElement our) = await AskAsync(http, 19702, path);
        (_, JsonElement their) = await AskAsync(http, 19703, path);
        if (our.GetProperty("result").GetArrayLength() != their.GetProperty("result").GetArrayLength()
            || our.GetProperty("result").GetArrayLength() == 0)
            throw new InvalidOperationException($"The answers differ: {Shorten(our)} and {Shorten(their)}");
        var ours = new List<double>();
        var theirs = new List<double>();
        for (int i = 0; i < repeats; i++)
        {
            ours.Add((await AskAsync(http, 19702, path)).Milliseconds);
            theirs.Add((await AskAsync(http, 19703, path)).Milliseconds);
        }
        return (MeasuredProcess.Median(ours), MeasuredProcess.Median(theirs));
    }

    public static async Task<(double Milliseconds, JsonElement Data)> AskAsync(HttpClient http, int port, string path)
    {
        long start = TimeProvider.System.GetTimestamp();
        using HttpResponseMessage answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"));
        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        double milliseconds = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.TryGetProperty("data", out JsonElement data)
            ? (milliseconds, data.Clone())
            : throw new InvalidOperationException(System.Text.Encoding.UTF8.GetString(body));
    }

    private static string Shorten(JsonElement data) => data.ToString() is { Length: > 300 } text ? text[..300] : data.ToString();
}
