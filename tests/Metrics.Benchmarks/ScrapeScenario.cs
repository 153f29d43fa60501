using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;

namespace Metrics.Benchmarks;

/// <summary>
/// One target of 100,000 series (10 MB of text, gzip when asked), scraped every 5 s by us and by Prometheus, side by side on one machine.
/// Prints samples per CPU-second and resident memory of both, the median of several minutes after three of warm-up (the JIT compiles hot
/// code in the background meanwhile).
/// </summary>
internal static class ScrapeScenario
{
    /// <summary>Of the target.</summary>
    public const int Series = 100_000;

    /// <summary>In seconds.</summary>
    public const int Interval = 5;

    /// <summary>Scrapes the target, and does nothing else.</summary>
    public const string Configuration =
        "host: { enabled: false }\nscrape_configs: [ { job_name: bench, scrape_interval: 5s, static_configs: "
            + "[ { targets: ['127.0.0.1:19701'] } ] } ]\n";

    private const int WarmUpSeconds = 180;
    private const int RoundSeconds = 60;

    public static async Task<int> RunAsync(int rounds)
    {
        using HttpListener target = StartTarget();
        string ours = Directory.CreateTempSubdirectory("bench-metricsd").FullName,
            theirs = Directory.CreateTempSubdirectory("bench-prometheus").FullName;
        await File.WriteAllTextAsync(Path.Combine(ours, "metrics.yaml"), $"listen: 127.0.0.1:19702\n{Configuration}");
        await File.WriteAllTextAsync(
            Path.Combine(theirs, "p.yml"),
            "global: { scrape_interval: 5s, scrape_timeout: 5s }\nscrape_configs: [ { job_name: bench, static_configs: [ { targets: "
                + "['127.0.0.1:19701'] } ] } ]\n");
        using MeasuredProcess metricsd = MeasuredProcess.StartDaemon(ours);
        using MeasuredProcess prometheus = MeasuredProcess.Start(
            theirs, "prometheus", "--config.file=p.yml", $"--storage.tsdb.path={theirs}/data", "--web.listen-address=127.0.0.1:19703");
        await MeasuredProcess.WaitAsync(WarmUpSeconds);
        var results = new List<(double Ours, double Theirs, double OurMemory, double TheirMemory)>();
        Console.WriteLine("| round | metricsd samples/CPU-s | Prometheus samples/CPU-s | ratio | metricsd MiB | Prometheus MiB |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        for (int round = 1; round <= rounds; round++)
        {
            (double our, double their) = (metricsd.CpuSeconds, prometheus.CpuSeconds);
            await MeasuredProcess.WaitAsync(RoundSeconds);
            const double Samples = Series * (double)RoundSeconds / Interval;
            results.Add(
                (Samples / (metricsd.CpuSeconds - our), Samples / (prometheus.CpuSeconds - their), metricsd.ResidentMebibytes,
                prometheus.ResidentMebibytes));
            Print(round.ToString(CultureInfo.InvariantCulture), results[^1]);
        }
        Print("median", (MeasuredProcess.Median(results.Select(r => r.Ours)), MeasuredProcess.Median(results.Select(r => r.Theirs)),
            MeasuredProcess.Median(results.Select(r => r.OurMemory)), MeasuredProcess.Median(results.Select(r => r.TheirMemory))));
        return 0;
    }

    /// <summary>The target; two scrape it.</summary>
    public static HttpListener StartTarget()
    {
        (byte[] Plain, byte[] Packed)[] pages = [.. Enumerable.Range(0, 4).Select(Page)];
        var target = new HttpListener();
        target.Prefixes.Add("http://127.0.0.1:19701/");
        target.Start();
        _ = Task.Run(() => ServeAsync(target, pages));
        return target;
    }

    private static void Print(string round, (double Ours, double Theirs, double OurMemory, double TheirMemory) r) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"| {round} | {r.Ours:#,0} | {r.Theirs:#,0} | {r.Ours / r.Theirs:0.00} | {r.OurMemory:0} | {r.TheirMemory:0} |"));

    private static (byte[] Plain, byte[] Packed) Page(int version)
    {
        var random = new Random(version);
        var page = new StringBuilder();
        for (int m = 0; m < Series / 100; m++)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"# HELP bench_metric_{m}_total A counter of the benchmark.\n# TYPE bench_metric_{m}_total counter\n");
            for (int i = 0; i < 100; i++)
            {
                string value =
                    (i % 4) switch { 0 => (version * i + m).ToString(CultureInfo.InvariantCulture),
                        1 => (random.NextDouble() * 1000).ToString("0.000000", CultureInfo.InvariantCulture), 2 =>
                        random.Next(1_000_000_000).ToString(CultureInfo.InvariantCulture), _ => "0" };
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"bench_metric_{m}_total{{host=\"compute-{i:0000}.example.org\",device=\"vd{(char)('a' + (i % 26))}\",mode=\"system\",cluster=\"alpha\"}} {value}\n");
            }
        }
        byte[] plain = Encoding.UTF8.GetBytes(page.ToString());
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(plain);
        return (plain, packed.ToArray());
    }

    private static async Task ServeAsync(HttpListener target, (byte[] Plain, byte[] Packed)[] pages)
    {
        for (int n = 0; ; n++)
        {
            HttpListenerContext context = await target.GetContextAsync();
            bool gzip = context.Request.Headers["Accept-Encoding"]?.Contains("gzip", StringComparison.Ordinal) == true;
            byte[] body = gzip ? pages[n / 2 % 4].Packed : pages[n / 2 % 4].Plain;
            context.Response.ContentType = "text/plain; version=0.0.4";
            if (gzip)
                context.Response.AddHeader("Content-Encoding", "gzip");
            context.Response.ContentLength64 = body.Length;
            await context.Response.OutputStream.WriteAsync(body);
            context.Response.Close();
        }
    }
}
